"""SIGUSR2: a new process takes over under load. Nothing is lost, nothing comes twice, no connection is closed."""

import collections
import json
import os
import pathlib
import random
import signal
import socket
import stat
import time

import pytest

from support import ledger
from support.configs import forward_source, forward_to_json
from support.forward import Client, heartbeat, json_message, message
from support.logboom import binary
from support.reload import configure, written_events
from support.upgrade import T, Sender, Visitor, ask, upgrade
from support.wait import wait_until

MEMORY = "<buffer []>\n    flush_interval 0.02\n  </buffer>"
FILE = "<buffer []>\n    @type file\n    flush_interval 0.05\n  </buffer>"


def to_file(buffer, port=0, **source):
    return "<system>\n  root_dir state\n</system>\n" + forward_source(port, **source) + f"""<match **>
  @type file
  @id out
  path out
  append true
  <format>
    @type json
  </format>
  {buffer}
</match>
"""


def check(program, sent):
    """Every number of every sender is there once, in order."""
    total = sum(sent.values())
    wait_until(lambda: len(written_events(program, "out")) >= total, 30, f"{total} events")
    program.stop()
    seen = collections.defaultdict(list)
    for event in written_events(program, "out"):
        seen[event["c"]].append(event["n"])
    for name, count in sent.items():
        assert seen[name] == list(range(count)), f"{name}: {len(seen[name])} of {count}"
    assert set(seen) == {name for name, count in sent.items() if count}


@pytest.mark.parametrize("buffer", [MEMORY, FILE], ids=["memory", "file"])
def test_20_upgrades_under_load(logboom, buffer):
    program = logboom(to_file(buffer))
    address = program.address()
    forms = ["message"] * 8 + ["pieces"] * 3 + ["acked"] * 6 + ["packed"] * 3
    senders = [Sender(address, f"{form}{i}", form) for i, form in enumerate(forms)]
    visitor = Visitor(address)
    for _ in range(20):
        upgrade(program)
        time.sleep(random.uniform(0, 0.2))
    sent = {sender.name_: sender.end() for sender in senders}
    sent["visitor"] = visitor.end()
    assert min(sent.values()) > 20, sent
    check(program, sent)
    account = ledger.balanced(program.directory / "state")
    assert account["gaps"] == [], account["gaps"]
    assert sum(source["in"] for source in account["sources"].values()) == sum(sent.values())


def test_a_json_connection_goes_on_in_mid_message(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        client.send(json_message("t", T, {"n": 1}))
        data = json_message("t", T, {"n": 2}, {"chunk": "c"})
        program.wait_for_lines(1)
        client.send(data[:9])
        upgrade(program)
        client.send(data[9:])
        assert client.json_reply() == {"ack": "c"}
    program.wait_for_lines(2)
    assert [json.loads(line)["n"] for line in program.stdout.lines()] == [1, 2]
    program.stop()


def test_heartbeats_are_answered_by_the_new_process(logboom):
    program = logboom(forward_to_json())
    address = program.address("udp")
    for _ in range(3):
        assert heartbeat(address) == b"\0"
        upgrade(program)
    assert heartbeat(address) == b"\0"
    program.stop()


def test_a_unix_socket_keeps_its_file(logboom, short_dir):
    path = f"{short_dir}/f.sock"
    config = f"<source>\n  @type unix\n  path {path}\n</source>\n<match **>\n  @type stdout\n</match>\n"
    program = logboom(config)
    with Client(path) as before:
        before.send(message("t", T, {"n": 1}))
        upgrade(program)
        before.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
        with Client(path) as after:
            after.send_and_wait(message("t", T, {"n": 3}, {"chunk": "c"}), "c")
    program.wait_for_lines(3)
    program.stop()
    assert not os.path.exists(path)


TEXT = """<source>
  @type {type}
  bind 127.0.0.1
  port 0
  tag t
  {more}
</source>
<match **>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""


@pytest.mark.parametrize("kind", ["tcp", "syslog", "gelf"])
def test_a_line_in_two_pieces_is_one_event(logboom, kind):
    more = {"tcp": "<parse>\n    @type none\n  </parse>", "syslog": "protocol_type tcp", "gelf": "protocol_type tcp"}[kind]
    line = {"tcp": b"hello there\n", "syslog": b"<30>Oct 11 22:14:15 host app[1]: hello there\n",
            "gelf": b'{"version":"1.1","host":"h","short_message":"hello there"}\0'}[kind]
    program = logboom(TEXT.format(type=kind, more=more))
    with socket.create_connection(program.address()) as client:
        client.sendall(line)
        program.wait_for_lines(1)
        for cut in (3, len(line) - 4, len(line) - 1):
            client.sendall(line[:cut])
            time.sleep(0.02)
            upgrade(program)
            client.sendall(line[cut:])
        program.wait_for_lines(4)
    texts = [record.get("message") or record.get("short_message") for record in map(json.loads, program.stdout.lines())]
    assert texts == ["hello there"] * 4
    program.stop()


def test_counted_syslog_and_docker_s_split_lines_go_on(logboom):
    program = logboom(TEXT.format(type="syslog", more="protocol_type tcp\n  join_split_lines true"))
    head = "<30>Oct 11 22:14:15 host app[1]: "
    first, rest = head + "x" * 16384 + "\n", head + "the end\n"
    counted = f"{len(head) + 5} {head}count"
    with socket.create_connection(program.address()) as client:
        client.sendall(first.encode())
        wait_until(lambda: program.counters().total("logboom_input_bytes_total") >= len(first), what="the first part")
        upgrade(program)
        client.sendall(rest.encode() + counted[:30].encode())
        program.wait_for_lines(1)
        upgrade(program)
        client.sendall(counted[30:].encode())
        program.wait_for_lines(2)
    messages = [json.loads(line)["message"] for line in program.stdout.lines()]
    assert messages == ["x" * 16384 + "the end", "count"]
    program.stop()


def test_an_http_connection_goes_on_between_and_within_requests(logboom):
    program = logboom(TEXT.format(type="http", more="").replace("  tag t\n", ""))
    request = b'POST /t HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"n":1}'
    with socket.create_connection(program.address()) as client:
        for _ in range(3):
            client.sendall(request)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
            upgrade(program)
    program.wait_for_lines(3)
    program.stop()


def test_what_a_filter_holds_is_given_out(logboom):
    joined = """<filter **>
  @type concat
  key log
  multiline_start_regexp /^begin/
  flush_interval 600
  timeout_label @JOINED
</filter>
<label @JOINED>
  <match **>
    @type stdout
  </match>
</label>
"""
    program = logboom(forward_source() + joined + "<match **>\n  @type stdout\n</match>\n")
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"log": "begin 1"}, {"chunk": "c"}), "c")
        upgrade(program)
        program.wait_for_stdout(lambda text: "begin 1" in text)
        client.send_and_wait(message("t", T, {"log": "begin 2"}, {"chunk": "d"}), "d")
    program.stop()
    assert sum("begin" in line for line in program.stdout.lines()) == 2


FILTER = "<filter **>\n  @type record_modifier\n  <record>\n    new yes\n  </record>\n</filter>\n"


def test_a_new_configuration_is_taken(logboom):
    program = logboom(forward_to_json())
    text = program.config_path.read_text()
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        configure(program, FILTER + text)
        upgrade(program)
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    program.wait_for_lines(2)
    assert [json.loads(line) for line in program.stdout.lines()] == [{"n": 1}, {"n": 2, "new": "yes"}]
    program.stop()


def test_a_wrong_configuration_is_refused_and_the_process_goes_on(logboom):
    program = logboom(forward_to_json())
    text = program.config_path.read_text()
    with Client(program.address()) as client:
        configure(program, text + "<match")
        assert "fluent.conf:" in ask(program)
        configure(program, text + "<match x>\n  @type nosuch\n</match>\n")
        assert "nosuch" in ask(program)
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        configure(program, text)
        upgrade(program)
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    assert program.stop()["received"] == 1


def test_events_that_nobody_takes_refuse_the_upgrade(logboom, tmp_path):
    config = forward_source() + f"""<match **>
  @type file
  @id full
  path {tmp_path}/nowhere/x
  append true
  <buffer []>
    flush_interval 0.05
  </buffer>
</match>
"""
    (tmp_path / "nowhere").mkdir()
    program = logboom(config)
    (tmp_path / "nowhere").rmdir()
    (tmp_path / "nowhere").write_text("a file")
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        assert "full has 1 events in memory that it can't write" in ask(program)
        (tmp_path / "nowhere").unlink()
        (tmp_path / "nowhere").mkdir()
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "d"}), "d")
        wait_until(lambda: sum(len(p.read_text().splitlines()) for p in (tmp_path / "nowhere").glob("x*")) == 2, 30)
        upgrade(program)
    program.stop()


@pytest.fixture
def replaced(logboom, tmp_path):
    """A program that is started by a name that then leads to something else."""
    name = tmp_path / "logboom"
    name.symlink_to(binary())
    old = os.environ.get("LOGBOOM")
    os.environ["LOGBOOM"] = str(name)

    def replace(script):
        new = tmp_path / "new"
        if script is None:
            new.symlink_to(binary_of(old))
        else:
            new.write_text(script)
            new.chmod(new.stat().st_mode | stat.S_IXUSR)
        os.replace(new, name)

    yield logboom, replace
    if old is None:
        del os.environ["LOGBOOM"]
    else:
        os.environ["LOGBOOM"] = old


def binary_of(named):
    return named or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "logboom")


# A new process that says what one should, up to some point.
PRETENDER = """#!/usr/bin/python3
import os, re, socket, sys, time
channel = socket.socket(fileno=int(os.environ["LOGBOOM_UPGRADE"].split(":")[1]))

def receive():
    data, rights, _, _ = socket.recv_fds(channel, 65536, 250)
    return data.decode(), rights

def legacy():
    text, files = receive()
    left = int(text.split()[1])
    body = os.pread(files[0], os.fstat(files[0]).st_size, 0)
    while left:
        text, files = receive()
        left -= len(files)
        if "answer" in text:
            channel.send(b"taken")
    return body

def point(name):
    if name == "{point}":
        {end}

point("start")
legacy()
point("offered")
channel.send(b"prepared\\n{key}\\n")
point("prepared")
assert receive()[0] == "take"
point("take")
legacy()
point("taken")
"""


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"], ids=["exits", "killed"])
@pytest.mark.parametrize("point", ["start", "offered", "prepared", "take", "taken"])
def test_a_new_process_that_ends_changes_nothing(replaced, point, end):
    logboom, replace = replaced
    program = logboom(to_file(FILE))
    address = program.address()
    senders = [Sender(address, f"{form}{i}", form) for i, form in
               enumerate(["message", "message", "pieces", "acked", "acked", "packed"])]
    key = f"forward tcp://127.0.0.1:{address[1]}"
    for _ in range(2):
        replace(PRETENDER.replace("{point}", point).replace("{end}", end).replace("{key}", key))
        assert "the new process" in ask(program)
        time.sleep(0.1)
    replace(None)
    upgrade(program)
    time.sleep(0.1)
    check(program, {sender.name_: sender.end() for sender in senders})
    account = ledger.balanced(program.directory / "state")
    assert account["gaps"] == [], account["gaps"]


def test_a_stop_before_the_new_process_fails_is_followed_by_the_old_one(replaced):
    logboom, replace = replaced
    program = logboom(to_file(FILE))
    address = program.address()
    with Client(address) as client:
        client.send_and_wait(message("t", T, {"c": "a", "n": 0}, {"chunk": "c"}), "c")
    end = "open('reached', 'w').close(); time.sleep(0.5); os._exit(3)"
    key = f"forward tcp://127.0.0.1:{address[1]}"
    replace(PRETENDER.replace("{point}", "taken").replace("{end}", end).replace("{key}", key))
    program.send_signal(signal.SIGUSR2)
    wait_until((program.directory / "reached").exists, 20, "everything is handed over")
    check(program, {"a": 1})
    assert program.log_lines("the upgrade is given up")


def test_a_program_that_is_not_there_is_said(replaced):
    logboom, replace = replaced
    program = logboom(forward_to_json())
    replace("#!/nonexistent/interpreter\n")
    assert "can't start" in ask(program)
    replace(None)
    upgrade(program)
    program.stop()


def test_many_connections_are_more_than_one_message_carries(logboom):
    program = logboom(forward_to_json())
    clients = [Client(program.address()) for _ in range(700)]
    for i, client in enumerate(clients):
        client.send(message("t", T, {"n": i}))
    program.wait_for_lines(700)
    upgrade(program)
    for i, client in enumerate(clients):
        client.send(message("t", T, {"n": 700 + i}))
    program.wait_for_lines(1400)
    assert sorted(json.loads(line)["n"] for line in program.stdout.lines()) == list(range(1400))
    program.stop()
