"""Rounds with buffers on disk: kills, disks that fail or are full, and sinks that take nothing for a while."""

import contextlib
import os
import pathlib
import random
import subprocess

from support.configs import forward_source
from support.conservation import Delivered, check
from support.faults import Faults
from support.logboom import binary, free_port
from support.rounds import Running, check_ledger, file_output, kill_often, pause, wait_for_acks
from support.storms import reload_often
from support.wait import wait_until

FILE_BUFFER = """@type file
    flush_interval {interval}
    flush_at_shutdown true
    retry_wait 20ms
    retry_max_interval 50ms
    segment_size {segment}
    chunk_limit_size 256k
    {more}"""


def file_buffer(rng, interval="10ms", more="", segments=("64k", "256k", "64m")):
    return FILE_BUFFER.format(interval=interval, segment=rng.choice(segments), more=more)


def system(directory):
    return f"<system>\n  root_dir {directory}/state\n</system>\n"


def kill_with_buffer(directory, seed, kills=25, buffer=None, exactly_once=True, after_acks=False):
    """kill -9 where acks say that a buffer has the event. A chunk that comes again has the id that it had, by which a
    sink can know it: here it is the name of a file."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    port = free_port()
    buffer = buffer or file_buffer(rng, rng.choice(["5ms", "20ms", "200ms"]))
    config = f"""{system(directory)}{forward_source(port)}<match **>
  @type file
  @id out
  path {directory}/chunks/${{chunk_id}}
  append false
  <format>
    @type json
  </format>
  <buffer []>
    {buffer}
  </buffer>
</match>
"""
    senders = kill_often(directory, config, port, rng, kills, after_acks=after_acks)
    chunks = {}
    for path in sorted(directory.glob("chunks/*.log")):
        chunks.setdefault(path.name.partition("_")[0], []).append(path.read_bytes())
    delivered = Delivered()
    for name, copies in chunks.items():
        assert len(set(copies)) == 1, f"the chunk {name} came again, and is another one"
        delivered.add_lines(copies[0], may_be_torn=False)
    count = check(senders, delivered, exactly_once=exactly_once)
    check_ledger(directory)
    return count


def kill_with_integrity(directory, seed, kills=15):
    """Files with hash chains: what kills leave is no damage, and nothing that was acked is missing."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    port = free_port()
    config = system(directory) + forward_source(port) + file_output(
        directory / "app", buffer=file_buffer(rng), more="integrity sha256\n  @id out")
    senders = kill_often(directory, config, port, rng, kills)
    delivered = Delivered()
    delivered.add_lines((directory / "app.log").read_bytes(), may_be_torn=True)
    check(senders, delivered, exactly_once=False, killed=kills)
    done = subprocess.run([binary(), "verify", str(directory / "app.log")], stdout=subprocess.PIPE, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout
    check_ledger(directory)


def failing_buffer(directory, seed, turns=5):
    """The buffer's own files can't be written or synced for a while."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    faults = Faults(directory, directory / "state")
    kinds = [{"write_error": "EIO", "write_every": 3}, {"write_limit": 50}, {"write_error": "ENOSPC"},
             {"sync_error": "EIO"}, {"sync_error": "EIO", "sync_every": 2}, {"sync_delay": 20000},
             {"space": rng.randrange(20000)}, {"write_error": "EINTR", "write_every": 2}]
    config = system(directory) + forward_source() + file_output(
        directory / "app", buffer=file_buffer(rng), more="@id out")
    with Running(directory, seed, config, faults=faults, exactly_once=True, memory=32 << 20) as running:
        for kind in rng.sample(kinds, k=turns):
            wait_for_acks(running.senders, 10)
            before = faults.get("writes")
            with faults.during(**kind):
                wait_until(lambda: faults.get("writes") > before + 2, 10, "writes")
                pause(rng.uniform(0, 0.15))
        wait_for_acks(running.senders, 10)


def failing_output_and_buffer(directory, seed, turns=4):
    """A sink that takes nothing: its events are on disk meanwhile; at the end everything is there once."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    faults = Faults(directory, directory / "app")
    config = system(directory) + forward_source() + file_output(
        directory / "app", buffer=file_buffer(rng, more="total_limit_size 2m"), more="@id out")
    with Running(directory, seed, config, faults=faults, exactly_once=True, memory=32 << 20) as running:
        for _ in range(turns):
            wait_for_acks(running.senders, 20)
            with faults.during(write_error=rng.choice(["EIO", "ENOSPC"])):
                pause(rng.uniform(0.05, 0.4))


def reload_with_buffer(directory, seed, reloads=8):
    """The output changes again and again, and takes its buffer over, with what that remembers of messages."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    segments = rng.choice(["64k", "64m"])

    def config(port, number):
        return system(directory) + forward_source(port) + file_output(
            directory / "app", buffer=file_buffer(rng, f"{5 + number}ms", segments=[segments]), more="@id out")

    reload_often(directory, seed, reloads, config)


@contextlib.contextmanager
def small_disk(path, size):
    """A file system of its own of that size; needs root."""
    path.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def full_disk(directory, seed, turns=3, segments=("64k", "256k", "64m")):
    """The disk with the buffer is full, and has room again. Nothing is dropped, and nothing ends."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    faults = Faults(directory, directory / "app")
    with small_disk(directory / "disk", "3m") as disk:
        config = forward_source() + file_output(
            directory / "app", buffer=file_buffer(rng, more=f"path {disk}/buffer", segments=segments), more="@id out")
        with Running(directory, seed, config, faults=faults, exactly_once=True, memory=32 << 20) as running:
            for _ in range(turns):
                wait_for_acks(running.senders, 20)
                with faults.during(write_error="EIO"):
                    wait_until(lambda: room(disk) < 200_000, 20, "a full disk")
                    pause(rng.uniform(0, 0.3))
                assert running.program.alive()
        left = [path for path in disk.rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]
        assert not left, left


def room(path):
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


ROUNDS = {round.__name__: round for round in (
    kill_with_buffer, kill_with_integrity, failing_buffer, failing_output_and_buffer,
    reload_with_buffer)}
if os.geteuid() == 0:
    ROUNDS[full_disk.__name__] = full_disk
