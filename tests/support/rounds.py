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
# What buffers hold in rounds that do not say: senders wait for acks, and sinks take what comes.
LITTLE = 8 << 20
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


def check_memory(program, limits=LITTLE):
    """The peak so far: what the limits of the buffers allow, and 64 MB."""
    if not program.sanitized():
        assert program.hwm() < limits + MEMORY_BEYOND_THE_LIMITS, program.hwm()


def kill_often(directory, config, port, rng, kills, *, deadline=60, memory=LITTLE, after_acks=False):
    """kill -9 at random moments, from the start on, or from the first acks on; then a run that ends well. Returns the
    senders."""
    senders = start_senders(port, rng)
    try:
        for number in range(kills + 1):
            with open(directory / f"out.{number}", "wb") as out:
                program = Logboom(config, directory, stdout=out)
                if number == kills:
                    program.start()
                    finish(senders, deadline)
                    check_memory(program, memory)
                    program.stop()
                else:
                    program.launch()
                    if after_acks:
                        wait_for_acks(senders, 1)
                    pause(rng.uniform(0.005, 0.09))
                    check_memory(program, memory)
                    program.kill()
        return senders
    finally:
        for sender in senders:
            sender.abandon()


class Running:
    """One logboom under load for the length of a block, which makes faults; then everything is drained and checked."""

    def __init__(self, directory, seed, config, *, files=("app.log",), delivered=None, faults=None, exactly_once=True,
                 memory=LITTLE, **options):
        self.directory = pathlib.Path(directory)
        self.rng = random.Random(seed)
        self.program = Logboom(config, self.directory, env=faults.environment if faults else {})
        self.delivered = delivered or (lambda: self._from(files))
        self.exactly_once, self.memory, self.options = exactly_once, memory, options
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
        check_memory(self.program, self.memory)
        summary = self.program.stop()
        self.check(summary, self.delivered())
        assert summary["buffered"] == 0

    def check(self, summary, delivered):
        check(self.senders, delivered, exactly_once=self.exactly_once)
        assert summary["delivered"] == sum(delivered.count.values()), (summary, sum(delivered.count.values()))

    def _from(self, files):
        delivered = Delivered()
        for name in files:
            delivered.add_lines((self.directory / name).read_bytes(), may_be_torn=False)
        return delivered


def check_ledger(directory):
    """What logboom itself says of everything since the beginning, crashes included."""
    done = subprocess.run([binary(), "ledger", "-c", "fluent.conf", "--json"], cwd=directory, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"the ledger does not balance:\n{done.stdout}"
