"""The rows of syslog: what logboom, and rsyslog and syslog-ng beside it, need for the same messages.

The messages are of RFC 3164, 250 bytes with their line end, and numbered, so that each file can be checked: every number
once. Rivals are Debian's packages. They can't be installed together: syslog-ng is unpacked from its packages into a cache.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

from harness import BenchError, Numbers, Process, free_port

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from support import debian  # noqa: E402

SIZE = 250
HEAD = b"<30>Nov 23 00:33:46 bench app[27186]: seq=%012d "
FILL = b"x" * (SIZE - 1 - len(HEAD % 0))
BLOCK = 1000
CONNECTIONS = 8
UDP_RATE = 300_000
UDP_SEGMENT = 103  # linux/udp.h: the kernel cuts what is sent into datagrams of this size
SEGMENTS = 60

LOGBOOM = """<source>
  @type syslog
  tag s
  listen {listen}
  receive_buffer_size 4m
{parse}</source>
<match **>
  @type file
  path {out}
  append true
  <format>
    @type {format}
  </format>
  <buffer>
    flush_interval 1s
  </buffer>
</match>
"""
PARSE_NONE = "  <parse>\n    @type none\n  </parse>\n"
RSYSLOG = """global(workDirectory="{folder}" maxMessageSize="8k")
module(load="imtcp" MaxSessions="100")
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="json" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf")
  property(outname="ident" name="programname" format="jsonf")
  property(outname="pid" name="procid" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}}
main_queue(queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="2048" queue.timeoutshutdown="60000")
*.* action(type="omfile" file="{out}" template="{format}" ioBufferSize="64k" asyncWriting="off")
"""
SYSLOG_NG = """@version: 3.38
options {{ threaded(yes); log-fifo-size(500000); stats-freq(0); }};
source s {{ network(ip("127.0.0.1") port({port}) transport("tcp") max-connections(100) log-iw-size(400000){flags}); }};
destination d {{ file("{out}" template("{template}")); }};
log {{ source(s); destination(d); flags(flow-control); }};
"""
NG_JSON = r"$(format-json host=$HOST ident=$PROGRAM pid=$PID time=$ISODATE message=$MESSAGE)\n"


def blocks(first, count):
    for start in range(first, first + count, BLOCK):
        end = min(start + BLOCK, first + count)
        yield b"".join([HEAD % number + FILL + b"\n" for number in range(start, end)])


def send_tcp(port, events):
    """All messages over several connections; returns when the receiver has taken them."""
    failures = []

    def send(first, count):
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                for block in blocks(first, count):
                    connection.sendall(block)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(120)
                with contextlib.suppress(ConnectionResetError):
                    connection.recv(1)
        except OSError as error:
            failures.append(str(error))

    each = events // CONNECTIONS
    threads = [threading.Thread(target=send, args=(n * each, each)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise BenchError(f"the load was not taken: {failures[0]}")
    return each * CONNECTIONS


def send_udp(port, events):
    """Datagrams at UDP_RATE a second; the kernel cuts them out of large sends, so that the sender keeps up."""
    texts = [HEAD % number + FILL + b"\n" for number in range(events)]
    sends = [b"".join(texts[start:start + SEGMENTS]) for start in range(0, events, SEGMENTS)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
        sender.connect(("127.0.0.1", port))
        began = time.monotonic()
        for number, data in enumerate(sends):
            wait = began + number * SEGMENTS / UDP_RATE - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            sender.send(data)
        return events / (time.monotonic() - began)


class SyslogRunner:
    """Runs the rows on behalf of the bench's Runner, whose options, cores and server it uses."""

    def __init__(self, runner):
        self.runner = runner
        self.options = runner.options

    def events(self):
        return self.options.events or (200_000 if self.options.quick else 2_000_000)

    def run(self, row):
        return {"syslog-raw": lambda: self.throughput("raw", 0.8), "syslog-json": lambda: self.throughput("json", 1.0),
                "syslog-udp": self.udp, "syslog-rivals": self.rivals}[row.name]()

    def logboom(self, folder, listen, kind):
        config = pathlib.Path(folder, "bench.conf")
        config.write_text(LOGBOOM.format(
            listen=listen, out=f"{folder}/out", format="single_value" if kind == "raw" else "json",
            parse=PARSE_NONE if kind == "raw" else ""))
        return [self.runner.server, "-c", config]

    def rsyslog(self, folder, port, kind):
        program = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not program:
            return None
        config = pathlib.Path(folder, "rsyslog.conf")
        config.write_text(RSYSLOG.format(folder=folder, port=port, out=f"{folder}/out", format=kind))
        return [program, "-n", "-i", f"{folder}/pid", "-f", config]

    def syslog_ng(self, folder, port, kind):
        found = debian.syslog_ng()
        if not found:
            return None
        program, arguments = found
        config = pathlib.Path(folder, "syslog-ng.conf")
        template, flags = (NG_JSON, "") if kind == "json" else (r"$RAWMSG\n", " flags(store-raw-message)")
        config.write_text(SYSLOG_NG.format(port=port, out=f"{folder}/out", template=template, flags=flags))
        return [*program, "-F", "--no-caps", "-f", config, "-R", f"{folder}/persist", "-p", f"{folder}/pid",
                "-c", f"{folder}/ctl", *arguments]

    def round(self, command, events):
        """One program, one load: CPU seconds per million."""
        with self.runner.directory() as folder:
            port = free_port()
            argv = command(folder, port)
            if argv is None:
                return None
            with Process(argv, self.runner.cpus.subject, f"{folder}/stderr") as process:
                process.wait_listening(port)
                process.settle()
                before = process.cpu()
                began = time.monotonic()
                sent = send_tcp(port, events)
                process.settle(quiet=1.5, seconds=120)
                seconds = time.monotonic() - began
                process.stop(60)
                spent = process.cpu_total - before
            Numbers(pathlib.Path(folder).glob("out*"), sent).check()
        return {"per_million": spent / sent * 1e6, "seconds": seconds}

    def throughput(self, kind, limit):
        runs = []
        for number in range(self.options.rounds):
            runs.append(self.round(lambda folder, port: self.logboom(folder, f"tcp://127.0.0.1:{port}", kind),
                                   self.events()))
            self.runner.say(f"  round {number + 1}: {runs[-1]['per_million']:.3f}")
        value = statistics.median(run["per_million"] for run in runs)
        return {"unit": "CPU-s per million events", "subject": value, "subject_runs": runs, "rounds": len(runs),
                "targets": [{"what": "subject", "value": value, "limit": limit, "unit": "", "met": value <= limit}]}

    def rivals(self):
        found, texts = {}, []
        for name, make in (("rsyslog", self.rsyslog), ("syslog-ng", self.syslog_ng)):
            for kind in ("raw", "json"):
                run = self.round(lambda folder, port, make=make, kind=kind: make(folder, port, kind),
                                 min(self.events(), 400_000))
                if run is None:
                    texts.append(f"{name}: not installed, and apt can't give it")
                    break
                found[f"{name} {kind}"] = run["per_million"]
                texts.append(f"{name} {kind} {run['per_million']:.2f}")
                self.runner.say(f"  {texts[-1]}")
        return {"unit": "CPU-s per million events", "rivals": found, "text": ", ".join(texts), "rounds": 1,
                "targets": []}

    def udp(self):
        events = 300_000 if self.options.quick else 3_000_000
        with self.runner.directory() as folder:
            port = free_port()
            argv = self.logboom(folder, f"udp://127.0.0.1:{port}", "json")
            log = pathlib.Path(folder, "stderr")
            with Process(argv, self.runner.cpus.subject, log) as process:
                end = time.monotonic() + 10
                while " ready" not in log.read_text() and time.monotonic() < end:
                    time.sleep(0.01)
                before = process.cpu()
                rate = send_udp(port, events)
                process.settle(quiet=1.5, seconds=120)
                os.kill(process.pid, 18)  # SIGCONT: the counters
                end = time.monotonic() + 10
                pattern = r"logboom_input_kernel_dropped_datagrams_total\{.*\} (\d+)"
                while not re.search(pattern, log.read_text()) and time.monotonic() < end:
                    time.sleep(0.01)
                process.stop(60)
                spent = process.cpu_total - before
                dropped = int(re.search(pattern, log.read_text())[1])
                received = process.received()
            if received + dropped != events:
                raise BenchError(f"{events} sent, {received} received, {dropped} dropped by the kernel")
            Numbers(pathlib.Path(folder).glob("out*"), events).check(dropped)
        share = dropped / events * 100
        return {"unit": "% dropped", "subject": share, "rate": rate, "per_million": spent / events * 1e6, "rounds": 1,
                "text": f"{share:.3f} % of {rate:,.0f} a second dropped, {spent / events * 1e6:.2f} CPU-s per million",
                "held": rate > 0.98 * UDP_RATE,
                "targets": [{"what": "drops", "value": share, "limit": 0.5, "unit": "%", "met": share <= 0.5}]}


if __name__ == "__main__":
    sys.exit(subprocess.call([sys.executable, str(pathlib.Path(__file__).with_name("run.py")), "--rows",
                              "syslog-raw,syslog-json,syslog-udp,syslog-rivals", *sys.argv[1:]]))
