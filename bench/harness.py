"""Processes under measurement: starting, waiting for, reading CPU and memory of, and ending them."""

import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time


class BenchError(Exception):
    """A run that gave no figure, or gave the wrong output."""


class Cpus:
    """One core for what is measured and the others for what loads it; they are the same where there is only one."""

    def __init__(self):
        allowed = sorted(os.sched_getaffinity(0))
        self.subject = str(allowed[0])
        self.pair = ",".join(str(cpu) for cpu in allowed[:2])
        load = allowed[2:] if len(allowed) > 2 else allowed[1:] or allowed
        self.load = ",".join(str(cpu) for cpu in load[:1])
        self.shared = len(allowed) < 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def process_cpu(pid):
    """CPU seconds of all threads of a process, ended ones included, in nanosecond steps (/proc/PID/stat has ticks)."""
    return time.clock_gettime(((~pid) << 3) | 2)


def memory(pid):
    """VmRSS and VmHWM in bytes."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M)[1]) * 1024 for key in ("VmRSS", "VmHWM")}


class Process:
    """A server, pinned. Use as a context manager: it is ended by its own process id, whatever happens."""

    def __init__(self, argv, cpus, log, stdout=subprocess.DEVNULL):
        self.log = log
        self.cpu_total = None
        self._stderr = open(log, "wb")
        self.started = time.monotonic()
        self._child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", cpus, *map(str, argv)],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=self._stderr)
        self.pid = self._child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.cpu_total is None:
            self._child.kill()
            self._child.wait()
        self._stderr.close()
        if self._child.stdout:
            self._child.stdout.close()

    def wait_listening(self, port, seconds=10):
        """Seconds from start until a connection was accepted."""
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
                return time.monotonic() - self.started
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                raise BenchError(f"the server ended before it listened\n{self.tail()}")
            if time.monotonic() - self.started > seconds:
                raise BenchError(f"the server does not listen on port {port}\n{self.tail()}")
            time.sleep(0.0005)

    def cpu(self):
        return process_cpu(self.pid)

    def memory(self):
        return memory(self.pid)

    def settle(self, quiet=0.15, seconds=10):
        """Waits until the process has used (nearly) no CPU for `quiet` seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = self.cpu()
            time.sleep(quiet)
            if self.cpu() - before < 0.001:
                return
        raise BenchError("the server is still busy long after the load has ended")

    def stop(self, seconds=20):
        """SIGTERM; then the CPU seconds of its whole life are in cpu_total."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + seconds
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                raise BenchError(f"the server ignores SIGTERM\n{self.tail()}")
            time.sleep(0.002)
        self.cpu_total = usage.ru_utime + usage.ru_stime
        self._child.returncode = os.waitstatus_to_exitcode(status)
        if self._child.returncode != 0:
            raise BenchError(f"the server ended with {self._child.returncode}\n{self.tail()}")

    def output(self):
        """What it wrote to a stdout that is a pipe; after stop()."""
        return self._child.stdout.read().decode()

    def drain_output(self):
        """From now on reads what it writes to a stdout that is a pipe, and throws it away."""
        threading.Thread(target=lambda: collections.deque(self._child.stdout, maxlen=0), daemon=True).start()

    def output_begins(self):
        """A future: the moment when the first byte comes from a stdout that is a pipe. All of it is thrown away."""
        moment = concurrent.futures.Future()

        def read():
            if self._child.stdout.read(1):
                moment.set_result(time.monotonic())
            with contextlib.suppress(ValueError):  # it is closed at the end
                collections.deque(self._child.stdout, maxlen=0)

        threading.Thread(target=read, daemon=True).start()
        return moment

    def logged(self, pattern, seconds=60):
        """Waits until it has logged something like this, and gives the match."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, pathlib.Path(self.log).read_text(errors="replace")):
                return found
            time.sleep(0.002)
        raise BenchError(f"the server did not log {pattern!r}\n{self.tail()}")

    def tail(self, lines=20):
        text = pathlib.Path(self.log).read_text(errors="replace").splitlines()
        return "\n".join("  | " + line for line in text[-lines:])

    def received(self):
        """The count in the summary line that the server writes when it ends."""
        text = pathlib.Path(self.log).read_text(errors="replace")
        found = re.search(r"summary:.*?\breceived=(\d+)", text)
        if not found:
            raise BenchError(f"no summary line on stderr\n{self.tail()}")
        return int(found[1])


def run_load(programs, cpus, port, arguments, seconds=120):
    """Runs the load generator to its end and returns what it reports."""
    done = subprocess.run(
        ["taskset", "-c", cpus.load, str(programs / "load"), "--to", f"127.0.0.1:{port}", *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60)
    if not done.stdout:
        raise BenchError(f"the load generator failed: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    if not report["complete"]:
        raise BenchError(f"the load was not taken completely: {done.stdout.strip()}")
    return report


def run_loud(programs, cpus, port, seconds):
    """One connection sends all it can for as long, once somebody listens, and gets out of every other program's way."""
    end = time.monotonic() + 10
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            break
        if time.monotonic() > end:
            raise BenchError(f"nobody listens on port {port}")
        time.sleep(0.001)
    done = subprocess.run(
        ["taskset", "-c", cpus.load, "nice", "-n", "19", str(programs / "load"), "--to", f"127.0.0.1:{port}",
         "--tag", "loud.bench", "--connections", "1", "--events", "1000000000", "--max-seconds", str(seconds)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=seconds + 60)
    return json.loads(done.stdout)


@contextlib.contextmanager
def held_load(programs, cpus, port, arguments, seconds=60):
    """Runs the load generator and keeps its connections open while the block runs; gives its report."""
    child = subprocess.Popen(
        ["taskset", "-c", cpus.load, str(programs / "load"), "--to", f"127.0.0.1:{port}", "--hold", str(seconds),
         *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = child.stdout.readline()
        if not line or not json.loads(line)["complete"]:
            raise BenchError(f"the load was not taken completely: {line.strip()}")
        yield json.loads(line)
    finally:
        child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


class Numbers:
    """The sequence numbers in files of lines, how often each is there. `look` is given every block of whole lines."""

    def __init__(self, paths, events, look=lambda block: None):
        self.events, self.lines, self.unfinished = events, 0, False
        seen = bytearray(events)
        for path in paths:
            with open(path, "rb") as file:
                rest = b""
                while block := file.read(32 << 20):
                    block = rest + block
                    end = block.rfind(b"\n") + 1
                    block, rest = block[:end], block[end:]
                    for found in re.finditer(rb"seq=(\d{12})", block):
                        seen[int(found[1])] += 1
                    self.lines += block.count(b"\n")
                    look(block)
                self.unfinished = self.unfinished or bool(rest)
        self.missing, self.once = seen.count(0), seen.count(1)

    def check(self, lost=0):
        """Every number once, one a line; `lost`: how many are missing, as is known."""
        if self.unfinished:
            raise BenchError("the file ends in the middle of a line")
        repeated = self.events - self.missing - self.once
        if self.missing != lost or repeated != 0 or self.lines != self.once:
            raise BenchError(f"{self.lines} lines for {self.events} events; missing {self.missing}, of which {lost} are "
                             f"known; repeated {repeated}")


def check_json_lines(paths, events, log_bytes=200):
    """Every sequence number exactly once, one a line, and valid JSON with the four fields (one line in 997)."""
    def look(block):
        for line in block.splitlines()[::997]:
            record = json.loads(line)
            if set(record) != {"container_id", "container_name", "source", "log"}:
                raise BenchError(f"wrong fields: {line[:200]!r}")
            if len(record["log"]) != log_bytes or len(record["container_id"]) != 64:
                raise BenchError(f"wrong values: {line[:400]!r}")

    Numbers(paths, events, look).check()
