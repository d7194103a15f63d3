"""What an output that takes nothing costs those whose events go elsewhere."""

import contextlib
import socket
import statistics
import subprocess

from harness import BenchError, Process, free_port, run_load

MATCH_STUCK = """<match stuck>
  @type stdout
  <buffer>
    total_limit_size 1m
    chunk_limit_size 128k
  </buffer>
</match>
"""
MATCH_NULL = "  @type null\n"


def fill(port):
    """Sends events of the tag `stuck` until nothing more is taken; the open connection."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(1)
    event = b"\x93\xa5stuck\xce\x65\x53\xf1\x00\x81\xa3log\xda\x03\xe8" + b"x" * 1000
    with contextlib.suppress(TimeoutError):
        for _ in range(64):
            connection.sendall(event * 1000)
        raise BenchError("the stuck output takes everything")
    return connection


def measure_round(runner, events, stuck):
    with runner.directory() as folder:
        port = free_port()
        argv = runner.command(folder, port, MATCH_NULL, rules=MATCH_STUCK)
        with Process(argv, runner.cpus.subject, f"{folder}/stderr", stdout=subprocess.PIPE) as process:
            process.wait_listening(port)
            with fill(port) if stuck else contextlib.nullcontext():
                process.settle()
                before = process.cpu()
                report = run_load(runner.programs, runner.cpus, port, ["--events", events])
                process.settle()
                report["per_million"] = (process.cpu() - before) / events * 1e6
            process.drain_output()
            process.stop()
        return report


def measure_isolation(runner, events):
    runs = {"free": [], "stuck": []}
    for number in range(runner.options.rounds):
        for name, reports in runs.items():
            reports.append(measure_round(runner, events, name == "stuck"))
        runner.say(f"  round {number + 1}: " + ", ".join(
            f"{name} {reports[-1]['rate']:.0f} a second" for name, reports in runs.items()))
    free, stuck = (statistics.median(run["rate"] for run in reports) for reports in runs.values())
    pairs = list(zip(runs["free"], runs["stuck"]))
    return {"unit": "events a second", "free": free, "stuck": stuck, "rounds": len(pairs),
            "ratio": statistics.median(f["rate"] / s["rate"] for f, s in pairs),
            "cpu_ratio": statistics.median(s["per_million"] / f["per_million"] for f, s in pairs),
            "text": f"{stuck / 1e6:.2f} M a second, {free / 1e6:.2f} M without"}
