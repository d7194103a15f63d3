"""What is acked is delivered, intact, whatever happens: see support/storms.py and support/conservation.py."""

import json
import os
import random
import subprocess
import sys

import pytest

from support import disk_storms, network_storms, storms
from support.conservation import Delivered, check, record
from support.faults import Faults

SEED = random.randrange(1 << 32)


@pytest.fixture
def seed():
    """Printed with a failure; give it to `./dev soak --seed` to have the same round again."""
    print(f"seed {SEED}")
    return SEED


ROUNDS = {**storms.ROUNDS, **disk_storms.ROUNDS, **network_storms.ROUNDS}
KILLS = ["kill_and_start", "kill_with_buffer"]


@pytest.mark.parametrize("name", [name for name in ROUNDS if name not in KILLS])
def test_nothing_acked_is_lost_in(name, tmp_path, seed):
    ROUNDS[name](tmp_path, seed)


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("name", KILLS)
def test_nothing_acked_is_lost_by_fifty_kills_of(name, part, tmp_path, seed):
    assert ROUNDS[name](tmp_path, f"{seed}/{part}", kills=50) > 0


class Sent:
    """A sender of one event, as check() sees it."""

    name, acked, sent = "s", {0}, 1


def lines(*records):
    return b"".join(json.dumps(event).encode() + b"\n" for event in records)


@pytest.mark.parametrize("text, complaint", [
    (b"", "are lost"),
    (lines(record("s", 0), record("s", 0)), "more than once"),
    (lines(record("s", 0), record("s", 1)), "nobody sent"),
    (lines({**record("s", 0), "p": "other"}), "was changed"),
    (lines(record("s", 0)) + b'{"g":"s"', "not whole"),
    (lines(record("s", 0))[5:], "no event"),
])
def test_the_oracle_sees_what_is_wrong(text, complaint):
    with pytest.raises(AssertionError, match=complaint):
        delivered = Delivered()
        delivered.add_lines(text, may_be_torn=False)
        check([Sent()], delivered)


def test_the_oracle_finds_acks_that_a_kill_makes_untrue(tmp_path, seed):
    """Of what only memory had when it was acked, kills lose some."""
    with pytest.raises(AssertionError, match="are lost"):
        disk_storms.kill_with_buffer(tmp_path, seed, kills=10, buffer="@type memory", exactly_once=False,
                                     after_acks=True)


WRITER = """
import os, sys, time
with open(sys.argv[1], "wb", buffering=0) as file:
    def attempt(what):
        try:
            return what()
        except OSError as error:
            return errno.errorcode[error.errno]
    import errno
    print(attempt(lambda: file.write(b"x" * 100)), attempt(lambda: os.writev(file.fileno(), [b"x" * 60, b"y" * 60])),
          attempt(lambda: os.pwrite(file.fileno(), b"z" * 100, 0)), attempt(lambda: os.fdatasync(file.fileno())),
          int(time.time()) // 86400, file.tell())
"""


@pytest.mark.parametrize("fields, result", [
    ({}, "100 120 100 None"),
    ({"write_error": "EIO"}, "EIO EIO EIO None"),
    ({"write_limit": 70}, "70 70 70 None"),
    ({"write_error": "EIO", "write_every": 2}, "100 EIO 100 None"),
    ({"space": 250}, "100 120 30 None"),
    ({"space": 100}, "100 ENOSPC ENOSPC None"),
    ({"sync_error": "EIO", "sync_delay": 1000}, "100 120 100 EIO"),
])
def test_faults_are_what_they_say(tmp_path, fields, result):
    faults = Faults(tmp_path, tmp_path / "hit")
    faults.set(**fields)

    def write(name):
        done = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / name)], env={**os.environ, **faults.environment},
                              stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.split()

    assert write("hit")[:4] == result.split()
    assert write("missed")[:4] == "100 120 100 None".split()
    today = int(write("missed")[4])
    faults.set(clock_offset=-1000 * 86400 * 10**9)
    assert today - 1000 <= int(write("missed")[4]) <= today - 999
