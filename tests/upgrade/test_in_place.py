"""As the first process of a container the program becomes the new one in place: its number stays."""

import os
import shutil
import signal
import time

import pytest

from support.configs import forward_to_json
from support.faults import Faults
from support.forward import Client, message
from support.logboom import binary
from support.reload import configure, written_events
from support.upgrade import REFUSED, T, Sender, Visitor
from support.wait import wait_until
from test_hanging_write import LAST, hang, wait_for_hand_over
from test_upgrade import FILE, check, to_file

OVER = "took over, with"

FIRST = """#!/bin/sh
exec unshare --pid --fork --kill-child {binary} "$@"
"""


class First:
    """What Logboom needs of a process, of the first one in its own system."""

    def __init__(self, outer):
        self.outer = outer
        children = f"/proc/{outer.pid}/task/{outer.pid}/children"
        self.pid = int(wait_until(lambda: open(children).read().split(), what="the first process")[0])

    def poll(self):
        return self.outer.poll()

    def wait(self, timeout=None):
        return self.outer.wait(timeout)

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.outer.kill()


@pytest.fixture(params=["pid_1", "variable"])
def in_place(request, logboom, tmp_path, monkeypatch):
    """Starts a program that becomes the new one in place, and upgrades it."""
    if request.param == "pid_1":
        if os.geteuid() != 0 or not shutil.which("unshare"):
            pytest.skip("a system of process numbers of one's own needs root and unshare")
        first = tmp_path / "first"
        first.write_text(FIRST.replace("{binary}", binary()))
        first.chmod(0o755)
        monkeypatch.setenv("LOGBOOM", str(first))

    def start(config, **env):
        if request.param != "pid_1":
            env["LOGBOOM_UPGRADE_IN_PLACE"] = "1"
        program = logboom(config, env=env)
        if request.param == "pid_1":
            program.process = First(program.process)
            assert program.log_lines("ready, pid 1,")
        return program

    return start


def ask(program):
    start = program.stderr.line_count()
    program.send_signal(signal.SIGUSR2)
    line = program.stderr.wait_line(lambda text: OVER in text or REFUSED.search(text), 30, start)[1]
    return line


def test_10_upgrades_in_place_under_load(in_place):
    program = in_place(to_file(FILE))
    number = program.pid
    address = program.address()
    forms = ["message"] * 5 + ["pieces"] * 2 + ["acked"] * 4 + ["packed"] * 2
    senders = [Sender(address, f"{form}{i}", form) for i, form in enumerate(forms)]
    visitor = Visitor(address)
    for _ in range(10):
        assert OVER in ask(program)
        time.sleep(0.1)
    assert program.pid == number and program.alive()
    sent = {sender.name_: sender.end() for sender in senders}
    sent["visitor"] = visitor.end()
    check(program, sent)


def test_a_wrong_configuration_is_refused_in_place(in_place):
    program = in_place(forward_to_json())
    text = program.config_path.read_text()
    with Client(program.address()) as client:
        configure(program, text + "<match")
        assert "the upgrade is refused" in ask(program)
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        configure(program, text)
        assert OVER in ask(program)
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    program.stop()


def test_a_stop_while_everything_is_handed_over_is_followed_by_the_next_program(in_place, tmp_path):
    faults = Faults(tmp_path, tmp_path / "run" / "out.")
    program = in_place(to_file(LAST), **faults.environment)
    hang(program, faults)
    start = program.stderr.line_count()
    program.send_signal(signal.SIGUSR2)
    children = f"/proc/{program.pid}/task/{program.pid}/children"
    program.wait_for_log("a socket that was passed", 20, start)
    wait_until(lambda: not open(children).read().split(), 20, "the end of the process that only looked")
    wait_for_hand_over(program)
    program.stop()
    assert [event["n"] for event in written_events(program, "out")] == [1]
