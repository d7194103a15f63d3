"""A chunk of a file buffer may be far larger than what is to be in memory of it."""

import json
import os
import signal
import subprocess

import pytest

from support.configs import file_match, forward_source
from support.forward import Client, pack, packed
from support.logboom import Logboom, binary, free_port
from support.rounds import check_memory
from support.syslog_sink import SyslogSink

MESSAGES = 150
EVENTS = 1000  # a message, of 1 KiB each
TIME = 1_700_000_000

BUFFER = """  <buffer []>
    @type file
    path {directory}/buffer
    flush_interval 1d
    delayed_commit_timeout 30s
    retry_wait 100ms
    retry_max_interval 200ms
    {more}
  </buffer>
"""


def output(kind, directory, parameters, more="", behind=""):
    return (f"<match **>\n  @type {kind}\n  @id out\n{parameters}"
            + BUFFER.format(directory=directory, more=more) + behind + "</match>\n")


def fill(program, tags=("app.0", "app.1")):
    """Events with a number and bytes that a compressor can do little with; all acked, in one chunk."""
    with Client(program.address()) as client:
        for number in range(MESSAGES):
            entries = b"".join(
                pack([TIME, {"n": number * EVENTS + i, "noise": os.urandom(480).hex()}]) for i in range(EVENTS))
            client.send_and_wait(packed(tags[number % len(tags)], entries, {"chunk": f"{number}", "size": EVENTS}),
                                 f"{number}", deadline=30)


def flush(program):
    program.send_signal(signal.SIGUSR1)


def all_out(program, deadline=60):
    program.wait_for_counter("logboom_output_delivered_events_total", MESSAGES * EVENTS, deadline, id="out")


def deliver(config, directory):
    with Logboom(config, directory / "node").start() as node:
        fill(node)
        flush(node)
        all_out(node)
        check_memory(node)
        node.stop()


def lines_in(directory):
    return [line for file in directory.glob("got.*log") for line in file.read_bytes().splitlines()]


def expect_all(lines):
    numbers = sorted(json.loads(line)["n"] for line in lines)
    assert numbers == list(range(MESSAGES * EVENTS))


def dead_letters(program):
    done = subprocess.run([binary(), "dlq", "list", "-c", program.config_path, "--json"], stdout=subprocess.PIPE, check=True)
    return sum(json.loads(line)["events"] for line in done.stdout.splitlines())


@pytest.mark.parametrize("compress", ["text", "zstd"])
def test_it_is_sent_on_when_a_server_that_was_down_comes_back(tmp_path, compress):
    port = free_port()
    servers = f"""  require_ack_response true
  heartbeat_type none
  <server>
    host 127.0.0.1
    port {port}
  </server>
"""
    config = forward_source() + output("forward", tmp_path, servers, f"compress {compress}")
    with Logboom(config, tmp_path / "node").start() as node:
        fill(node)
        flush(node)
        node.wait_for_log("could not write chunk", deadline=30)
        check_memory(node)
        sink = file_match("**", tmp_path / "got").replace(
            "flush_interval", "total_limit_size 16m\n    chunk_limit_size 1m\n    flush_interval")
        with Logboom(forward_source(port) + sink, tmp_path / "central").start() as central:
            all_out(node)
            check_memory(node)
            check_memory(central, 16 << 20)
            node.stop()
            central.stop()
        expect_all(lines_in(tmp_path))


FILES = {
    "complete": ("", "text"),
    "gzip": ("  compress gzip\n  integrity sha256\n", "gzip"),
    "appended": ("  append true\n  compress gzip\n  integrity sha256\n", "gzip"),
    "by_tag": ("  append true\n", "text"),
}


@pytest.mark.parametrize("how", FILES)
def test_it_is_written_to_files(tmp_path, how):
    parameters, compression = FILES[how]
    path = f"{tmp_path}/out/{'${tag}' if how == 'by_tag' else 'all'}"
    config = forward_source() + output("file", tmp_path, f"  path {path}\n{parameters}  <format>\n    @type json\n  </format>\n")
    deliver(config, tmp_path)
    lines = []
    files = [file for file in (tmp_path / "out").iterdir() if file.suffix != ".integrity"]
    assert len(files) == (2 if how == "by_tag" else 1)
    for file in files:
        data = file.read_bytes()
        if compression == "gzip":
            subprocess.run([binary(), "verify", file], check=True)
            data = subprocess.run(["gzip", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
        lines += data.splitlines()
    expect_all(lines)


def test_it_is_sent_over_relp(tmp_path):
    with SyslogSink("relp", 1) as sink:
        parameters = f"  host 127.0.0.1\n  port {sink.port}\n  protocol relp\n  <format>\n    @type json\n  </format>\n"
        config = forward_source() + output("syslog", tmp_path, parameters)
        deliver(config, tmp_path)
    expect_all(message[message.index(b"{"):] for message in sink.messages)


def test_it_is_handed_to_a_command(tmp_path):
    config = forward_source() + output(
        "exec", tmp_path, f"  command {tmp_path}/take.sh\n  <format>\n    @type json\n  </format>\n")
    (tmp_path / "take.sh").write_text(f'#!/bin/sh\ncat "$1" >>{tmp_path}/got\n')
    (tmp_path / "take.sh").chmod(0o755)
    deliver(config, tmp_path)
    expect_all((tmp_path / "got").read_bytes().splitlines())


def test_it_goes_to_the_rules_of_a_label(tmp_path):
    behind = f"<label @LATER>\n{file_match('**', tmp_path / 'got')}</label>\n".replace(
        "flush_interval", "total_limit_size 4m\n    chunk_limit_size 1m\n    flush_interval")
    config = forward_source() + output("buffer", tmp_path, "  @label @LATER\n") + behind
    deliver(config, tmp_path)
    expect_all(lines_in(tmp_path))


def test_it_becomes_a_dead_letter(tmp_path):
    system = f"<system>\n  root_dir {tmp_path}/root\n</system>\n"
    (tmp_path / "take.sh").write_text(f'#!/bin/sh\n[ -e up ] && cat "$1" >>{tmp_path}/got\n')
    config = system + forward_source() + output("exec", tmp_path, f"  command /bin/sh {tmp_path}/take.sh\n  <format>\n    @type json\n  </format>\n",
                                                   "retry_max_times 1")
    with Logboom(config, tmp_path / "node").start() as node:
        fill(node)
        flush(node)
        node.wait_for_log("are kept as dead letters", deadline=60)
        assert dead_letters(node) == MESSAGES * EVENTS
        (tmp_path / "node" / "up").touch()
        subprocess.run([binary(), "dlq", "resend", "-c", node.config_path, "--all", "--no-wait"], check=True)
        flush(node)
        all_out(node)
        check_memory(node)
        node.stop()
    expect_all((tmp_path / "got").read_bytes().splitlines())


def test_all_of_it_is_refused_event_by_event(tmp_path):
    system = f"<system>\n  root_dir {tmp_path}/root\n</system>\n"
    path = f"  path {tmp_path}/out/${{tag}}\n  append true\n  <format>\n    @type json\n  </format>\n"
    with Logboom(system + forward_source() + output("file", tmp_path, path), tmp_path / "node").start() as node:
        fill(node, ["../../evil", "good"])
        flush(node)
        half = MESSAGES * EVENTS // 2
        node.wait_for_counter("logboom_output_dropped_events_total", half, 60, id="out", reason="invalid")
        assert dead_letters(node) == half
        check_memory(node)
        node.wait_for_log("are kept as dead letters: tag '../../evil'")
        node.stop()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["good.log"]
    numbers = [json.loads(line)["n"] for line in (tmp_path / "out" / "good.log").read_bytes().splitlines()]
    assert numbers == [n for n in range(MESSAGES * EVENTS) if n // EVENTS % 2 == 1]
