"""Runs every folder beside this file: a configuration, what is sent to it, and exactly what must come out."""

import os
import pathlib
import re
import shutil
import signal
import socket
import time

import pytest

from case_format import Case, contents, decode, encode
from support.forward import Client, heartbeat, send_datagram
from support.logboom import Logboom, parse_counter

HERE = pathlib.Path(__file__).parent
CASES = [Case(path.parent) for path in sorted(HERE.glob("*/fluent.conf"))]


def test_there_are_cases():
    assert len(CASES) > 50


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_case(case, tmp_path):
    for port in case.fixed_ports():
        if not port_is_free(port):
            pytest.skip(f"port {port}, which this case needs, is taken on this machine")
    directory = tmp_path / "case"
    shutil.copytree(case.folder, directory)
    os.makedirs(directory / "out", exist_ok=True)
    with Logboom(None, directory, args=case.arguments(), env=case.environment()) as program:
        if case.exit_code() or "--dry-run" in case.arguments():
            program.launch()
            assert program.wait_exit() == case.exit_code(), program.log_tail()
        else:
            program.start()
            Player(program).play(case.steps())
            finish(case, program)
        check_stdout(case, program.stdout.raw().decode("utf-8", "surrogateescape"))
        check_log(case, program)
        check_files(case, directory)


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def finish(case, program):
    texts = [case.text(name, "") for name in ("expected", "expected_any_order", "expected_regex")]
    program.wait_for_lines(sum(text.count("\n") for text in texts))
    if case.lines("expected_counters"):
        check_counters(case, program)
    program.stop()


class Player:
    """Performs the steps of input.json."""

    def __init__(self, program):
        self.program = program
        self.connections = {}

    def play(self, steps):
        for number, step in enumerate(steps):
            try:
                for _ in range(step.get("repeat", 1)):
                    self.perform(step)
            except (OSError, AssertionError) as error:
                raise AssertionError(f"step {number}, {step}: {error}\n{self.program.log_tail()}") from error
        for connection in self.connections.values():
            connection.close()

    def connection(self, step):
        name = step.get("connection", "main")
        if name not in self.connections:
            scheme, _, index = step.get("via", "tcp").partition(":")
            self.connections[name] = Client(self.program.address(scheme, int(index or 0)))
        return self.connections[name]

    def perform(self, step):
        if "heartbeat" in step:
            answer = heartbeat(self.program.address("udp"), bytes.fromhex(step["heartbeat"]))
            assert answer == bytes.fromhex(step["answer"]), answer
        if "datagram" in step:
            scheme, _, index = step.get("via", "udp").partition(":")
            send_datagram(self.program.address(scheme, int(index or 0)), step["datagram"].encode())
        if "send" in step:
            self.connection(step).send(encode(step["send"]))
        if "send_hex" in step:
            self.connection(step).send(bytes.fromhex(step["send_hex"]))
        if "send_text" in step:
            self.connection(step).send(step["send_text"].encode())
        if "reply" in step:
            answer = self.connection(step).reply()
            assert answer == decode(step["reply"]), f"the answer was {answer!r}"
        if "json_reply" in step:
            answer = self.connection(step).json_reply()
            assert answer == step["json_reply"], f"the answer was {answer!r}"
        if step.get("closed"):
            self.connection(step).wait_closed()
            del self.connections[step.get("connection", "main")]
        if step.get("close"):
            self.connections.pop(step.get("connection", "main")).close()
        if "wait_log" in step:
            self.program.wait_for_log(step["wait_log"])
        if "wait_lines" in step:
            self.program.wait_for_lines(step["wait_lines"])
        if "signal" in step:
            self.program.send_signal(getattr(signal, "SIG" + step["signal"]))


def check_stdout(case, text):
    any_order, patterns = case.text("expected_any_order"), case.text("expected_regex")
    if any_order is not None:
        assert sorted(text.splitlines()) == sorted(any_order.splitlines())
        return
    if patterns is None:
        assert text == case.text("expected", "")
        return
    lines, patterns = text.splitlines(), patterns.splitlines()
    for line, pattern in zip(lines, patterns):
        assert re.fullmatch(pattern, line), f"{line!r} does not match {pattern!r}"
    assert len(lines) == len(patterns), text


def check_log(case, program):
    log = "\n".join(program.stderr.lines())
    for pattern in case.lines("expected_stderr"):
        wanted, pattern = not pattern.startswith("! "), pattern.removeprefix("! ")
        found = re.search(pattern, log, re.M)
        assert bool(found) == wanted, f"{'no' if wanted else 'a'} line matches {pattern!r} in the log:\n{log}"


def check_counters(case, program):
    """Events that nobody waited for may still be on their way, so wrong counts are looked at again."""
    deadline = time.monotonic() + 10
    while True:
        counters = program.counters()
        wrong = []
        for line in case.lines("expected_counters"):
            (name, labels), value = parse_counter(line)
            have = counters.total(name, **dict(labels))
            if have != value:
                wrong.append(f"{line}: it is {have}")
        if not wrong:
            return
        listing = "\n".join(f"{key} {value}" for key, value in counters.items())
        assert time.monotonic() < deadline, "\n".join(wrong) + "; all:\n" + listing


def check_files(case, directory):
    root = case.folder / "expected_files"
    wanted = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    have = sorted(path.relative_to(directory) for path in (directory / "out").rglob("*")
                  if path.is_file() and not path.is_symlink())
    assert have == wanted
    for path in wanted:
        text = contents(directory / path).decode("utf-8", "surrogateescape")
        assert text == (root / path).read_bytes().decode("utf-8", "surrogateescape"), path
    for line in case.lines("expected_modes"):
        mode, name = line.split()
        assert oct((directory / name).stat().st_mode & 0o7777) == oct(int(mode, 8)), name
    for line in case.lines("expected_links"):
        name, target = line.split(" -> ")
        assert (directory / name).is_symlink(), f"{name} is no link"
        assert (directory / name).resolve() == (directory / target).resolve()
