"""What rounds of load and faults are made of: senders, a logboom that runs or is killed, and the balance at the end."""

import pathlib
import random
import subprocess
import threading

from support.configs import forward_source
from support.conservation import Delivered, Sender, check
from support.logboom import Logboom, binary
from support.wait import wait_until

MEMORY_BEYOND_THE_LIMITS = 64 << 20
STDOUT = """<match **>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""


def pause(seconds):
    """Lets the load go on for a random time that is part of the fault."""
    threading.Event().wait(seconds)


def file_output(path, *, buffer="flush_interval 20ms", more=""):
    return f"""<match **>
  @type file
  path {path}
  append true
  {more}
  <format>
    @type json
  </format>
  <buffer []>
    {buffer}
  </buffer>
</match>
"""


def start_senders(port, rng, count=4, **options):
    senders = [Sender(("127.0.0.1", port), f"s{number}", rng.random(), **options) for number in range(count)]
    for sender in senders:
        sender.start()
    return senders


def finish(senders, deadline=30.0):
    try:
        for sender in senders:
            sender.finish(deadline)
    finally:
        for sender in senders:
            sender.abandon()


def wait_for_acks(senders, more, deadline=20.0):
    """Until each of them has that many acked events more."""
    before = [len(sender.acked) for sender in senders]
    wait_until(lambda: all(len(sender.acked) >= start + more or sender.error for sender, start in zip(senders, before)),
               deadline, "acks")


def kill_often(directory, config, port, rng, kills, *, deadline=60):
    """kill -9 at random moments, from the start on; then a run that ends well. Returns the senders."""
    senders = start_senders(port, rng)
    try:
        for number in range(kills + 1):
            with open(directory / f"out.{number}", "wb") as out:
                program = Logboom(config, directory, stdout=out)
                if number == kills:
                    program.start()
                    finish(senders, deadline)
                    program.stop()
                else:
                    program.launch()
                    pause(rng.uniform(0.005, 0.09))
                    program.kill()
        return senders
    finally:
        for sender in senders:
            sender.abandon()


class Running:
    """One logboom under load for the length of a block, which makes faults; then everything is drained and checked."""

    def __init__(self, directory, seed, config, *, files=("app.log",), faults=None, exactly_once=True, memory=None,
                 **options):
        self.directory = pathlib.Path(directory)
        self.rng = random.Random(seed)
        self.program = Logboom(config, self.directory, env=faults.environment if faults else {})
        self.files, self.exactly_once, self.memory, self.options = files, exactly_once, memory, options
        self.senders = []

    def __enter__(self):
        self.program.start()
        self.senders = start_senders(self.program.port, self.rng, **self.options)
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self._end()
        finally:
            for sender in self.senders:
                sender.abandon()
            self.program.kill()
            (self.directory / "log").write_text("\n".join(self.program.stderr.lines()))

    def _end(self):
        finish(self.senders)
        if self.memory is not None and not self.program.sanitized():
            assert self.program.hwm() < self.memory + MEMORY_BEYOND_THE_LIMITS, self.program.hwm()
        summary = self.program.stop()
        delivered = Delivered()
        for name in self.files:
            delivered.add_lines((self.directory / name).read_bytes(), may_be_torn=False)
        check(self.senders, delivered, exactly_once=self.exactly_once)
        assert summary["delivered"] == sum(delivered.count.values()), (summary, sum(delivered.count.values()))
        assert summary["buffered"] == 0


def check_ledger(directory):
    """What logboom itself says of everything since the beginning, crashes included."""
    done = subprocess.run([binary(), "ledger", "-c", "fluent.conf", "--json"], cwd=directory, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"the ledger does not balance:\n{done.stdout}"
