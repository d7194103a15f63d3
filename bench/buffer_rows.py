"""Rows of buffers in files: what they cost beside memory, how fast they take what comes, how many acks share a sync."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from harness import BenchError, Process, free_port, run_load

ROOT = pathlib.Path(__file__).resolve().parent.parent
MATCH = """  @type stdout
  <buffer>
    @type {kind}
    {options}
  </buffer>
"""
FILE = """path {out}-buffer
    sync interval"""
KEPT = FILE + """
    flush_mode interval
    flush_interval 1h
    chunk_limit_size 16g"""
WAITING = FILE + """
    flush_mode interval
    flush_interval {interval}
    chunk_limit_size 8m"""
PACKED = ("--mode", "packed")


@dataclasses.dataclass(frozen=True)
class BufferRow:
    name: str
    title: str


BUFFER_ROWS = [
    BufferRow("buffer", "Message → stdout, file buffer beside memory"),
    BufferRow("buffer-packed", "PackedForward into a file buffer, beside raw writes to the same disk"),
    BufferRow("buffer-recovery", "start with a full file buffer whose indexes are gone"),
    BufferRow("buffer-acks", "1,000 connections that wait for acks of a disk that takes 5 ms a sync, beside one"),
]


def target(what, value, limit, unit="×"):
    return {"what": what, "value": value, "limit": limit, "unit": unit, "met": value <= limit}


def raw_write(folder, size):
    """Seconds for `size` bytes in writes of 1 MiB, until they are on the disk."""
    block = os.urandom(1 << 20)
    path = pathlib.Path(folder) / "raw"
    begin = time.monotonic()
    with open(path, "wb", buffering=0) as file:
        for _ in range(size >> 20):
            file.write(block)
        os.fdatasync(file)
    seconds = time.monotonic() - begin
    path.unlink()
    return seconds


class BufferRows:
    """Methods of rows.Runner."""

    def on_disk(self):
        return tempfile.TemporaryDirectory(prefix="buffer-bench-", dir=self.options.disk)

    def buffer_command(self, folder, port, kind, options, extra=""):
        match = MATCH.format(kind=kind, options=options.replace("{out}", f"{folder}/out"))
        source = f"<source>\n  @type forward\n  port {port}\n  bind 127.0.0.1\n{extra}</source>\n"
        config = pathlib.Path(folder) / "bench.conf"
        config.write_text(f"<system>\n  workers 1\n</system>\n{source}<match **>\n{match}</match>\n")
        return [self.server, "-c", config]

    def buffer(self, row):
        """CPU seconds of all threads, with the same output behind both."""
        load = ["--events", self.options.events or (100_000 if self.options.quick else 2_000_000)]
        runs = {"memory": [], "file": []}
        for number in range(self.options.rounds):
            for kind, options in (("memory", ""), ("file", FILE)):
                with self.on_disk() as folder:
                    port = free_port()
                    argv = self.buffer_command(folder, port, kind, options)
                    with Process(argv, self.cpus.subject, f"{folder}/stderr") as process:
                        report = self.measure(process, port, load)
                        if process.received() != report["events"]:
                            raise BenchError(f"received {process.received()} of {report['events']} events")
                    runs[kind].append(report)
            self.say(f"  round {number + 1}: " + ", ".join(f"{k} {r[-1]['per_million']:.3f}" for k, r in runs.items()))
        added = statistics.median(f["per_million"] - m["per_million"] for m, f in zip(runs["memory"], runs["file"]))
        memory, file = (statistics.median(run["per_million"] for run in reports) for reports in runs.values())
        return {"unit": "CPU-s per million events", "runs": runs, "rounds": self.options.rounds,
                "text": f"file {file:.3f}, memory {memory:.3f}", "targets": [target("added", added, 0.6, "")]}

    def packed_round(self, events):
        with self.on_disk() as folder:
            port = free_port()
            argv = self.buffer_command(folder, port, "file", KEPT)
            with Process(argv, self.cpus.subject, f"{folder}/stderr") as process:
                process.wait_listening(port)
                begin = time.monotonic()
                report = run_load(self.programs, self.cpus, port, ["--events", events, *PACKED])
                process.settle(quiet := 0.1)
                for path in pathlib.Path(folder).glob("out-buffer/segment.*.log"):
                    with open(path, "rb") as file:
                        os.fdatasync(file)
                seconds = time.monotonic() - begin - quiet
                process.stop()
                if process.received() != events:
                    raise BenchError(f"received {process.received()} of {events} events")
            return report["bytes"], seconds, raw_write(folder, report["bytes"])

    def buffer_packed(self, row):
        events = self.options.events or (200_000 if self.options.quick else 1_000_000)
        shares, speeds = [], []
        for number in range(self.options.rounds):
            size, seconds, raw = self.packed_round(events)
            shares.append(seconds / raw)
            speeds.append((size / seconds / 1e6, size / raw / 1e6))
            self.say(f"  round {number + 1}: {speeds[-1][0]:.0f} MB/s, raw writes {speeds[-1][1]:.0f} MB/s")
        own, raw = (statistics.median(column) for column in zip(*speeds))
        return {"unit": "MB/s", "speeds": speeds, "rounds": self.options.rounds,
                "text": f"{own:.0f} MB/s, raw {raw:.0f} MB/s",
                "targets": [target("raw / logboom", statistics.median(shares), 1 / 0.6)]}

    def recovery_round(self, events):
        """A process whose output nobody reads is killed, and another one starts."""
        with self.on_disk() as folder:
            port = free_port()
            with Process(self.buffer_command(folder, port, "file", WAITING.format(out="{out}", interval="1h")),
                         self.cpus.subject, f"{folder}/stderr", stdout=subprocess.PIPE) as process:
                process.wait_listening(port)
                report = run_load(self.programs, self.cpus, port, ["--events", events, *PACKED])
                process.settle()
            for index in pathlib.Path(folder).glob("out-buffer/*.index"):
                index.unlink()
            argv = self.buffer_command(folder, port, "file", WAITING.format(out="{out}", interval="1s"))
            begin = time.monotonic()
            with Process(argv, self.cpus.pair, f"{folder}/stderr", stdout=subprocess.PIPE) as process:
                first = process.output_begins()
                found = process.logged(r"has (\d+) events in \d+ chunks from before.* (\d+) bytes")
                seconds = time.monotonic() - begin
                first = first.result(60) - begin
            if int(found[1]) != events:
                raise BenchError(f"{found[1]} of {events} events were found again")
            return int(found[2]) / seconds / 1e6, first

    def buffer_recovery(self, row):
        events = self.options.events or (400_000 if self.options.quick else 2_000_000)
        rounds = []
        for number in range(self.options.rounds):
            rounds.append(self.recovery_round(events))
            self.say(f"  round {number + 1}: {rounds[-1][0]:.0f} MB/s, first line after {rounds[-1][1]:.2f} s")
        speed, first = (statistics.median(column) for column in zip(*rounds))
        return {"unit": "MB/s", "rounds": self.options.rounds, "runs": rounds,
                "text": f"read at {speed:.0f} MB/s, first line after {first:.2f} s",
                "targets": [target("500 MB/s / read", 500 / speed, 1), target("first line", first, 1, " s")]}

    def acks_round(self, connections, events):
        sys.path.insert(0, str(ROOT / "tests"))
        from support.faults import Faults  # the tests' preloaded library
        with self.on_disk() as folder:
            faults = Faults(folder, f"{folder}/out-buffer")
            faults.set(sync_delay=5000)
            port = free_port()
            environment = [f"{name}={value}" for name, value in faults.environment.items()]
            argv = ["env", *environment, *self.buffer_command(folder, port, "file", KEPT, "  ack disk\n")]
            with Process(argv, self.cpus.subject, f"{folder}/stderr") as process:
                process.wait_listening(port)
                begin = time.monotonic()
                report = run_load(self.programs, self.cpus, port,
                                  ["--events", events, "--connections", connections, "--ack"])
                seconds = time.monotonic() - begin
                process.stop()
            if report["acks"] != events:
                raise BenchError(f"{report['acks']} acks for {events} messages")
            return events / seconds

    def buffer_acks(self, row):
        ones, manys = [], []
        for number in range(self.options.rounds):
            ones.append(self.acks_round(1, 100 if self.options.quick else 500))
            manys.append(self.acks_round(1000, 30_000 if self.options.quick else 200_000))
            self.say(f"  round {number + 1}: one {ones[-1]:.0f} a second, 1,000 {manys[-1]:.0f} a second")
        share = statistics.median(one / many for one, many in zip(ones, manys))
        return {"unit": "messages a second", "one": ones, "many": manys, "rounds": self.options.rounds,
                "text": f"one {statistics.median(ones):.0f}, 1,000 {statistics.median(manys):.0f} a second",
                "targets": [target("one / 1,000", share, 0.01)]}
