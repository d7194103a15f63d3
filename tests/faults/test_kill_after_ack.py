"""kill -9 right after the ack, before any checkpoint of the ledger: the next start has all of it, and counts all of it."""

import collections
import json

import pytest

from support import ledger
from support.configs import forward_source
from support.forward import Client, packed
from support.wait import wait_until

T = 1700000000
FILTER = "<filter **>\n  @type grep\n  <exclude>\n    key n\n    pattern /[05]$/\n  </exclude>\n</filter>\n"
STORE = """  <store>
    @type file
    @id {name}
    path out/{name}
    append true
    <format>
      @type json
    </format>
    <buffer []>
      @type file
      path {name}.buffer
      {flush}
    </buffer>
  </store>
"""
ROUNDS, EVENTS, KEPT = 12, 100, 80


def config(root_dir, flushes):
    stores = "".join(STORE.format(name=name, flush=flush) for name, flush in flushes.items())
    return (f"<system>\n  root_dir {root_dir}\n</system>\n{forward_source()}{FILTER}"
            f"<match **>\n  @type copy\n{stores}</match>\n")


def send(program, number):
    events = [(T, {"n": str(n)}) for n in range(number * EVENTS, (number + 1) * EVENTS)]
    with Client(program.address()) as client:
        client.send_and_wait(packed("app", events, {"chunk": f"c{number}"}), f"c{number}")


def all_counted(state, rounds):
    """Both outputs have counted the events of so many rounds, and none is said to be lost."""
    outputs = ledger.balanced(state)["outputs"]
    there = {name: output["delivered"] + output["buffered"] for name, output in outputs.items()}
    assert all(output["gap"] == 0 and sum(output["dropped"].values()) == 0 for output in outputs.values()), outputs
    assert all(count <= KEPT * rounds for count in there.values()), outputs
    return there == {"first": KEPT * rounds, "second": KEPT * rounds}


@pytest.mark.parametrize("first", ["flush_mode lazy", "flush_mode immediate"], ids=["lazy", "immediate"])
def test_what_is_acked_is_there_and_counted_after_each_of_many_kills(logboom, tmp_path, first):
    state = tmp_path / "state"
    text = config(state, {"first": first, "second": "flush_interval 0.01s"})
    for number in range(ROUNDS):
        program = logboom(text)
        wait_until(lambda: number == 0 or all_counted(state, number), what=f"all events of {number} rounds")
        send(program, number)
        program.kill()
    program = logboom(text)
    wait_until(lambda: all_counted(state, ROUNDS), what="all events")
    program.stop()
    ended = ledger.balanced(state)
    assert ended["ended"] and len(ended["gaps"]) == ROUNDS and all(gap["at_most"] == 0 for gap in ended["gaps"])
    wanted = {str(n) for n in range(ROUNDS * EVENTS) if n % 5 != 0}
    for name in ("first", "second"):
        lines = (program.directory / "out" / f"{name}.log").read_text().splitlines()
        there = collections.Counter(json.loads(line)["n"] for line in lines)
        # What a kill met between the write and the note of it comes once more.
        left = wanted - set(there)
        assert set(there) <= wanted
        assert len(left) == ended["outputs"][name]["buffered"], sorted(left)
