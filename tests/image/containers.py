"""Containers of the image under test."""

import json
import re
import time

from support.logboom import LISTENING, READY, SUMMARY
from support.wait import wait_until

IMAGE = "logboom:test"


class Containers:
    def __init__(self, engine):
        self.engine = engine

    def once(self, *arguments, options=()):
        """Runs the image with these arguments until it ends by itself; never raises for its exit code."""
        return self.engine.cli("run", "--rm", "--network", "none", *options, IMAGE, *arguments, check=False,
                               deadline=20)

    def start(self, *options, arguments=(), network="host"):
        """Runs the image in the background and waits until it says that it is ready."""
        identity = self.engine.cli("run", "-d", "--network", network, *options, IMAGE, *arguments).stdout.strip()
        container = Container(self.engine, identity)
        container.wait_for_log(READY.search)
        return container


class Container:
    def __init__(self, engine, identity):
        self.engine = engine
        self.id = identity

    def stdout(self):
        return self.engine.cli("logs", self.id).stdout.splitlines()

    def log(self):
        """logboom's own log."""
        return self.engine.cli("logs", self.id).stderr.splitlines()

    def inspect(self):
        return json.loads(self.engine.cli("inspect", self.id).stdout)[0]

    def exec(self, *arguments):
        """The exit code of a program inside."""
        return self.engine.cli("exec", self.id, *arguments, check=False).returncode

    def wait_for_log(self, matches, deadline=15):
        def look():
            assert self.inspect()["State"]["Running"], "it ended:\n" + "\n".join(self.log()[-20:])
            return next((line for line in self.log() if matches(line)), None)

        return wait_until(look, deadline, f"a line of its log; it has:\n{self.log()[-20:]}", interval=0.1)

    def wait_for_lines(self, count, deadline=15):
        wait_until(lambda: len(self.stdout()) >= count, deadline, f"{count} lines on stdout", interval=0.1)
        return self.stdout()

    @property
    def port(self):
        return next(int(address.rpartition(":")[2]) for line in self.log()
                    for kind, address in LISTENING.findall(line) if kind == "tcp")

    def stop(self):
        """`docker stop`: seconds it took, its exit code, and the figures of the summary."""
        begin = time.monotonic()
        self.engine.cli("stop", "-t", "20", self.id)
        took = time.monotonic() - begin
        summary = next(line for line in reversed(self.log()) if SUMMARY.search(line))
        figures = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", SUMMARY.search(summary).group(1))}
        return took, self.inspect()["State"]["ExitCode"], figures
