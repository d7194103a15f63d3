"""Rounds of load and faults, each with a seed that makes it again; the tests run few of them and `./dev soak` many.

A round raises AssertionError where something is lost, changed or counted wrongly. It leaves its files behind.
"""

import pathlib
import random
import signal

from support.configs import forward_source
from support.conservation import Delivered, check
from support.faults import Faults
from support.logboom import Logboom, free_port
from support.rounds import STDOUT, Running, check_memory, file_output, finish, kill_often, pause, start_senders, wait_for_acks
from support.wait import wait_until


def kill_and_start(directory, seed, kills=25):
    """A logboom whose acks say that an event is written is killed again and again."""
    directory = pathlib.Path(directory)
    port = free_port()
    senders = kill_often(directory, forward_source(port) + STDOUT, port, random.Random(seed), kills)
    delivered = Delivered()
    for number in range(kills + 1):
        delivered.add_lines((directory / f"out.{number}").read_bytes(), may_be_torn=number < kills)
    return check(senders, delivered, exactly_once=False, killed=kills)


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
            check_memory(program)
            program.stop(number=rng.choice([signal.SIGTERM, signal.SIGINT]))
        delivered = Delivered()
        delivered.add_lines((directory / "app.log").read_bytes(), may_be_torn=False)
        return check(senders, delivered, exactly_once=False)
    finally:
        for sender in senders:
            sender.abandon()


def reload_under_load(directory, seed, reloads=8):
    """The configuration changes again and again: the output, its buffer, and what stands beside it."""
    directory = pathlib.Path(directory)

    def config(port, number):
        return (forward_source(port) + f"<match other.{number}>\n@type null\n</match>\n" +
                file_output(directory / "app", buffer=f"flush_interval {10 + number // 2}ms", more="@id out"))

    # What a buffer in memory remembers of messages goes with it when its output is another one.
    reload_often(directory, seed, reloads, config, exactly_once=False)


def reload_beside(directory, seed, reloads=8):
    """What changes again and again is another output."""
    directory = pathlib.Path(directory)

    def config(port, number):
        return (forward_source(port) + f"<match other.{number}>\n@type null\n</match>\n" +
                file_output(directory / "app", more="@id out"))

    reload_often(directory, seed, reloads, config)


def reload_often(directory, seed, reloads, config_of, **options):
    port = free_port()

    def config(number):
        return config_of(port, number)

    with Running(directory, seed, config(0), **options) as running:
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
    kill_and_start, stop_and_start, reload_under_load, reload_beside, failing_writes, jumping_clock, sink_that_fails)}
