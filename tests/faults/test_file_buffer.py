"""Buffers in files: what is acked is delivered once, whatever happens to the process and the disk."""

import os
import random
import signal
import subprocess

import pytest

from support import disk_storms, rounds
from support.configs import forward_source
from support.conservation import Delivered, check
from support.faults import Faults
from support.logboom import Logboom, binary, free_port
from support.wait import wait_until

SEED = random.randrange(1 << 32)


@pytest.fixture
def seed():
    print(f"seed {SEED}")
    return SEED


def exec_output(directory, buffer="retry_max_interval 50ms"):
    """An output whose sink is up while there is a file `up`."""
    script = directory / "sink.sh"
    if not script.exists():
        script.write_text(f'#!/bin/sh\n[ -e {directory}/up ] && cat "$1" >>{directory}/app.log\n')
    return f"""<match **>
  @type exec
  @id out
  command /bin/sh {script}
  <format>
    @type json
  </format>
  <buffer []>
    @type file
    path {directory}/buffer
    flush_interval 10ms
    retry_wait 20ms
    {buffer}
  </buffer>
</match>
"""


def delivered_in(directory, *, growing=False):
    delivered = Delivered()
    path = directory / "app.log"
    delivered.add_lines(path.read_bytes() if path.exists() else b"", may_be_torn=growing)
    return delivered


@pytest.mark.parametrize("buffer", ["@type file", "@type file\nsync always\nsegment_size 64k"],
                         ids=["interval", "always"])
def test_what_is_acked_is_delivered_once_whenever_the_process_is_killed(tmp_path, seed, buffer):
    assert disk_storms.kill_with_buffer(tmp_path, seed, kills=15, buffer=buffer) > 0


def test_a_backlog_behind_a_dead_sink_survives_a_kill_and_a_stop(tmp_path, seed):
    port = free_port()
    config = forward_source(port) + exec_output(tmp_path, "compress zstd\nretry_max_interval 50ms")
    rng = random.Random(seed)
    with Logboom(config, tmp_path).start() as program:
        senders = rounds.start_senders(port, rng)
        rounds.wait_for_acks(senders, 200)
        program.kill()
        program.launch()
        rounds.wait_for_acks(senders, 100)
        rounds.finish(senders)
        program.send_signal(signal.SIGTERM)
        assert program.wait_exit() == 0
        (tmp_path / "up").touch()
        program.start()
        wanted = sum(len(sender.acked) for sender in senders)
        wait_until(lambda: len(delivered_in(tmp_path, growing=True).count) >= wanted, 20, "the backlog")
        program.stop()
    check(senders, delivered_in(tmp_path))


@pytest.mark.parametrize("fault", [{"space": 30000}, {"write_error": "ENOSPC"}, {"write_error": "EIO", "write_every": 3},
                                   {"write_limit": 100}, {"sync_error": "EIO", "sync_every": 2}],
                         ids=["no_space_left", "no_space", "broken", "short", "sync_fails"])
def test_nothing_acked_is_lost_by_faults_of_the_buffers_disk(tmp_path, seed, fault):
    faults = Faults(tmp_path, tmp_path / "buffer")
    (tmp_path / "up").touch()
    config = forward_source() + exec_output(tmp_path, "retry_max_interval 50ms\nflush_at_shutdown true")
    with rounds.Running(tmp_path, seed, config, faults=faults, exactly_once=True) as running:
        rounds.wait_for_acks(running.senders, 10)
        with faults.during(**fault):
            wait_until(lambda: faults.get("faults") > 3, 15, "faults")
        rounds.wait_for_acks(running.senders, 10)


@pytest.mark.parametrize("fault", [{"open_error": "EMFILE"}, {"open_error": "EACCES"}, {"read_error": "EIO"}],
                         ids=["no_descriptors", "no_permission", "bad_disk"])
def test_nothing_is_given_up_while_the_system_can_not_read_the_buffers_files(tmp_path, seed, fault):
    faults = Faults(tmp_path, tmp_path / "buffer/segment.")
    (tmp_path / "up").touch()
    config = forward_source() + exec_output(tmp_path, "flush_at_shutdown true")
    with rounds.Running(tmp_path, seed, config, faults=faults, exactly_once=True) as running:
        rounds.wait_for_acks(running.senders, 10)
        with faults.during(**fault):
            for _ in range(30):
                seen = faults.get("faults")
                running.program.send_signal(signal.SIGUSR1)
                wait_until(lambda: faults.get("faults") > seen, 15, "another try")
        rounds.wait_for_acks(running.senders, 10)
        said = running.program.log_lines("can.t read chunk")
        assert len(said) == 1 and "segment.0000000000000001.log: " in said[0], said
        assert "tried again every second" in said[0]


@pytest.mark.parametrize("fault", [{"open_error": "EMFILE"}, {"read_error": "EIO"}], ids=["open", "read"])
def test_files_that_can_not_be_read_at_the_start_are_read_when_they_can_be(tmp_path, seed, fault):
    faults = Faults(tmp_path, tmp_path / "buffer/segment.")
    port = free_port()
    with Logboom(forward_source(port) + exec_output(tmp_path), tmp_path, env=faults.environment).start() as program:
        senders = rounds.start_senders(port, random.Random(seed))
        rounds.wait_for_acks(senders, 50)
        program.kill()
        (tmp_path / "up").touch()
        with faults.during(**fault):
            program.launch()
            program.wait_for_log("can.t read .*segment")
            rounds.wait_for_acks(senders, 50)
            rounds.finish(senders)
        wanted = sum(len(sender.acked) for sender in senders)
        wait_until(lambda: len(delivered_in(tmp_path, growing=True).count) >= wanted, 20, "all of it")
        program.stop()
    # The ids of messages whose acks were lost stand in those files too.
    check(senders, delivered_in(tmp_path), exactly_once=False)


if os.geteuid() == 0:
    def test_a_disk_that_is_smaller_than_one_file_of_the_buffer_fills_and_empties(tmp_path, seed):
        disk_storms.full_disk(tmp_path, seed, turns=2, segments=("64m",))


def test_a_reload_carries_the_backlog_of_a_dead_sink_over(tmp_path, seed):
    port = free_port()
    rng = random.Random(seed)
    with Logboom(forward_source(port) + exec_output(tmp_path), tmp_path).start() as program:
        senders = rounds.start_senders(port, rng)
        for number in range(4):
            rounds.wait_for_acks(senders, 50)
            buffer = f"retry_max_interval {60 + number}ms"
            program.config_path.write_text(forward_source(port) + exec_output(tmp_path, buffer))
            start = program.stderr.line_count()
            program.send_signal(signal.SIGHUP)
            program.wait_for_log("reload", start=start)
        rounds.finish(senders)
        (tmp_path / "up").touch()
        wanted = sum(len(sender.acked) for sender in senders)
        wait_until(lambda: len(delivered_in(tmp_path, growing=True).count) >= wanted, 20, "the backlog")
        program.send_signal(signal.SIGTERM)
        assert program.wait_exit() == 0
    check(senders, delivered_in(tmp_path))


def test_two_processes_never_share_a_buffer(tmp_path):
    config = forward_source() + exec_output(tmp_path)
    with Logboom(config, tmp_path / "a").start() as first, Logboom(config, tmp_path / "b").launch() as second:
        assert second.wait_exit() != 0
        assert f"in use by process {first.pid}" in second.log_tail()


def test_two_outputs_never_share_a_buffer(tmp_path):
    output = f"  @type stdout\n  <buffer>\n    @type file\n    path {tmp_path}/buffer%s\n  </buffer>\n</match>\n"
    config = tmp_path / "two.conf"
    config.write_text("<match a>\n" + output % "" + "<match b>\n" + output % "/")
    for command in (["check", "-c", str(config)], ["-c", str(config)]):
        done = subprocess.run([binary(), *command], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert f"two.conf:12:10: path: the buffer in {tmp_path}/buffer is that of the output at {config}:5:10" in said
    config.write_text("<match a>\n" + output % "/worker0" + "<match b>\n" + output % "/worker1")
    assert subprocess.run([binary(), "check", "-c", str(config)], timeout=20).returncode == 0


def test_a_buffer_that_no_output_has_any_more_is_named_at_the_start(tmp_path, seed):
    system = f"<system>\n  root_dir {tmp_path}/state\n</system>\n"
    output = exec_output(tmp_path).replace(f"    path {tmp_path}/buffer\n", "")
    port = free_port()
    with Logboom(system + forward_source(port) + output, tmp_path).start() as program:
        senders = rounds.start_senders(port, random.Random(seed))
        rounds.wait_for_acks(senders, 20)
        rounds.finish(senders)
        program.stop()
        events = sum(len(sender.acked) for sender in senders)
        program.config_path.write_text(system + forward_source(port) + "<match **>\n  @type null\n</match>\n")
        program.start()
        said = program.log_lines("is no output's of this configuration")
        assert len(said) == 1, said
        assert f"{tmp_path}/state/worker0/out/buffer" in said[0] and f" {events} events, " in said[0]
        assert "give an output the @id out and a <buffer> of @type file" in said[0]
        program.stop()
        program.config_path.write_text(system + forward_source(port) + output)
        (tmp_path / "up").touch()
        program.start()
        wait_until(lambda: len(delivered_in(tmp_path, growing=True).count) >= events, 20, "the backlog")
        program.stop()
        assert not program.log_lines("is no output.s"), "said only while it was so"
    check(senders, delivered_in(tmp_path))
