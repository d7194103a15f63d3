"""From one logboom to another in GELF: over UDP, TCP and TLS, ended and begun again."""

import json
import pathlib
import socket
import subprocess

import pytest

from support.certs import Authority
from support.logboom import binary, free_port
from support.wait import wait_until

OUT = """<source>
  @type syslog
  tag in
  listen unixgram://{dir}/in
  severity_key level
</source>
<match **>
  @type gelf
  host localhost
  port {port}
  protocol {protocol}
{more}  <buffer>
    flush_interval {interval}
    retry_wait 100ms
  </buffer>
</match>
"""
IN = """<source>
  @type gelf
  tag out
  bind 127.0.0.1
  port {port}
  receive_buffer_size 4m
  {kind}
{tls}  </transport>
</source>
<match **>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""
# A receive buffer holds all of them, although nobody reads while they come.
COUNT = 500 if int(pathlib.Path("/proc/sys/net/core/rmem_max").read_text()) >= 1 << 20 else 150


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """What the sender and the receiver say of TLS, by protocol."""
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    (server, server_key), (client, client_key) = authority.issue("server"), authority.issue("client")
    return (f"  <transport tls>\n    ca_path {authority.path}\n    cert_path {client}\n    private_key_path {client_key}\n"
            "  </transport>\n",
            f"    cert_path {server}\n    private_key_path {server_key}\n    client_cert_auth true\n"
            f"    ca_path {authority.path}\n")


@pytest.fixture(params=["udp", "tcp", "tls"])
def pair(request, logboom, short_dir, tls):
    """Starters of a sender and of a receiver, over one of the transports."""
    port, kind = free_port(), request.param

    def sender(interval="50ms"):
        more = tls[0] if kind == "tls" else ""
        return logboom(OUT.format(dir=short_dir, port=port, protocol="udp" if kind == "udp" else "tcp", more=more,
                                  interval=interval), name="sender")

    def receiver(name="receiver"):
        more = tls[1] if kind == "tls" else ""
        return logboom(IN.format(port=port, kind=f"<transport {kind}>", tls=more), name=name)

    return sender, receiver


def send(directory, *messages):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        wait_until(lambda: log.connect_ex(f"{directory}/in") == 0, 10, "the sender's socket")
        for message in messages:
            log.send(message)


def records(program):
    return [json.loads(line) for line in program.stdout.lines()]


def test_events_arrive_with_their_fields_and_times(pair, short_dir):
    sender, receiver = pair
    receiving, sending = receiver(), sender()
    send(short_dir, b"<27>Nov 23 00:33:46 web app[7]: hello", b"<30>Nov 23 00:33:47 web app[7]: " + b"x" * 20000)
    receiving.wait_for_lines(2)
    first, second = records(receiving)
    assert (first["short_message"], first["host"], first["level"], first["ident"], first["pid"]) == (
        "hello", "web", 3, "app", "7")
    assert (second["short_message"], second["level"]) == ("x" * 20000, 6)
    assert sending.stop()["delivered"] == 2
    assert receiving.stop()["received"] == 2


def test_the_last_events_arrive_although_the_sender_ends(pair, short_dir):
    sender, receiver = pair
    receiving, sending = receiver(), sender(interval="1h")
    send(short_dir, *(b"<13>app: %d" % n for n in range(COUNT)))
    sending.wait_for_counter("logboom_input_events_total", COUNT)
    assert sending.stop()["delivered"] == COUNT
    receiving.wait_for_lines(COUNT)
    assert [record["short_message"] for record in records(receiving)] == [str(n) for n in range(COUNT)]


@pytest.mark.parametrize("pair", ["tcp", "tls"], indirect=True)
def test_a_receiver_that_comes_late_and_comes_again(pair, short_dir):
    sender, receiver = pair
    sending = sender()
    send(short_dir, b"<13>app: 0")
    sending.wait_for_log("can't connect")
    for number in range(1, 3):
        receiving = receiver(f"receiver{number}")
        send(short_dir, b"<13>app: %d" % number)
        receiving.wait_for_lines(2 if number == 1 else 1)
        receiving.stop()
    assert sending.stop()["delivered"] == 3


def test_a_message_that_is_too_long_for_datagrams_becomes_a_dead_letter_and_the_others_arrive(logboom, short_dir, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        more = "  compress false\n  packet_size 100\n"
        sending = logboom(f"<system>\n  root_dir {tmp_path}/root\n</system>\n"
                          + OUT.format(dir=short_dir, port=receiver.getsockname()[1], protocol="udp", more=more, interval="50ms"))
        send(short_dir, b"<13>app: " + b"x" * 20000, b"<13>app: y")
        assert receiver.recv(100).startswith(b"\x1e\x0f"), "a chunk of the short one"
        sending.wait_for_log("1 events of chunk .* can't be written and are kept as dead letters")
        listed = subprocess.run([binary(), "dlq", "show", "-c", sending.config_path], stdout=subprocess.PIPE, check=True)
        letter, = listed.stdout.splitlines()
        assert json.loads(letter)["record"]["message"] == "x" * 20000
