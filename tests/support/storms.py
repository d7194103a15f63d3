"""Rounds of load and faults, each with a seed that makes it again; the tests run few of them and `./dev soak` many.

A round raises AssertionError where something is lost, changed or counted wrongly. It leaves its files behind.
"""

import pathlib
import random
import signal
import threading

from support.configs import forward_source
from support.conservation import Delivered, Sender, check
from support.faults import Faults
from support.logboom import Logboom, free_port
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


def kill_and_start(directory, seed, kills=25):
    """A logboom whose acks say that an event is written is killed again and again."""
    directory = pathlib.Path(directory)
    port = free_port()
    senders = kill_often(directory, forward_source(port) + STDOUT, port, random.Random(seed), kills)
    delivered = Delivered()
    for number in range(kills + 1):
        delivered.add_lines((directory / f"out.{number}").read_bytes(), may_be_torn=number < kills)
    return check(senders, delivered, exactly_once=False, killed=kills)


def kill_with_buffer(directory, seed, kills=25, buffer="@type file", exactly_once=True):
    """The same where acks say that a buffer has the event. A chunk that comes again has the id that it had, which a
    sink can tell it by: here it is the name of a file."""
    directory = pathlib.Path(directory)
    port = free_port()
    config = f"""<system>
  root_dir {directory}/state
</system>
{forward_source(port)}<match **>
  @type file
  @id out
  path {directory}/chunks/${{chunk_id}}
  append false
  <format>
    @type json
  </format>
  <buffer []>
    {buffer}
    flush_interval 20ms
  </buffer>
</match>
"""
    senders = kill_often(directory, config, port, random.Random(seed), kills)
    chunks = {}
    for path in sorted(directory.glob("chunks/*.log")):
        chunks.setdefault(path.name.partition("_")[0], []).append(path.read_bytes())
    delivered = Delivered()
    for name, copies in chunks.items():
        assert len(set(copies)) == 1, f"the chunk {name} came again, and is another one"
        delivered.add_lines(copies[0], may_be_torn=False)
    return check(senders, delivered, exactly_once=exactly_once)


def stop_and_start(directory, seed, stops=5):
    """TERM and INT under load: nothing acked is lost, and the accounts balance each time."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    port = free_port()
    senders = start_senders(port, rng)
    try:
        for number in range(stops):
            program = Logboom(forward_source(port) + file_output(directory / "app"), directory).start()
            pause(rng.uniform(0.02, 0.2))
            if number == stops - 1:
                finish(senders)
            program.stop(number=rng.choice([signal.SIGTERM, signal.SIGINT]))
        delivered = Delivered()
        delivered.add_lines((directory / "app.log").read_bytes(), may_be_torn=False)
        return check(senders, delivered, exactly_once=False)
    finally:
        for sender in senders:
            sender.abandon()


class Running:
    """One logboom under load for the length of a block, which makes faults; then everything is drained and checked."""

    def __init__(self, directory, seed, config, *, files=("app.log",), faults=None, exactly_once=False, memory=None,
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


def reload_under_load(directory, seed, reloads=8):
    """The configuration changes again and again, the output's name and format of its buffer with it."""
    directory = pathlib.Path(directory)
    port = free_port()

    def config(number):
        return (forward_source(port) + file_output(directory / "app", buffer=f"flush_interval {10 + number}ms",
                                                    more=f"@id out{number % 2}"))

    with Running(directory, seed, config(0)) as running:
        for number in range(1, reloads + 1):
            wait_for_acks(running.senders, 20)
            running.program.config_path.write_text(config(number))
            start = running.program.stderr.line_count()
            running.program.send_signal(signal.SIGHUP)
            running.program.wait_for_log("reload", start=start)


def failing_writes(directory, seed, turns=6):
    """Writes to the output's files fail, are short or slow, or the disk is full; space comes back."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    faults = Faults(directory, directory / "app")
    kinds = [{"write_error": "EIO", "write_every": 3}, {"write_limit": 7, "write_every": 2}, {"write_error": "ENOSPC"},
             {"space": rng.randrange(5000)}, {"write_delay": 20000}, {"write_error": "EINTR", "write_every": 2}]
    config = forward_source() + file_output(directory / "app", buffer="flush_interval 10ms\nretry_wait 20ms\n"
                                            "retry_max_interval 50ms\ntotal_limit_size 4m")
    chosen = rng.sample(kinds, k=min(turns, len(kinds)))
    with Running(directory, seed, config, faults=faults, memory=4 << 20) as running:
        for kind in chosen:
            wait_for_acks(running.senders, 10)
            before = faults.get("writes")
            with faults.during(**kind):
                wait_until(lambda: faults.get("writes") > before + 3, 10, "writes")
                pause(rng.uniform(0, 0.1))
    assert faults.get("faults") > 0


def jumping_clock(directory, seed, turns=8):
    """The system's clock goes back and forth by hours."""
    directory = pathlib.Path(directory)
    faults = Faults(directory, directory / "app")
    rng = random.Random(seed)
    config = forward_source() + file_output(directory / "app", buffer="flush_interval 10ms")
    with Running(directory, seed, config, faults=faults) as running:
        for _ in range(turns):
            faults.set(clock_offset=rng.choice([-1, 1]) * rng.randrange(1, 400 * 86400) * 1_000_000_000)
            wait_for_acks(running.senders, 30)


def sink_that_fails(directory, seed, turns=6):
    """A sink that is down, slow, or ends in the middle: the program of an output exec."""
    directory = pathlib.Path(directory)
    rng = random.Random(seed)
    mode = directory / "mode"

    def become(kind):
        (directory / "mode.new").write_text(kind)
        (directory / "mode.new").replace(mode)

    become("up")
    script = directory / "sink.sh"
    script.write_text(f"""#!/bin/sh
case "$(cat {mode})" in
  up) cat "$1" >>{directory}/app.log ;;
  down) exit 1 ;;
  killed) kill -9 $$ ;;
  slow) timeout 0.1 tail -f /dev/null; cat "$1" >>{directory}/app.log ;;
  *) exit 2 ;;
esac
""")
    config = forward_source() + f"""<match **>
  @type exec
  command /bin/sh {script}
  <format>
    @type json
  </format>
  <buffer>
    flush_interval 10ms
    retry_wait 20ms
    retry_max_interval 50ms
    total_limit_size 4m
  </buffer>
</match>
"""
    with Running(directory, seed, config, memory=4 << 20) as running:
        for kind in rng.choices(["down", "killed", "slow"], k=turns):
            wait_for_acks(running.senders, 10)
            become(kind)
            pause(rng.uniform(0.02, 0.15))
            become("up")


ROUNDS = {round.__name__: round for round in (
    kill_and_start, stop_and_start, reload_under_load, failing_writes, jumping_clock, sink_that_fails)}
