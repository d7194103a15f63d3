"""logboom dlq: what an output could not deliver is kept, shown, sent again once, and removed."""

import json
import signal
import subprocess

import pytest

from support import ledger
from support.configs import forward_source
from support.forward import Client, packed
from support.logboom import binary
from support.wait import wait_until

T = 1700000000


class Case:
    """A run whose output `out` fails as long as the file `broken` is there, and else appends to the file `out.json`."""

    def __init__(self, logboom, directory):
        self._logboom = logboom
        self.state = directory / "state"
        self.directory = directory
        self.broken = directory / "broken"
        self.written = directory / "out.json"
        self.broken.touch()
        (directory / "deliver").write_text(f'#!/bin/sh\n[ ! -e {self.broken} ] || exit 1\ncat "$1" >> {self.written}\n')
        (directory / "deliver").chmod(0o755)

    def start(self, name="run", system="", buffer="memory", flush="flush_mode immediate", more=""):
        self.program = self._logboom(f"""<system>
  root_dir {self.state}
  {system}
</system>
{forward_source()}<match app.**>
  @type exec
  @id out
  command {self.directory}/deliver
  <format>
    @type json
  </format>
  <buffer tag>
    @type {buffer}
    {flush}
    retry_wait 10ms
    retry_max_times 1
  </buffer>
</match>
{more}<match **>
  @type null
  @id other
</match>
""", name=name)
        return self.program

    def send(self, tag, first, count):
        with Client(self.program.address()) as client:
            client.send_and_wait(packed(tag, [(T, {"n": n}) for n in range(first, first + count)],
                                        {"chunk": f"{tag}{first}"}), f"{tag}{first}")

    def dlq(self, *args, expect=0):
        done = subprocess.run([binary(), "dlq", args[0], "--root-dir", str(self.state), *args[1:]],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == expect, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def letters(self, *args):
        return [json.loads(line) for line in self.dlq("list", "--json", *args).stdout.splitlines()]

    def wait_for_letters(self, count):
        return wait_until(lambda: len(found := self.letters()) == count and found, what=f"{count} dead letters")

    def numbers(self):
        return [json.loads(line)["n"] for line in self.written.read_text().splitlines()]


@pytest.fixture
def case(logboom, tmp_path):
    return Case(logboom, tmp_path)


def test_what_an_output_gives_up_is_kept_with_its_reason(case):
    case.start()
    case.send("app.web", 0, 10)
    letter, = case.wait_for_letters(1)
    assert (letter["output"], letter["tags"], letter["reason"], letter["events"]) == ("out", ["app.web"],
                                                                                      "retry_limit", 10)
    assert letter["attempts"] == 2
    assert letter["detail"]
    shown = [json.loads(line) for line in case.dlq("show").stdout.splitlines()]
    assert [(line["tag"], line["time"], line["record"]) for line in shown] == [
        ("app.web", T, {"n": n}) for n in range(10)]
    assert "app.web" in case.dlq("list").stdout
    wait_until(lambda: ledger.balanced(case.state)["outputs"]["out"]["dropped"].get("retry_limit") == 10,
               what="the ledger to know of it")
    case.program.stop()
    assert len(case.letters()) == 1


def test_a_resend_delivers_once_and_removes(case):
    case.start()
    case.send("app.web", 0, 10)
    case.send("app.db", 10, 5)
    case.wait_for_letters(2)
    case.broken.unlink()
    done = case.dlq("resend", "--all", "--json")
    assert json.loads(done.stdout)["delivered"] == 2
    assert sorted(case.numbers()) == list(range(15))
    assert case.letters() == []
    found = ledger.balanced(case.state)
    assert found["sources"]["dead_letters"]["routed"] == 15
    assert json.loads(case.dlq("resend", "--all", "--json").stdout)["sent"] == 0
    case.program.stop()
    assert sorted(case.numbers()) == list(range(15))


def test_what_is_given_up_again_becomes_a_letter_again(case):
    case.start()
    case.send("app.web", 0, 10)
    first, = case.wait_for_letters(1)
    case.dlq("resend", "--output", "out")
    second, = case.wait_for_letters(1)
    assert second["id"] != first["id"]
    assert second["events"] == 10
    ledger.balanced(case.state)


def test_a_resend_may_go_to_another_output(case):
    case.start()
    case.send("app.web", 0, 10)
    case.wait_for_letters(1)
    assert "other" in case.dlq("resend", "--all", "--to", "nobody", expect=1).stderr
    case.dlq("resend", "--all", "--to", "other")
    assert case.letters() == []
    assert ledger.balanced(case.state)["outputs"]["other"]["delivered"] == 10


def test_letters_are_chosen_by_id_tag_reason_and_age(case):
    case.start()
    for tag in ("app.web", "app.db", "app.cache"):
        case.send(tag, 0, 1)
    letters = case.wait_for_letters(3)
    by_tag = {letter["tags"][0]: letter for letter in letters}

    def chosen(*args):
        return sorted(letter["tags"][0] for letter in case.letters(*args))

    assert chosen("--tag", "app.{web,db}") == ["app.db", "app.web"]
    assert chosen(by_tag["app.cache"]["id"]) == ["app.cache"]
    assert chosen("--reason", "refused") == []
    assert chosen("--output", "other") == []
    assert chosen("--older-than", "1h") == []
    assert len(chosen("--newer-than", "1h")) == 3
    assert "--older-than" in case.dlq("list", "--older-than", "yesterday", expect=1).stderr


def test_a_purge_wants_to_be_meant(case):
    case.start()
    case.send("app.web", 0, 10)
    case.send("app.db", 0, 1)
    case.wait_for_letters(2)
    assert "--all" in case.dlq("purge", "--yes", expect=1).stderr
    assert "--yes" in case.dlq("purge", "--all", expect=1).stderr
    assert len(case.letters()) == 2
    assert json.loads(case.dlq("purge", "--tag", "app.web", "--yes", "--json").stdout) == {"letters": 1, "events": 10}
    assert [letter["tags"] for letter in case.letters()] == [["app.db"]]


def test_there_is_a_limit_to_what_letters_take_up(case):
    case.start(system="dead_letters_limit_size 1k")
    case.send("app.web", 0, 500)
    case.program.wait_for_log("no room for dead letters")
    assert case.letters() == []
    wait_until(lambda: ledger.balanced(case.state)["outputs"]["out"]["dropped"].get("retry_limit") == 500,
               what="the ledger to know of it")


@pytest.mark.parametrize("buffer", ["memory", "file"])
def test_a_letter_that_is_refused_again_and_has_no_room_to_become_another_stays(case, buffer):
    case.start(system="dead_letters_limit_size 6k", buffer=buffer)
    case.send("app.web", 0, 100)
    first, = case.wait_for_letters(1)
    for _ in range(2):
        done = case.dlq("resend", "--all", expect=1)
        assert "0 are delivered" in done.stdout and "1 could be neither, and stay" in done.stdout
        assert [letter["id"] for letter in case.letters()] == [first["id"]]
    assert case.program.log_lines("dropped, as the dead letters can't be written")
    case.broken.unlink()
    case.dlq("resend", "--all")
    assert case.numbers() == list(range(100))
    assert case.letters() == []
    ledger.balanced(case.state)


def test_a_letter_of_many_messages_fits_into_a_buffer_with_room_for_its_events_and_into_a_smaller_one(case):
    small = f"""<match small>
  @type exec
  @id small
  command {case.directory}/deliver
  <format>
    @type json
  </format>
  <buffer>
    total_limit_size 1m
    chunk_limit_size 500k
  </buffer>
</match>
"""
    case.start(flush="flush_interval 1d\n    total_limit_size 64m", more=small)
    messages = [packed("app.web", [(T, {"n": n, "p": "x" * 500}) for n in range(first, first + 80)], {"chunk": str(first)})
                for first in range(0, 8000, 80)]
    for to in ("out", "small"):
        case.broken.touch()
        with Client(case.program.address()) as client:
            for message in messages:
                client.send(message)
                client.reply()
        case.program.send_signal(signal.SIGUSR1)
        letter, = case.wait_for_letters(1)
        assert letter["events"] == 8000
        case.broken.unlink()
        case.dlq("resend", "--all", "--to", to)
        assert case.letters() == []
        assert sorted(case.numbers()) == list(range(8000))
        case.written.unlink()


def test_a_damaged_letter_is_named_and_the_others_are_there(case):
    case.start()
    case.send("app.web", 0, 10)
    case.send("app.db", 0, 1)
    letters = case.wait_for_letters(2)
    path = next(letter["path"] for letter in letters if letter["tags"] == ["app.web"])
    data = bytearray(open(path, "rb").read())
    data[-1] ^= 1
    open(path, "wb").write(data)
    done = case.dlq("show", expect=1)
    assert "damaged" in done.stderr and path in done.stderr
    assert len(done.stdout.splitlines()) == 1
    open(path, "wb").write(data[:40])
    done = case.dlq("list", "--json", expect=1)
    assert path in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_without_a_process_letters_can_be_looked_at_and_not_sent(case):
    case.start()
    case.send("app.web", 0, 10)
    case.wait_for_letters(1)
    case.program.stop()
    assert len(case.dlq("show").stdout.splitlines()) == 10
    assert "no logboom" in case.dlq("resend", "--all", expect=2).stderr


def test_a_stop_ends_a_resend_that_waits_and_keeps_the_letters(case):
    case.start()
    case.send("app.web", 0, 10)
    case.wait_for_letters(1)
    config = case.program.config_path
    config.write_text(config.read_text().replace("retry_max_times 1",
                                                   "retry_forever true\n    flush_at_shutdown false"))
    case.program.send_signal(1)
    case.program.wait_for_log("reloaded:")
    waiting = subprocess.Popen([binary(), "dlq", "resend", "--all", "--root-dir", str(case.state)],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: ledger.balanced(case.state)["outputs"]["out"]["buffered"] == 10, what="a chunk that waits")
    case.program.send_signal(15)
    waiting.communicate(timeout=30)
    assert waiting.returncode != 0
    case.program.wait_exit(30)
    assert len(case.letters()) == 1
    ledger.balanced(case.state)
