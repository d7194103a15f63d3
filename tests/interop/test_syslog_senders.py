"""Programs that send syslog: logger of util-linux, Python's SysLogHandler, rsyslog; and connections in bad shape."""

import json
import logging
import logging.handlers
import re
import shutil
import socket
import struct
import subprocess

import pytest

from support.wait import wait_until

SOURCE = """<source>
  @type syslog
  tag in
  listen tcp://127.0.0.1:0, udp://127.0.0.1:0, unix://{dir}/stream, unixgram://{dir}/log
{more}</source>
<match **>
  @type stdout
</match>
"""
LINE = re.compile(r"(\S+ \S+) \+0000 in\.(\S+): (\{.*\})$")


@pytest.fixture
def collector(logboom, short_dir):
    def start(**parameters):
        more = "".join(f"  {name} {value}\n" for name, value in parameters.items())
        return logboom(SOURCE.format(dir=short_dir, more=more))

    return start


def events(program):
    return [(found[2], json.loads(found[3])) for found in map(LINE.match, program.stdout.lines())]


def messages(program):
    return [record["message"] for _, record in events(program)]


def test_logger_in_each_of_its_forms(collector, short_dir):
    program = collector()
    tcp, udp = (str(program.address(kind)[1]) for kind in ("tcp", "udp"))
    forms = [["-n", "127.0.0.1", "-P", udp, "-d"], ["-n", "127.0.0.1", "-P", tcp, "-T"],
             ["-n", "127.0.0.1", "-P", tcp, "-T", "--octet-count"], ["-n", "127.0.0.1", "-P", udp, "-d", "--rfc3164"],
             ["-n", "127.0.0.1", "-P", tcp, "-T", "--rfc3164"], ["-u", f"{short_dir}/log"],
             ["-u", f"{short_dir}/stream"], ["-n", "127.0.0.1", "-P", udp, "-d", "--rfc5424=notime,nohost"]]
    for number, form in enumerate(forms):
        subprocess.run(["logger", "-t", "job", "-p", "local1.warning", "--id=77", *form, f"form {number}"],
                       check=True, timeout=10)
        program.wait_for_lines(number + 1)
    assert messages(program) == [f"form {number}" for number in range(len(forms))]
    assert {(tag, record["ident"], record["pid"]) for tag, record in events(program)} == {("local1.warn", "job", "77")}


def test_pythons_handler(collector, short_dir):
    program = collector()
    places = [(("127.0.0.1", program.address("udp")[1]), socket.SOCK_DGRAM),
              (("127.0.0.1", program.address("tcp")[1]), socket.SOCK_STREAM),
              (f"{short_dir}/log", socket.SOCK_DGRAM)]
    for number, (address, kind) in enumerate(places):
        handler = logging.handlers.SysLogHandler(address, logging.handlers.SysLogHandler.LOG_DAEMON, kind)
        handler.setFormatter(logging.Formatter("app[%(process)d]: %(message)s"))
        logger = logging.Logger("test", logging.DEBUG)
        logger.addHandler(handler)
        logger.error("one")
        program.wait_for_lines(2 * number + 1)
        logger.info("two\nlines")
        program.wait_for_lines(2 * number + 2)
        handler.close()
    assert messages(program) == ["one", "two\nlines"] * 3
    assert [tag for tag, _ in events(program)] == ["daemon.err", "daemon.info"] * 3


RSYSLOG = """module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{dir}/rs")
$WorkDirectory {dir}
*.* action(type="omfwd" target="127.0.0.1" port="{tcp}" protocol="tcp" template="RSYSLOG_ForwardFormat")
*.* action(type="omfwd" target="127.0.0.1" port="{tcp}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
*.* action(type="omfwd" target="127.0.0.1" port="{udp}" protocol="udp" template="RSYSLOG_TraditionalForwardFormat")
"""


def test_rsyslog_as_a_client(collector, short_dir, tmp_path):
    rsyslogd = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
    assert rsyslogd, "rsyslog is not installed"
    program = collector()
    config = tmp_path / "rsyslog.conf"
    config.write_text(RSYSLOG.format(dir=short_dir, tcp=program.address("tcp")[1], udp=program.address("udp")[1]))
    with subprocess.Popen([rsyslogd, "-n", "-f", str(config), "-i", str(tmp_path / "pid")]) as sender:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                wait_until(lambda: log.connect_ex(f"{short_dir}/rs") == 0, 10, "rsyslog's socket")
                log.send(b"<27>Nov 23 00:33:46 app[7]: through rsyslog")
            # Its RFC 5424 template puts a blank before the message.
            wait_until(lambda: sum("through" in text for text in messages(program)) == 3, 10, "three messages")
        finally:
            sender.terminate()
    mine = [(tag, record) for tag, record in events(program) if record["message"].strip() == "through rsyslog"]
    assert len(mine) == 3
    assert {(tag, record["ident"], record["pid"]) for tag, record in mine} == {("daemon.err", "app", "7")}
    assert len({record["host"] for _, record in mine}) == 1


def test_slow_half_open_and_reset_connections_disturb_nobody(collector):
    program = collector()
    place = program.address("tcp")
    slow, half, cut = (socket.create_connection(place) for _ in range(3))
    half.sendall(b"<13>a: half-open\n<13>a: not ended")
    half.shutdown(socket.SHUT_WR)
    for byte in b"<13>a: byte by byte":
        slow.sendall(bytes([byte]))
    program.wait_for_lines(2)
    cut.sendall(b"<13>a: begun")
    cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    cut.close()
    with socket.create_connection(place) as other:
        other.sendall(b"<13>a: " + b"x" * 1_000_000 + b"\n")
        program.wait_for_lines(3)
    slow.sendall(b"\n")
    program.wait_for_lines(4)
    slow.close()
    half.close()
    assert sorted(len(text) for text in messages(program)) == [9, 9, 12, 1_000_000]
    assert program.stop()["delivered"] == 4


def test_a_sender_of_ipv4_has_its_name_on_a_listener_of_ipv6_too(logboom):
    program = logboom("<source>\n  @type syslog\n  tag in\n  listen tcp://[::]:0, udp://[::]:0\n"
                      "  source_hostname_key from\n</source>\n<match **>\n  @type stdout\n</match>\n")
    with socket.create_connection(("127.0.0.1", program.address("tcp")[1]), 10) as sender:
        sender.sendall(b"<13>a: tcp\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"<13>a: udp", ("127.0.0.1", program.address("udp")[1]))
    program.wait_for_lines(2)
    name = socket.getnameinfo(("127.0.0.1", 0), 0)[0]
    assert [record["from"] for _, record in events(program)] == [name, name]


def test_a_limit_cuts_datagrams_and_says_so(collector, short_dir):
    program = collector(message_length_limit=20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        for text in (b"<13>a: whole", b"<13>a: " + b"x" * 1000, b"<13>a: " + b"y" * 13):
            datagram.sendto(text, program.address("udp"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.sendto(b"<13>a: " + b"z" * 1000, f"{short_dir}/log")
    program.wait_for_lines(4)
    assert sorted(messages(program)) == ["whole", "x" * 13, "y" * 13, "z" * 13]
    assert program.counters().total("logboom_input_errors_total", reason="message_cut") == 2


def test_only_allowed_senders_reach_the_output(collector, short_dir):
    program = collector(allowed_senders="192.0.2.0/24, 2001:db8::/32")
    with pytest.raises(ConnectionResetError):
        with socket.create_connection(program.address("tcp"), 10) as refused:
            assert refused.recv(1) != b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"<13>a: no", program.address("udp"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.sendto(b"<13>a: yes", f"{short_dir}/log")
    program.wait_for_lines(1)
    program.wait_for_counter("logboom_input_errors_total", 2, reason="sender_refused")
    assert messages(program) == ["yes"]
    assert len(program.log_lines(r"refused 127\.0\.0\.1")) == 1
