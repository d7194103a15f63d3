"""A dead output costs its own buffer, then what its overflow_action says. Other tags keep their throughput."""

import contextlib
import os
import re
import threading
import time

import pytest
from support.configs import file_match, forward_source
from support.forward import Client, entries_bytes, packed
from support.wait import wait_until

T = 1700000000
BATCH = 100
LIMIT = 1 << 20

STUCK = """<match stuck>
  @type stdout
  @id stuck
  <buffer>
    total_limit_size 1m
    chunk_limit_size 128k
    overflow_action {action}
  </buffer>
</match>
"""


@pytest.fixture(name="full_pipe")
def fixture_full_pipe():
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    yield writing
    os.close(writing)
    os.close(reading)


def batch_of(tag, first):
    entries = [[T, {"n": number, "log": "x" * 300}] for number in range(first, first + BATCH)]
    return packed(tag, entries_bytes(entries))


def send_batches(program, tag, batches):
    with Client(program.address(), deadline=60) as client:
        for number in range(batches):
            client.send(batch_of(tag, number * BATCH))


def flood(program, batches):
    """Sends to the stuck output from several connections, in threads, as they may be paused for good."""

    def run():
        with contextlib.suppress(OSError, AssertionError):
            send_batches(program, "stuck", batches)

    for _ in range(3):
        threading.Thread(target=run, daemon=True).start()


def lines_of(program):
    path = program.directory / "app.log"
    return path.read_text().count("\n") if path.exists() else 0


def timed_run(program, batches, before=0):
    """Seconds until the file has the events of so many batches of another tag."""
    begin = time.monotonic()
    send_batches(program, "fast", batches)
    wait_until(lambda: lines_of(program) == before + batches * BATCH, 30, "the file's lines")
    return time.monotonic() - begin


def buffered(program):
    return program.counters().total("logboom_output_buffered_bytes", id="stuck")


def test_other_tags_keep_their_throughput_while_an_output_that_blocks_is_stuck(logboom, full_pipe):
    config = ("<system>\n  workers 1\n</system>\n" + forward_source() + STUCK.format(action="block") +
              file_match("**", "app"))
    program = logboom(config, stdout=full_pipe)
    free = timed_run(program, 200)
    flood(program, 100)
    wait_until(lambda: buffered(program) > LIMIT / 2, 20, "the stuck buffer's filling")
    stuck = min(timed_run(program, 200, before=times * 200 * BATCH) for times in (1, 2, 3))
    assert stuck < 3 * free + 1, f"{stuck:.2f} s beside a stuck output, {free:.2f} s before"
    counters = program.counters()
    assert counters.total("logboom_output_buffered_bytes", id="stuck") <= LIMIT
    assert counters.total("logboom_output_dropped_events_total") == 0


@pytest.mark.parametrize("action", ["drop_oldest_chunk", "throw_exception"])
def test_what_a_stuck_output_can_not_hold_is_dropped_and_counted_for_it_alone(logboom, full_pipe, action):
    program = logboom(forward_source() + STUCK.format(action=action) + file_match("**", "app"), stdout=full_pipe)
    flood(program, 100)
    wait_until(lambda: program.counters().total("logboom_output_events_total", id="stuck") == 3 * 100 * BATCH, 20,
               "the stuck output's events")
    timed_run(program, 100)
    counters = program.counters()
    dropped = counters.total("logboom_output_dropped_events_total", id="stuck", reason="overflow")
    held = counters.total("logboom_output_buffered_events", id="stuck")
    delivered = counters.total("logboom_output_delivered_events_total", id="stuck")
    assert dropped > 0
    assert delivered + dropped + held == 3 * 100 * BATCH
    assert counters.total("logboom_output_buffered_bytes", id="stuck") <= LIMIT
    assert counters.total("logboom_output_dropped_events_total") == dropped


def test_an_output_that_comes_back_gets_everything_that_waited_for_it(logboom):
    reading, writing = os.pipe()
    program = logboom(forward_source() + STUCK.format(action="block"), stdout=writing)
    os.close(writing)
    flood(program, 100)
    wait_until(lambda: buffered(program) > LIMIT / 2, 20, "the stuck buffer's filling")
    numbers = {number: 0 for number in range(100 * BATCH)}
    with os.fdopen(reading, "rb") as pipe:
        for _ in range(3 * 100 * BATCH):
            numbers[int(re.search(rb'"n":(\d+)', pipe.readline())[1])] += 1
    assert set(numbers.values()) == {3}
    assert program.stop()["delivered"] == 3 * 100 * BATCH
