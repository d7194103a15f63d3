"""RELP: rsyslog as the sender and the receiver, and a sender that checks what its answers promise."""

import contextlib
import pathlib
import re
import socket

import pytest

from support.logboom import free_port
from support.rsyslog import rsyslog
from support.wait import wait_until

SOURCE = """<source>
  @type syslog
  tag in
  listen relp://127.0.0.1:{port}, unixgram://{dir}/in
</source>
"""
STDOUT = "<match **>\n  @type stdout\n  <format>\n    @type single_value\n  </format>\n</match>\n"
OUT = """<match **>
  @type syslog
  protocol relp
  host 127.0.0.1
  port {port}
  message_format rfc5424
  <buffer>
    flush_interval 50ms
    retry_wait 100ms
  </buffer>
</match>
"""
SENDING = """global(workDirectory="{dir}")
module(load="omrelp")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{dir}/rs")
*.* action(type="omrelp" target="127.0.0.1" port="{port}" template="RSYSLOG_SyslogProtocol23Format")
"""
RECEIVING = """global(workDirectory="{dir}")
module(load="imrelp")
input(type="imrelp" port="{port}" address="127.0.0.1")
template(name="t" type="string" string="%msg%\\n")
if $inputname == "imrelp" then action(type="omfile" file="{dir}/out" template="t")
"""


def datagrams(path, messages):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        wait_until(lambda: sender.connect_ex(path) == 0, 10, path)
        for message in messages:
            sender.send(message)


class Sender:
    """A RELP session that sends messages and knows which were answered."""

    def __init__(self, port):
        self.connection = None

        def connects():
            with contextlib.suppress(ConnectionRefusedError):
                self.connection = socket.create_connection(("127.0.0.1", port), 10)
            return self.connection

        wait_until(connects, 10, "the listener")
        self.file = self.connection.makefile("rb")
        self.transaction = 0
        self.send("open", b"relp_version=0\nrelp_software=test\ncommands=syslog")
        assert self.answer()[1].startswith(b"200 OK")

    def send(self, command, data):
        self.transaction += 1
        self.connection.sendall(b"%d %s %d%s\n" % (self.transaction, command.encode(), len(data),
                                                   b" " + data if data else b""))
        return self.transaction

    def answer(self):
        """(transaction, data) of the next frame."""
        head = b""
        while not re.fullmatch(rb"\d+ \w+ \d+[ \n]", head):
            byte = self.file.read(1)
            if not byte:
                raise ConnectionResetError
            head += byte
        number, _, length = head.split()
        return int(number), (self.file.read(int(length) + 1)[:-1] if head.endswith(b" ") else b"")


def test_rsyslog_sends(logboom, short_dir):
    program = logboom(SOURCE.format(dir=short_dir, port=0) + STDOUT)
    with rsyslog(short_dir, SENDING, program.port):
        datagrams(f"{short_dir}/rs", [b"<13>Nov 23 00:33:46 app: number %d" % n for n in range(300)])
        wait_until(lambda: sum("number" in line for line in program.stdout.lines()) == 300, 15, "300 messages")
    assert [line.strip() for line in program.stdout.lines() if "number" in line] == [f"number {n}" for n in range(300)]
    assert program.stop()["dropped"] == 0


def test_a_message_of_rsyslog_beyond_the_limit_is_cut_and_those_behind_it_come(logboom, short_dir):
    program = logboom(SOURCE.format(dir=short_dir, port=0).replace("</source>", "  message_length_limit 1k\n</source>")
                      + STDOUT)
    with rsyslog(short_dir, 'global(maxMessageSize="64k")\n' + SENDING, program.port):
        datagrams(f"{short_dir}/rs", [b"<13>Nov 23 00:33:46 app: first", b"<13>Nov 23 00:33:46 app: " + b"x" * 30000,
                                      b"<13>Nov 23 00:33:46 app: last"])
        wait_until(lambda: sum(line.strip() == "last" for line in program.stdout.lines()), 15, "the last message")
    messages = [line.strip() for line in program.stdout.lines()]
    first, long, last = [message for message in messages if message[:1] in tuple("flx")]
    assert (first, last) == ("first", "last")
    assert 900 < len(long) < 1024 and set(long) == {"x"}
    assert program.counters().total("logboom_input_errors_total", reason="message_cut") == 1
    assert program.counters().total("logboom_input_connections_total") <= 2
    assert program.stop()["dropped"] == 0


def test_rsyslog_receives_even_if_it_comes_late(logboom, short_dir):
    port = free_port()
    program = logboom(SOURCE.format(dir=short_dir, port=0) + OUT.format(port=port))
    datagrams(f"{short_dir}/in", [b"<13>app: number %d" % n for n in range(300)])
    program.wait_for_log("can't connect")

    def lines():
        with contextlib.suppress(FileNotFoundError), open(f"{short_dir}/out", encoding="utf-8") as out:
            return [line.strip() for line in out]
        return []

    with rsyslog(short_dir, RECEIVING, port):
        wait_until(lambda: len(lines()) >= 300, 15, "300 messages", interval=0.05)
        assert lines() == [f"number {n}" for n in range(300)]
        assert program.stop()["delivered"] == 300


def test_every_answer_comes_in_order_and_a_session_ends_properly(logboom, short_dir):
    program = logboom(SOURCE.format(dir=short_dir, port=0) + STDOUT)
    sender = Sender(program.port)
    numbers = [sender.send("syslog", b"<13>app: %d" % n) for n in range(100)]
    assert [sender.answer() for _ in numbers] == [(number, b"200 OK") for number in numbers]
    number = sender.send("nonsense", b"")
    assert sender.answer() == (number, b"500 unknown command")
    number = sender.send("close", b"")
    assert sender.answer() == (number, b"")
    assert sender.answer()[0] == 0
    assert sender.file.read() == b""
    assert program.stop()["received"] == 100


def test_only_allowed_senders_open_a_session(logboom, short_dir):
    config = SOURCE.format(dir=short_dir, port=0).replace("</source>", "  allowed_senders 127.0.0.1\n</source>")
    program = logboom(config + STDOUT)
    with pytest.raises(ConnectionResetError):
        with socket.create_connection(("127.0.0.1", program.port), 10, source_address=("127.0.0.2", 0)) as refused:
            assert refused.recv(1) != b""
    sender = Sender(program.port)
    number = sender.send("syslog", b"<13>app: yes")
    assert sender.answer() == (number, b"200 OK")
    assert program.counters().total("logboom_input_errors_total", reason="sender_refused") == 1
    assert len(program.log_lines(r"refused 127\.0\.0\.2")) == 1
    assert program.stop()["received"] == 1


def test_what_was_answered_survives_a_kill(logboom, short_dir, tmp_path):
    port = free_port()
    answered, sent = set(), 0
    with open(tmp_path / "out", "wb") as out:
        for life in range(3):
            program = logboom(SOURCE.format(dir=short_dir, port=port) + STDOUT, name=f"life{life}", stdout=out.fileno())
            sender = Sender(port)
            waiting = {}
            for _ in range(500):
                waiting[sender.send("syslog", b"<13>app: message %d." % sent)] = sent
                sent += 1
            for _ in range(100 + 50 * life):
                answered.add(waiting.pop(sender.answer()[0]))
            program.kill()
    written = {int(found) for found in re.findall(rb"message (\d+)\.", (tmp_path / "out").read_bytes())}
    assert len(answered) >= 450 and answered <= written


TO_FILE = """<match **>
  @type file
  path {dir}/written
  append true
  <format>
    @type single_value
  </format>
  <buffer>
    @type file
    path {dir}/buffer
    flush_interval 300ms
    segment_size 256k
  </buffer>
</match>
"""


def written(directory):
    found = []
    for path in pathlib.Path(directory).glob("written*"):
        found += [int(number) for number in re.findall(rb"message (\d+)\.", path.read_bytes())]
    return found


def test_what_was_answered_is_in_the_file_buffer_and_survives_kills(logboom, short_dir):
    port = free_port()
    config = SOURCE.format(dir=short_dir, port=port) + TO_FILE.format(dir=short_dir)
    answered, sent = set(), 0
    for life in range(4):
        program = logboom(config, name=f"life{life}")
        sender = Sender(port)
        waiting = {}
        for _ in range(400):
            waiting[sender.send("syslog", b"<13>app: message %d." % sent)] = sent
            sent += 1
        for _ in range(60 + 90 * life):
            answered.add(waiting.pop(sender.answer()[0]))
        program.kill()
    program = logboom(config, name="last")
    wait_until(lambda: answered <= set(written(short_dir)), 15, "all that was answered", interval=0.05)
    program.stop()
    assert len(answered) == 780
    assert len(set(written(short_dir))) <= sent


def test_rsyslog_sends_all_of_it_although_the_receiver_is_killed(logboom, short_dir):
    port = free_port()
    config = SOURCE.format(dir=short_dir, port=port) + TO_FILE.format(dir=short_dir)
    patient = SENDING.replace('port="{port}"', 'port="{port}" action.resumeRetryCount="-1" action.resumeInterval="1"')
    program = logboom(config, name="life0")
    with rsyslog(short_dir, patient, port):
        for life in range(1, 4):
            datagrams(f"{short_dir}/rs", [b"<13>app: message %d." % n for n in range(200 * life - 200, 200 * life)])
            wait_until(lambda: program.counters().total("logboom_input_events_total") > 20, 10, "some of it")
            program.kill()
            program = logboom(config, name=f"life{life}")
        wait_until(lambda: set(range(600)) <= set(written(short_dir)), 30, "all 600", interval=0.1)
    program.stop()
