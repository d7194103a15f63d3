"""The program under test as a child process.

The environment variable LOGBOOM names the binary; without it build/release/logboom of this checkout is taken.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess

from support.collector import Collector
from support.wait import wait_until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
LISTENING = re.compile(r"listening on (tcp|udp|unix)://(\S+)")
READY = re.compile(r"\[info\]: (?:.* )?ready\b")
SUMMARY = re.compile(r"summary: (.*)")
COUNTER = re.compile(r"(logboom_\w+)(?:\{(.*)\})? (-?[0-9.e+]+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
COUNTERS_END = re.compile(r"\[info\]: counters: \d+ in all$")


def binary():
    return os.environ.get("LOGBOOM", str(CHECKOUT / "build" / "release" / "logboom"))


class Counters(dict):
    """(name, sorted label pairs) → value."""

    def total(self, name, **labels):
        """The sum over all series of that name that carry these labels."""
        wanted = set(labels.items())
        return sum(value for (key, pairs), value in self.items() if key == name and wanted <= set(pairs))


def parse_counter(line):
    """A counter's line as ((name, labels), value), or None for any other line."""
    found = COUNTER.search(line)
    if not found:
        return None
    labels = tuple(sorted(LABEL.findall(found.group(2) or "")))
    return (found.group(1), labels), float(found.group(3))


class Logboom:
    """One run of logboom with a configuration text, in a directory of its own that is its working directory too.

    `stdout` is "collect", or a file descriptor to hand over as it is. A context manager: leaving it kills the process.
    """

    def __init__(self, config, directory, *, args=(), env=None, stdout="collect"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config_path = self.directory / "fluent.conf"
        if config is not None:
            self.config_path.write_text(config)
        self.args = list(args)
        self.env = dict(env or {})
        self.stdout_target = stdout
        self.process = None
        self.stdout = None
        self.stderr = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def launch(self):
        """Starts the process and waits for nothing."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FLUENT")}
        environment.update({"TZ": "UTC", "LC_ALL": "C.UTF-8"}, **self.env)
        collect = self.stdout_target == "collect"
        self.process = subprocess.Popen(
            [binary(), "-c", str(self.config_path), *self.args],
            cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if collect else self.stdout_target, stderr=subprocess.PIPE)
        self.stderr = Collector(self.process.stderr, "stderr of logboom")
        self.stdout = Collector(self.process.stdout, "stdout of logboom") if collect else None
        return self

    def start(self, deadline=10.0):
        """Starts the process and waits until it says that it is ready."""
        self.launch()
        self.stderr.wait_line(READY.search, deadline)
        return self

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def listeners(self, scheme):
        """Addresses as logged, in their order: (host, port) for tcp and udp, a path for unix."""
        found = []
        for line in self.stderr.lines():
            for kind, address in LISTENING.findall(line):
                if kind != scheme:
                    continue
                host, _, port = address.rpartition(":")
                path = str(self.directory / address)
                found.append(path if kind == "unix" else (_reachable(host), int(port)))
        return found

    def address(self, scheme="tcp", index=0):
        return self.listeners(scheme)[index]

    @property
    def port(self):
        return self.address()[1]

    def wait_for_stdout(self, predicate, deadline=10.0):
        return self.stdout.wait(predicate, deadline)

    def wait_for_lines(self, count, deadline=10.0):
        self.stdout.wait_line_count(count, deadline)

    def wait_for_log(self, pattern, deadline=10.0, start=0):
        """Waits for a line of its own log that matches the regular expression; returns the line."""
        return self.stderr.wait_line(re.compile(pattern).search, deadline, start)[1]

    def log_lines(self, pattern=""):
        return [line for line in self.stderr.lines() if re.search(pattern, line)]

    def send_signal(self, number):
        self.process.send_signal(number)

    def counters(self, deadline=10.0):
        """All of them, as they were at some time after this was called."""
        start = self.stderr.line_count()
        self.send_signal(signal.SIGCONT)
        seen = Counters()

        def is_last(line):
            if counter := parse_counter(line):
                seen[counter[0]] = counter[1]
            return COUNTERS_END.search(line)

        self.stderr.wait_line(is_last, deadline, start)
        return seen

    def wait_for_counter(self, name, value, deadline=10.0, **labels):
        """Waits until the sum of that counter is at least `value`; returns the sum."""
        return wait_until(lambda: (total := self.counters().total(name, **labels)) >= value and total,
                          deadline, f"{name}{labels} >= {value}", interval=0.05)

    def stop(self, deadline=20.0, number=signal.SIGTERM):
        """Ends it as an operator does, checks that it exits with 0 and that its accounts balance; returns them."""
        self.send_signal(number)
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {deadline} s after the signal; log:\n{self.log_tail()}") from None
        self._join()
        assert code == 0, f"exit code {code}; log:\n{self.log_tail()}"
        return self.summary()

    def summary(self):
        """The figures of the last line of accounts, which must balance."""
        lines = self.log_lines(SUMMARY.pattern)
        assert lines, f"no summary in the log:\n{self.log_tail()}"
        figures = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", SUMMARY.search(lines[-1]).group(1))}
        came = figures["received"] + figures.get("made", 0) + figures.get("recovered", 0)
        went = sum(figures[name] for name in ("delivered", "filtered", "merged", "unmatched", "dropped", "buffered"))
        assert came == went, f"the summary does not balance: {lines[-1]}"
        return figures

    def wait_exit(self, deadline=10.0):
        """For runs that end on their own: the exit code."""
        code = self.process.wait(deadline)
        self._join()
        return code

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._join()

    def _join(self):
        for collector in (self.stdout, self.stderr):
            if collector is not None:
                collector.join(10)

    def log_tail(self, lines=30):
        return "\n".join(self.stderr.lines()[-lines:])

    def _status(self, field):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) * 1024

    def rss(self):
        """Resident bytes now."""
        return self._status("VmRSS")

    def hwm(self):
        """The most resident bytes so far."""
        return self._status("VmHWM")

    def reset_hwm(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def sanitized(self):
        """Whether a sanitizer runtime is loaded: memory figures mean nothing then."""
        maps = pathlib.Path(f"/proc/{self.pid}/maps").read_text()
        return any(name in maps for name in ("libasan", "libtsan", "libubsan"))


def _reachable(host):
    host = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
