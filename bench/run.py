#!/usr/bin/python3
"""Runs the bench: the rows of bench/README.md, as a table on stdout and, with --json, as a file.

Ends with 0 when every row gave a figure and the right output, whether or not its target is met.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True

import report
from harness import BenchError, Cpus
from rows import EXTRA_ROWS, ROWS, STAGES, Other, Runner, Stage

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parse_arguments():
    names = ", ".join(row.name for row in ROWS + STAGES)
    extra = ", ".join(row.name for row in EXTRA_ROWS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help=f"comma-separated, or all: {names}; not run unless named: {extra}")
    parser.add_argument("--events", type=int, help="events a round, instead of each row's own number")
    parser.add_argument("--rounds", type=int, help="rounds a row (3)")
    parser.add_argument("--sndbuf", type=int, default=65536, metavar="BYTES",
                        help="SO_SNDBUF of the load that comes in large writes (65536); 0 leaves it to the kernel")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events, one round")
    parser.add_argument("--json", metavar="FILE", help="write everything measured to FILE")
    parser.add_argument("--from", dest="source", metavar="FILE", help="print the table of an earlier --json FILE")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build/release")
    parser.add_argument("--server", type=pathlib.Path, help="the program under test (BUILD/logboom)")
    parser.add_argument("--floors-only", action="store_true", help="measure the floor programs alone")
    parser.add_argument("--disk", type=pathlib.Path, default=ROOT / "build",
                        help="where the rows of file buffers put them (build)")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def find_programs(build):
    for folder in (build / "bench", build):
        if all((folder / name).is_file() for name in ("load", "floor", "latency")):
            return folder.resolve()
    sys.exit(f"no load, floor and latency in {build}/bench: build first")


def choose_rows(options):
    every = {row.name: row for row in ROWS + STAGES + EXTRA_ROWS}
    if options.rows == "all":
        chosen = list(every.values())
    elif options.rows:
        unknown = [name for name in options.rows.split(",") if name not in every]
        if unknown:
            sys.exit(f"no such row: {', '.join(unknown)}; there are {', '.join(every)}")
        chosen = [every[name] for name in options.rows.split(",")]
    else:
        chosen = ROWS + STAGES
    if options.floors_only:
        chosen = [row for row in chosen if not isinstance(row, (Other, Stage)) and row.floor]
    return chosen


def describe_machine():
    model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {"date": datetime.date.today().isoformat(), "cpu": model[1] if model else platform.machine(),
            "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(), "load": os.getloadavg()[0]}


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(options):
    programs = find_programs(options.build)
    server = (options.server or options.build / "logboom").resolve()
    if not options.floors_only and not server.is_file():
        sys.exit(f"no {server}: build it, name it with --server, or use --floors-only")
    cpus = Cpus()
    if cpus.shared:
        say("only one core: the load generator shares it with what is measured")
    if os.getloadavg()[0] > 0.7:
        say(f"load average {os.getloadavg()[0]:.2f}: other programs will disturb the figures")
    figures = {"machine": describe_machine(), "rounds": options.rounds, "sndbuf": options.sndbuf, "rows": []}
    runner = Runner(server, programs, cpus, options, say)
    for row in choose_rows(options):
        say(f"{row.name}: {row.title}")
        try:
            result = runner.run(row)
        except (BenchError, OSError, ValueError, subprocess.SubprocessError) as error:
            say(f"  FAILED: {error}")
            result = {"error": str(error) or type(error).__name__, "targets": []}
        figures["rows"].append({"name": row.name, "title": row.title, **result})
    return figures


def main():
    options = parse_arguments()
    # SystemExit unwinds the context managers that own the child processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.source:
        figures = json.loads(pathlib.Path(options.source).read_text())
    else:
        figures = measure(options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    print(report.markdown(figures) if options.markdown else report.table(figures))
    return 1 if any("error" in row for row in figures["rows"]) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
