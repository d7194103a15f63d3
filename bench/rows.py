"""What the bench measures: one Row a line of the table, and how each is run."""

import dataclasses
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

from buffer_rows import BUFFER_ROWS, BufferRows
from harness import BenchError, Process, check_json_lines, free_port, held_load, run_load, run_loud
from isolation import measure_isolation
from relay_rows import RELAY_ROWS, RelayRows
from syslog_rows import SyslogRunner

MATCH_NULL = "  @type null\n"
MATCH_STDOUT = "  @type stdout\n"
MATCH_FILE = """  @type file
  path {out}
  append true
  <format>
    @type json
  </format>
  <buffer>
    flush_interval 1s
  </buffer>
"""
LOUD_TO_NULL = """<match loud.**>
  @type null
</match>
"""
CONFIG = """<system>
  workers {workers}
</system>
<source>
  @type forward
  port {port}
  bind 127.0.0.1
</source>
{rules}<match **>
{match}</match>
"""
DOCKER = ("--connections", "100", "--write-size", "docker")


@dataclasses.dataclass(frozen=True)
class Throughput:
    """CPU seconds per million events, beside a floor program's in the same run."""
    name: str
    title: str
    load: tuple
    events: int
    match: str = MATCH_NULL
    floor: str = "drop"
    absolute: float | None = None
    ratio: float | None = None
    extra: float | None = None  # CPU seconds per million above the floor's


@dataclasses.dataclass(frozen=True)
class Stage:
    """CPU seconds per million events that rules add, beside the same load without them in the same run."""
    name: str
    title: str
    rules: str
    limit: float  # what may be added
    keeps: str  # a regular expression: what each line of the output has, as JSON
    load: tuple = ()
    events: int = 2_000_000
    share: float = 1.0  # of the events that come out
    as_ratio: bool = False  # the limit is a ratio


def grep_on(key, pattern):
    return f"<filter **>\n  @type grep\n  <regexp>\n    key {key}\n    pattern {pattern}\n  </regexp>\n</filter>\n"


def parse(section):
    return f"<filter **>\n  @type parser\n  key_name log\n  <parse>\n{section}  </parse>\n</filter>\n"


NGINX_PATTERN = (r'/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>'
                 r'[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$/')
TWO_FIELDS = """<filter **>
  @type record_transformer
  <record>
    host bench.example
    name ${record["container_name"]}
  </record>
</filter>
"""
MANY_MATCHES = "".join(f"<match app.n{n}.**>\n  @type null\n</match>\n" for n in range(999))
LOG_JSON, LOG_NGINX = ("--log", "json"), ("--log", "nginx")
NGINX_FIELDS = '"path":"/api/v1/orders.seq='
STAGES = [
    Stage("grep", "grep on a string field", grep_on("source", "/stdout/"), 0.05, '"source":"stdout"', share=0.75),
    Stage("transform", "record_transformer adds two fields", TWO_FIELDS, 0.25, '"host":"bench.example","name":"/bench-'),
    Stage("json", "parser json on the log field", parse("    @type json\n"), 0.8, '"status":200,.*"seq":"seq=',
          load=LOG_JSON),
    Stage("nginx", "parser nginx on the log field", parse("    @type nginx\n"), 0.8, NGINX_FIELDS, load=LOG_NGINX),
    Stage("apache2", "parser apache2 on the log field", parse("    @type apache2\n"), 0.8, NGINX_FIELDS,
          load=LOG_NGINX),
    Stage("regexp", "parser regexp with nginx's pattern", parse(
        f"    @type regexp\n    expression {NGINX_PATTERN}\n    time_format %d/%b/%Y:%H:%M:%S %z\n"), 3.5, NGINX_FIELDS,
          load=LOG_NGINX, events=500_000),
    Stage("matches", "1,000 match patterns against one", MANY_MATCHES, 1.15, '"log":"seq=', as_ratio=True),
]


@dataclasses.dataclass(frozen=True)
class Other:
    name: str
    title: str


ROWS = [
    Throughput("message", "Message mode, 8 connections → null", (), 4_000_000, absolute=0.12, ratio=3),
    Throughput("packed", "PackedForward, 1000 events a chunk → null", ("--mode", "packed"), 4_000_000,
               absolute=0.10, ratio=2.5),
    Throughput("stdout", "Message → stdout format, to /dev/null", (), 2_000_000, match=MATCH_STDOUT,
               absolute=0.45, ratio=11),
    Throughput("file", "Message → JSON lines file on tmpfs", (), 1_000_000, match=MATCH_FILE, floor="file",
               extra=0.35),
    Throughput("docker", "Docker's pattern, 100 connections, saturation → null", DOCKER, 500_000, floor="naive",
               ratio=0.6),
    Throughput("docker-rate", "Docker's pattern, 100,000 a second open loop → null", DOCKER + ("--rate", "100000"),
               300_000, floor="naive", ratio=0.85),
    Other("latency", "write → line on stdout, 2,000 a second, 20 connections"),
    Other("fairness", "the same over 100 connections, 1,000 a second, beside one that sends all it can"),
    Other("memory", "memory: idle / per idle connection after traffic / peak under the first row"),
    Other("start", "start to listening"),
    Other("workers", "two workers against one, Message mode → null"),
    Other("isolation", "one output stuck, its buffer full: other tags, Message mode → null"),
    Other("syslog-raw", "syslog, RFC 3164 of 250 bytes, 8 TCP connections → raw lines to a file"),
    Other("syslog-json", "the same, parsed → JSON file"),
    Other("syslog-udp", "syslog over UDP, 300,000 a second → JSON file"),
    Other("syslog-rivals", "the syslog rows' load → rsyslog and syslog-ng"),
]
EXTRA_ROWS = [
    Throughput("forward", "Forward mode, 1000 events a chunk → null", ("--mode", "forward"), 2_000_000),
    Throughput("gzip", "PackedForward gzip, 1000 events a chunk → null", ("--mode", "gzip"), 300_000),
    Throughput("ack", "Message mode with acks, 8 connections → null", ("--ack",), 200_000, floor=""),
    *BUFFER_ROWS, *RELAY_ROWS,
]


class Runner(BufferRows, RelayRows):
    def __init__(self, server, programs, cpus, options, say):
        self.server = server
        self.programs = programs
        self.cpus = cpus
        self.options = options
        self.say = say

    def run(self, row):
        if isinstance(row, Stage):
            return self.stage(row)
        if row.name.startswith("syslog-"):
            return SyslogRunner(self).run(row)
        return getattr(self, row.name.replace("-", "_"), self.throughput)(row)

    def directory(self):
        return tempfile.TemporaryDirectory(prefix="logboom-bench-", dir="/dev/shm")

    def events(self, row):
        return self.options.events or (row.events // 10 if self.options.quick else row.events)

    def command(self, folder, port, match, workers=1, rules=""):
        config = pathlib.Path(folder) / "bench.conf"
        config.write_text(CONFIG.format(workers=workers, port=port, rules=rules,
                                        match=match.format(out=f"{folder}/out")))
        return [self.server, "-c", config]

    def measure(self, process, port, load):
        """Runs the load; CPU seconds from before its first byte until the process has ended."""
        process.wait_listening(port)
        process.settle()
        if "--write-size" not in load and "--ack" not in load:
            load = [*load, "--sndbuf", self.options.sndbuf]
        before = process.cpu()
        report = run_load(self.programs, self.cpus, port, load)
        process.settle()
        peak = process.memory()["VmHWM"]
        process.stop()
        report["server_cpu"] = process.cpu_total - before
        report["per_million"] = report["server_cpu"] / report["events"] * 1e6
        report["peak"] = peak
        if not report["held"]:
            self.say(f"    the rate was not held: {report['rate']:.0f} a second, {report['late']} late")
        return report

    def floor_round(self, kind, load):
        with self.directory() as folder:
            port = free_port()
            argv = [self.programs / "floor", kind, "--at", f"127.0.0.1:{port}"]
            if kind == "file":
                argv += ["--path", f"{folder}/raw"]
            with Process(argv, self.cpus.subject, f"{folder}/stderr", stdout=subprocess.PIPE) as process:
                report = self.measure(process, port, load)
                counts = json.loads(process.output())
            if counts["bytes"] != report["bytes"]:
                raise BenchError(f"the floor program read {counts['bytes']} of {report['bytes']} bytes")
            if kind == "file" and pathlib.Path(folder, "raw").stat().st_size != report["bytes"]:
                raise BenchError("the floor program's file is incomplete")
            report["events_per_read"] = report["events"] / max(1, counts["reads"])
            return report

    def subject_round(self, match, load, workers=1, cpus=None, rules=""):
        with self.directory() as folder:
            port = free_port()
            argv = self.command(folder, port, match, workers, rules)
            with Process(argv, cpus or self.cpus.subject, f"{folder}/stderr") as process:
                report = self.measure(process, port, load)
                if process.received() != report["events"]:
                    raise BenchError(f"received {process.received()} of {report['events']} events\n{process.tail()}")
            if "--ack" in load and report["acks"] != report["events"]:
                raise BenchError(f"{report['acks']} acks for {report['events']} messages")
            if match is MATCH_FILE and not rules:
                check_json_lines(sorted(pathlib.Path(folder).glob("out*")), report["events"])
            return report

    def throughput(self, row):
        load = ["--events", self.events(row), *row.load]
        floors, subjects = [], []
        if row.floor == "file":  # uncounted: a virtual machine's memory is slow the first time it is touched
            self.floor_round(row.floor, load)
        for number in range(self.options.rounds):
            if row.floor:
                floors.append(self.floor_round(row.floor, load))
            if not self.options.floors_only:
                subjects.append(self.subject_round(row.match, load))
            self.say(f"  round {number + 1}: " + ", ".join(
                f"{name} {runs[-1]['per_million']:.3f}" for name, runs in
                ((f"floor {row.floor}", floors), ("logboom", subjects)) if runs))
        result = {"unit": "CPU-s per million events", "floor_kind": row.floor, "rounds": len(floors or subjects),
                  "floor_runs": floors, "subject_runs": subjects, "targets": [],
                  "held": all(run["held"] for run in floors + subjects)}
        if floors:
            result["floor"] = statistics.median(run["per_million"] for run in floors)
        if not subjects:
            return result
        result["subject"] = statistics.median(run["per_million"] for run in subjects)
        if row.absolute is not None:
            result["targets"].append(target("subject", result["subject"], row.absolute))
        if floors:
            pairs = list(zip(subjects, floors))
            result["ratio"] = statistics.median(s["per_million"] / f["per_million"] for s, f in pairs)
            if row.ratio is not None:
                result["targets"].append(target("ratio", result["ratio"], row.ratio))
            if row.extra is not None:
                extra = statistics.median(s["per_million"] - f["per_million"] for s, f in pairs)
                result["targets"].append(target("above the floor", extra, row.extra))
        return result

    def check_stage(self, row):
        """What comes out behind the rules is what it should be."""
        events = 20_000
        with self.directory() as folder:
            port = free_port()
            with Process(self.command(folder, port, MATCH_FILE, 1, row.rules), self.cpus.subject,
                         f"{folder}/stderr") as process:
                self.measure(process, port, ["--events", events, *row.load])
            lines = [line for path in pathlib.Path(folder).glob("out*") for line in path.open(encoding="utf-8")]
        wanted = re.compile(row.keeps)
        wrong = next((line for line in lines if not wanted.search(line) or not json.loads(line)), None)
        if wrong is not None:
            raise BenchError(f"a line without {row.keeps}: {wrong[:300]}")
        if abs(len(lines) / events - row.share) > (0.02 if row.share < 1 else 0):
            raise BenchError(f"{len(lines)} of {events} events came out")

    def stage(self, row):
        self.check_stage(row)
        load = ["--events", self.events(row), *row.load]
        bare, staged = [], []
        for number in range(self.options.rounds):
            bare.append(self.subject_round(MATCH_NULL, load))
            staged.append(self.subject_round(MATCH_NULL, load, rules=row.rules))
            self.say(f"  round {number + 1}: bare {bare[-1]['per_million']:.3f}, with {staged[-1]['per_million']:.3f}")
        pairs = list(zip(staged, bare))
        added = statistics.median(s["per_million"] - b["per_million"] for s, b in pairs)
        ratio = statistics.median(s["per_million"] / b["per_million"] for s, b in pairs)
        goal = target("ratio", ratio, row.limit) if row.as_ratio else target("added", added, row.limit)
        return {"unit": "CPU-s per million events", "floor_kind": "without", "rounds": len(bare), "added": added,
                "ratio": ratio, "floor": statistics.median(b["per_million"] for b in bare),
                "subject": statistics.median(s["per_million"] for s in staged), "targets": [goal]}

    def latency_round(self, arguments=(), rules="", beside=None):
        """What the latency program measures. `beside(port, seconds)` runs meanwhile."""
        seconds = 2 if self.options.quick else 10
        with self.directory() as folder, open(f"{folder}/stderr", "w+", encoding="utf-8") as log:
            port = free_port()
            with subprocess.Popen(
                    ["taskset", "-c", self.cpus.load, str(self.programs / "latency"), "--to", f"127.0.0.1:{port}",
                     "--seconds", str(seconds), *arguments, "--", "taskset", "-c", self.cpus.subject,
                     *map(str, self.command(folder, port, MATCH_STDOUT, 1, rules))],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True) as meter:
                if beside:
                    beside(port, seconds)
                text, _ = meter.communicate(timeout=seconds + 60)
            log.seek(0)
            if not text:
                raise BenchError("no latency measured\n" + log.read()[-2000:])
        run = json.loads(text)
        if run["missing"] or run["duplicates"]:
            raise BenchError(f"lines missing or repeated: {text.strip()}")
        return run

    def fairness(self, row):
        quiet = ("--connections", "100", "--rate", "1000")
        alone, beside, rates = [], [], []

        def loud(port, seconds):
            rates.append(run_loud(self.programs, self.cpus, port, seconds)["rate"])

        for number in range(self.options.rounds):
            alone.append(self.latency_round(quiet, LOUD_TO_NULL)["p99_ms"])
            beside.append(self.latency_round(quiet, LOUD_TO_NULL, loud)["p99_ms"])
            self.say(f"  round {number + 1}: p99 alone {alone[-1]:.2f} ms, beside a loud one {beside[-1]:.2f} ms "
                     f"({rates[-1] / 1e6:.1f} million a second)")
        added = statistics.median(b - a for a, b in zip(alone, beside))
        return {"unit": "ms", "alone_ms": alone, "beside_ms": beside, "loud_rates": rates, "rounds": len(alone),
                "text": f"p99 {statistics.median(alone):.2f} ms alone, {statistics.median(beside):.2f} ms beside",
                "targets": [target("p99 added", added, 50, "ms")]}

    def latency(self, row):
        runs = []
        for number in range(self.options.rounds):
            runs.append(self.latency_round())
            self.say(f"  round {number + 1}: {json.dumps(runs[-1])}")
        median = {key: statistics.median(run[key] for run in runs) for key in ("p50_ms", "p90_ms", "p99_ms", "max_ms")}
        return {"unit": "ms", **median, "subject_runs": runs, "rounds": len(runs),
                "text": f"p50 {median['p50_ms']:.2f} / p99 {median['p99_ms']:.2f} / max {median['max_ms']:.1f} ms",
                "targets": [target("p50", median["p50_ms"], 0.2, "ms"), target("p99", median["p99_ms"], 1.5, "ms")]}

    def memory(self, row):
        connections = 500 if self.options.quick else 2000
        with self.directory() as folder:
            port = free_port()
            with Process(self.command(folder, port, MATCH_NULL), self.cpus.subject, f"{folder}/stderr") as process:
                process.wait_listening(port)
                process.settle(quiet=0.5)
                idle = process.memory()["VmRSS"]
                load = ["--connections", connections, "--events", connections * 10, "--write-size", "docker"]
                with held_load(self.programs, self.cpus, port, load):
                    process.settle(quiet=2)
                    after = process.memory()["VmRSS"]
                process.stop()
                if process.received() != connections * 10:
                    raise BenchError(f"received {process.received()} of {connections * 10} events")
        events = 400_000 if self.options.quick else 4_000_000
        peak = self.subject_round(MATCH_NULL, ["--events", self.options.events or events])["peak"]
        each = (after - idle) / connections
        return {"unit": "bytes", "idle": idle, "per_connection": each, "peak": peak, "connections": connections,
                "rounds": 1, "text": f"{idle / 1e6:.1f} MB / {each / 1e3:.2f} KB / {peak / 1e6:.1f} MB",
                "targets": [target("idle", idle / 1e6, 10, "MB"), target("connection", each / 1e3, 4, "KB"),
                            target("peak", peak / 1e6, 48, "MB")]}

    def start(self, row):
        times = {"floor": [], "subject": []}
        for _ in range(max(5, self.options.rounds * 3)):
            for who, seconds in times.items():
                with self.directory() as folder:
                    port = free_port()
                    argv = [self.programs / "floor", "drop", "--at", f"127.0.0.1:{port}"]
                    if who == "subject":
                        argv = self.command(folder, port, MATCH_NULL)
                    with Process(argv, self.cpus.subject, f"{folder}/stderr") as process:
                        seconds.append(process.wait_listening(port) * 1e3)
                        process.stop()
        floor, subject = map(statistics.median, times.values())
        return {"unit": "ms", "floor_ms": floor, "subject_ms": subject, "rounds": len(times["subject"]),
                "text": f"{subject:.1f} ms (floor program {floor:.1f})",
                "targets": [target("start", subject, 50, "ms")]}

    def workers(self, row):
        events = self.options.events or (400_000 if self.options.quick else 4_000_000)
        runs = {1: [], 2: []}
        for number in range(self.options.rounds):
            for count, reports in runs.items():
                reports.append(self.subject_round(MATCH_NULL, ["--events", events], count, self.cpus.pair))
            self.say(f"  round {number + 1}: " + ", ".join(
                f"{count} worker(s) {reports[-1]['per_million']:.3f}" for count, reports in runs.items()))
        one, two = (statistics.median(run["per_million"] for run in reports) for reports in runs.values())
        ratio = statistics.median(b["per_million"] / a["per_million"] for a, b in zip(runs[1], runs[2]))
        return {"unit": "CPU-s per million events", "one": one, "two": two, "ratio": ratio,
                "rounds": self.options.rounds, "text": f"two {two:.3f}, one {one:.3f}",
                "targets": [target("two / one", ratio, 1.15, "×")]}

    def isolation(self, row):
        events = self.options.events or (400_000 if self.options.quick else 4_000_000)
        result = measure_isolation(self, events)
        result["targets"] = [target("free / stuck", result["ratio"], 1.1, "×"),
                             target("CPU", result["cpu_ratio"], 1.1, "×")]
        return result


def target(what, value, limit, unit=""):
    return {"what": what, "value": value, "limit": limit, "unit": unit, "met": value <= limit}
