"""out_forward without acks to a port that refuses what it sends: nothing counts as delivered, and a line says why."""

import contextlib
import re
import socket
import struct
import threading
import time

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH, forward_source
from support.forward import Client, packed
from support.forward_server import Receiver
from support.relay import relay, servers
from support.wait import wait_until

T = 1700000000
EVENTS = 20
NO_HEARTBEAT = "  heartbeat_type none\n"
SECURITY = "  <security>\n    self_hostname {}\n    shared_key k3y\n  </security>\n"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    return authority


def tls(ca):
    return (f"  <transport tls>\n    cert_path {ca.server[0]}\n    private_key_path {ca.server[1]}\n  </transport>\n")


def central(section):
    return forward_source().replace("</source>", section + "</source>") + JSON_MATCH


def feed(program, count=EVENTS, pause=0.0):
    with Client(program.address()) as client:
        for n in range(count):
            client.send(packed(f"t.{n}", [(T, {"n": n})]))
            time.sleep(pause)


def sent_events(program):
    return program.counters().total("logboom_forward_sent_events_total")


def failures(program):
    return program.counters().total("logboom_forward_failures_total")


@pytest.mark.parametrize("keepalive", ["true", "false"])
@pytest.mark.parametrize("port", ["tls", "security", "security over tls"])
def test_nothing_counts_as_delivered_that_the_server_does_not_take(logboom, ca, keepalive, port):
    section = {"tls": tls(ca), "security": SECURITY.format("central"),
               "security over tls": tls(ca) + SECURITY.format("central")}[port]
    last = logboom(central(section), name="last")
    params = f"  keepalive {keepalive}\n" + NO_HEARTBEAT
    if "over" in port:
        params += f"  transport tls\n  tls_cert_path {ca.path}\n"
    first = logboom(relay(servers(last.port), params), name="first")
    feed(first)
    line = first.wait_for_log(f"127.0.0.1:{last.port} .*is lost: ")
    assert re.search({"tls": "does its port speak TLS", "security": "<security> is missing here|want a <security>"}
                     .get(port, "<security> is missing here|want a <security>"), line), line
    wait_until(lambda: failures(first) >= 40, 20, "retries")
    assert sent_events(first) == 0
    first.kill()
    assert last.stop()["received"] == 0


@pytest.mark.parametrize("params, server, words", [
    ("", "tls", "does its port speak TLS"), ("", "security", "<security> is missing here|want a <security>"),
])
def test_with_acks_too_the_line_says_what_to_look_at(logboom, ca, params, server, words):
    last = logboom(central(tls(ca) if server == "tls" else SECURITY.format("central")), name="last")
    first = logboom(relay(servers(last.port), "  require_ack_response true\n  keepalive true\n" + NO_HEARTBEAT), name="first")
    feed(first, 1)
    first.wait_for_log(f"is lost: .*({words})")


@pytest.mark.parametrize("by", ["a chunk", "heartbeats"])
def test_a_handshake_that_the_server_does_not_begin_is_said(logboom, by):
    last = logboom(forward_source() + JSON_MATCH, name="last")
    params = {"a chunk": NO_HEARTBEAT,
              "heartbeats": "  heartbeat_interval 100ms\n  phi_threshold 4\n  hard_timeout 60s\n"}[by]
    first = logboom(relay(servers(last.port), params + "  connect_timeout 700ms\n" + SECURITY.format("node")), name="first")
    if by == "a chunk":
        feed(first, 1)
    line = first.wait_for_log("is lost: ", 20)
    assert "no HELO came: has the server a <security>" in line, line
    first.kill()


class Impolite:
    """Reads everything, and answers to a client's end with a reset, as Fluentd does (`linger_timeout 0`), or never ends."""

    def __init__(self, resets):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.received, self.connections, self.resets = bytearray(), [], resets
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        with contextlib.suppress(OSError):
            while data := connection.recv(1 << 16):
                self.received += data
            if self.resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()


@pytest.mark.parametrize("resets", [True, False], ids=["resets", "never ends"])
def test_a_server_that_does_not_end_in_order_gets_everything_once_and_soon(logboom, resets):
    with Impolite(resets) as server:
        program = logboom(relay(servers(server.port), NO_HEARTBEAT))
        begun = time.monotonic()
        feed(program, 50)
        wait_until(lambda: sent_events(program) == 50, 20, "all events")
        assert time.monotonic() - begun < 10
        assert program.stop()["delivered"] == 50
        assert not program.log_lines("is lost")
        wait_until(lambda: len(server.connections) == 50, 10, "the connections")
        wait_until(lambda: server.received.count(b"\xdb") >= 50, 10, "all bytes")
        assert [server.received.count(f"t.{n}".encode() + b"\xdb") for n in range(50)] == [1] * 50


def test_a_server_that_ends_in_order_is_not_waited_for(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), NO_HEARTBEAT))
        feed(program, 100)
        wait_until(lambda: sent_events(program) == 100, 10, "all events")
        assert program.stop()["delivered"] == 100
        receiver.wait_for_messages(100)
        assert len(receiver.messages) == receiver.connections == 100
