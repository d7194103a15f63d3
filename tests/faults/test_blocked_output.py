"""An output that takes nothing: its events wait, everybody else's go on."""

import contextlib
import json
import os
import threading

from support.collector import Collector
from support.configs import STDOUT_MATCH, file_match, forward_source
from support.forward import Client, message
from support.wait import wait_until

T = 1700000000
LINES = 60_000

JSON_STDOUT = """<match slow>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""


class Pipe:
    """A stdout for logboom that nobody reads until read() is called."""

    def __init__(self):
        reading, self._writing = os.pipe()
        self._file = os.fdopen(reading, "rb")

    def start(self, logboom, config):
        program = logboom(config, stdout=self._writing)
        os.close(self._writing)
        return program

    def read(self):
        return Collector(self._file, "the pipe")


def start_flood(program):
    """Sends in a thread, as it may be paused; the thread."""

    def run():
        with Client(program.address(), deadline=60) as client, contextlib.suppress(OSError):
            for number in range(LINES):
                client.send(message("slow", T, {"n": number, "log": "x" * 300}))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def check_file_output(program, count):
    path = program.directory / "app.log"
    with Client(program.address()) as client:
        for number in range(count):
            chunk = f"c{number}"
            client.send_and_wait(message("fast", T, {"n": number}, {"chunk": chunk}), chunk, deadline=5)
    wait_until(lambda: path.exists() and path.read_text().count("\n") == count, 10, "the file's lines")


def test_a_stdout_that_nobody_reads_holds_up_nothing_else_and_loses_nothing(logboom):
    pipe = Pipe()
    program = pipe.start(logboom, forward_source() + JSON_STDOUT + file_match("**", "app"))
    sender = start_flood(program)
    check_file_output(program, 500)
    out = pipe.read()
    out.wait_line_count(LINES, 60)
    sender.join(10)
    assert [json.loads(line)["n"] for line in out.lines()] == list(range(LINES))
    assert program.stop()["delivered"] == LINES + 500


def test_one_worker_is_enough_for_that(logboom):
    pipe = Pipe()
    config = "<system>\n  workers 1\n</system>\n" + forward_source() + JSON_STDOUT + file_match("**", "app")
    program = pipe.start(logboom, config)
    sender = start_flood(program)
    check_file_output(program, 200)
    out = pipe.read()
    out.wait_line_count(LINES, 60)
    sender.join(10)
    program.stop()


def test_a_small_buffer_that_blocks_pauses_only_its_own_senders(logboom):
    pipe = Pipe()
    slow = """<match slow>
  @type stdout
  <format>
    @type json
  </format>
  <buffer>
    total_limit_size 1m
    chunk_limit_size 256k
    overflow_action block
  </buffer>
</match>
"""
    program = pipe.start(logboom, forward_source() + slow + file_match("**", "app"))
    before = program.hwm()
    sender = start_flood(program)
    check_file_output(program, 300)
    if not program.sanitized():
        assert program.hwm() - before < 32 << 20
    out = pipe.read()
    out.wait_line_count(LINES, 60)
    sender.join(10)
    assert [json.loads(line)["n"] for line in out.lines()] == list(range(LINES))
    program.stop()


def test_events_wait_in_order_while_stdout_is_blocked_for_a_while(logboom):
    pipe = Pipe()
    program = pipe.start(logboom, forward_source() + STDOUT_MATCH)
    with Client(program.address()) as client:
        for number in range(2000):
            client.send(message("t", T, {"n": number, "log": "y" * 100}))
    out = pipe.read()
    out.wait_line_count(2000, 20)
    assert [json.loads(line.partition(": ")[2])["n"] for line in out.lines()] == list(range(2000))
    program.stop()
