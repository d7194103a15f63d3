"""logboom replay: what a file buffer has kept is sent again, to the output that is asked for."""

import json
import subprocess
import time

import pytest

from support import ledger
from support.configs import forward_source
from support.forward import Client, packed
from support.logboom import binary
from support.wait import wait_until


@pytest.fixture
def kept(logboom, tmp_path):
    """A run whose output `first` has delivered 30 events and keeps them; `second` writes again.log."""
    state = tmp_path / "state"
    program = logboom(f"""<system>
  root_dir {state}
</system>
{forward_source()}<match **>
  @type file
  @id first
  path first
  append true
  <buffer []>
    @type file
    retain 1h
    flush_mode immediate
  </buffer>
</match>
<label @UNUSED>
  <match **>
    @type file
    @id second
    path again
    append true
    <format>
      @type json
    </format>
    <buffer []>
      flush_mode immediate
    </buffer>
  </match>
</label>
""")
    now = int(time.time())
    with Client(program.address()) as client:
        for number, (tag, when) in enumerate([("app.web", now), ("app.db", now), ("app.web", now - 7200)]):
            chunk = f"c{number}"
            records = [(when, {"n": n}) for n in range(number * 10, number * 10 + 10)]
            client.send_and_wait(packed(tag, records, {"chunk": chunk}), chunk)
    wait_until(lambda: ledger.balanced(state)["outputs"]["first"]["delivered"] == 30, what="delivery")
    return program, state


def replay(state, *args, expect=0):
    done = subprocess.run([binary(), "replay", "--root-dir", str(state), *args], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == expect, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def test_a_dry_run_counts_by_tag_and_sends_nothing(kept):
    _, state = kept
    found = json.loads(replay(state, "--since", "1d", "--dry-run", "--json").stdout)
    assert (found["events"], found["sent"], found["tags"]) == (30, 0, {"app.db": 10, "app.web": 20})
    found = json.loads(replay(state, "--since", "1h", "--tag", "app.web", "--dry-run", "--json").stdout)
    assert found["tags"] == {"app.web": 10}
    assert "30 events would be sent" in replay(state, "--since", "1d", "--dry-run").stdout


def test_events_of_a_tag_and_time_go_to_the_output_that_is_named(kept):
    program, state = kept
    done = replay(state, "--since", "1d", "--until", "1h", "--tag", "app.*", "--to", "second")
    assert "10 events, 10 sent" in done.stdout
    wait_until(lambda: ledger.balanced(state)["outputs"]["second"]["delivered"] == 10, what="delivery")
    program.stop()
    lines = (program.directory / "again.log").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(20, 30))
    assert ledger.balanced(state)["sources"]["replay"]["routed"] == 10


def test_progress_is_told_and_the_rate_is_kept(kept):
    _, state = kept
    start = time.monotonic()
    done = replay(state, "--since", "1d", "--to", "second", "--rate", "50")
    assert time.monotonic() - start > 0.35
    assert "% read" in done.stderr
    assert "30 events, 30 sent" in done.stdout


def test_what_is_missing_or_wrong_is_said(kept):
    program, state = kept
    assert "--to" in replay(state, "--since", "1d", expect=1).stderr
    assert "there are: first, second" in replay(state, "--since", "1d", "--to", "nobody", expect=1).stderr
    assert "second has no file buffer" in replay(state, "--since", "1d", "--to", "first", "--from", "second",
                                                 expect=1).stderr
    program.stop()
    assert "no logboom listens" in replay(state, "--since", "1d", "--to", "second", expect=2).stderr
