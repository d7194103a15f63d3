"""SIGUSR2 while a write does not come back: the process ends with it, and the new one has all that it had."""

import re
import signal

from support import ledger
from support.faults import Faults
from support.forward import Client, message
from support.reload import written_events
from support.upgrade import T, Adopted, upgrade
from support.wait import wait_until
from test_upgrade import FILE, to_file

# What is there at the end is written, not left for the next start.
LAST = FILE.replace("@type file", "@type file\n    flush_at_shutdown true")


def hang(program, faults):
    """One event, n=1, that is acked; the write that is to deliver it does not come back. Later ones would."""
    faults.set(write_delay=300_000_000, write_every=1_000_000, writes=999_999)
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    wait_until(lambda: faults.get("writes") == 1_000_000, 20, "the write that hangs")


def wait_for_hand_over(program):
    """From where on the main thread keeps SIGTERM waiting."""
    def blocked():
        with open(f"/proc/{program.pid}/status", encoding="ascii") as status:
            mask = next(line for line in status if line.startswith("SigBlk:"))
        return int(mask.split()[1], 16) >> signal.SIGTERM - 1 & 1
    wait_until(blocked, 20, "the beginning of the hand-over")


def start(logboom, tmp_path):
    faults = Faults(tmp_path, tmp_path / "run" / "out.")
    program = logboom(to_file(LAST), env=faults.environment)
    hang(program, faults)
    return program


def test_the_new_process_begins_when_the_old_one_has_ended(logboom, tmp_path):
    program = start(logboom, tmp_path)
    address = program.address()
    with Client(address) as client:
        upgrade(program)
        assert program.log_lines("a write does not come back")
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "d"}), "d")
    wait_until(lambda: len(written_events(program, "out")) == 2, 20, "both events")
    assert not program.log_lines("root_dir:|in use")
    program.stop()
    assert [event["n"] for event in written_events(program, "out")] == [1, 2]
    assert ledger.balanced(program.directory / "state")["gaps"] == []


def test_a_stop_meanwhile_is_followed_by_the_new_process(logboom, tmp_path):
    program = start(logboom, tmp_path)
    begin = program.stderr.line_count()
    program.send_signal(signal.SIGUSR2)
    line = program.wait_for_log(r"is started as process \d+", 20, begin)
    program.wait_for_log("a socket that was passed", 20, begin)
    wait_for_hand_over(program)
    program.send_signal(signal.SIGTERM)
    assert program.process.wait(15) == 0, program.log_tail()
    program.process = Adopted(int(re.search(r"process (\d+)", line).group(1)))
    assert program.process.wait(15) == 0, program.log_tail()
    assert [event["n"] for event in written_events(program, "out")] == [1]
