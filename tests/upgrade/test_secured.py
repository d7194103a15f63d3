"""SIGUSR2 and who is known: TLS connections end in order, those that <security> has let in go on."""

import json
import ssl
import threading
import time

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH, forward_source
from support.forward import Client, message
from support.reload import written_events
from support.secure import SecureClient
from support.upgrade import T, upgrade
from support.wait import wait_until

KEY = "k3y"
SECURITY = f"  <security>\n    self_hostname server.example\n    shared_key {KEY}\n  </security>\n"
FILE_MATCH = """<match **>
  @type file
  @id out
  path out
  append true
  <format>
    @type json
  </format>
  <buffer []>
    @type file
    flush_interval 0.05
  </buffer>
</match>
"""


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    authority.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.context.load_verify_locations(authority.path)
    return authority


def source(section):
    return "<system>\n  root_dir state\n</system>\n" + forward_source().replace("</source>", section + "</source>")


def transport(ca):
    return f"  <transport tls>\n    cert_path {ca.server[0]}\n    private_key_path {ca.server[1]}\n  </transport>\n"


class TlsClient(Client):
    def __init__(self, address, context):
        super().__init__(address)
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")


class TlsSender(threading.Thread):
    """Sends numbered events and waits for each one's ack; where a connection ends it makes another and sends it again."""

    def __init__(self, address, context, name):
        super().__init__(daemon=True)
        self.address, self.context, self.name_ = address, context, name
        self.acked, self.connections, self.error = 0, 0, None
        self.ending = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                with TlsClient(self.address, self.context) as client:
                    self.connections += 1
                    self._send(client)
        except Exception as error:  # said by `end`
            self.error = error

    def _send(self, client):
        while not self.ending.is_set():
            chunk = f"{self.name_}-{self.acked}"
            try:
                client.send(message("t", T, {"c": self.name_, "n": self.acked}, {"chunk": chunk}))
                answer = client.reply(20)
            except (OSError, AssertionError, EOFError):
                return
            assert answer == {"ack": chunk}, answer
            self.acked += 1
            time.sleep(0.0005)

    def end(self):
        self.ending.set()
        self.join(30)
        assert self.error is None, f"{self.name_}: refused after {self.acked} events: {self.error!r}"
        return self.acked


def test_tls_connections_end_after_their_acks_and_new_ones_are_never_refused(logboom, ca):
    program = logboom(source(transport(ca)) + FILE_MATCH)
    senders = [TlsSender(program.address(), ca.context, f"s{n}") for n in range(6)]
    for n in range(5):
        before = [sender.acked for sender in senders]
        wait_until(lambda: all(sender.acked > old + 20 for sender, old in zip(senders, before)), 20, "acks")
        upgrade(program)
    acked = {sender.name_: sender.end() for sender in senders}
    program.stop()
    seen = {(event["c"], event["n"]) for event in written_events(program, "out")}
    lost = [(name, n) for name, count in acked.items() for n in range(count) if (name, n) not in seen]
    assert lost == []
    assert all(sender.connections >= 5 for sender in senders)
    assert min(acked.values()) > 100


def test_what_a_tls_client_has_sent_is_read_before_its_connection_ends(logboom, ca):
    program = logboom(source(transport(ca)) + JSON_MATCH)
    address = program.address()
    with TlsClient(address, ca.context) as client:
        client.send(b"".join(message("t", T, {"n": n}) for n in range(500)))
        upgrade(program)
        client.wait_closed(5)
    with TlsClient(address, ca.context) as client:
        client.send_and_wait(message("t", T, {"n": 500}, {"chunk": "c"}), "c")
    program.wait_for_lines(501)
    assert [json.loads(line)["n"] for line in program.stdout.lines()] == list(range(501))
    assert not program.log_lines(r"\[(warn|error)\]")
    program.stop()


def test_who_is_in_stays_in(logboom):
    program = logboom(source(SECURITY) + JSON_MATCH)
    address = program.address()
    with SecureClient(address).log_in(KEY) as client:
        for n in range(3):
            client.send_and_wait(message("t", T, {"n": n}, {"chunk": f"c{n}"}), f"c{n}")
            upgrade(program)
        client.send(message("t", T, {"n": 3}))
        program.wait_for_lines(4)
        with SecureClient(address) as stranger:
            assert stranger.refused("other") == "shared_key mismatch"
    program.stop()


def test_who_has_not_said_who_it_is_begins_again_and_is_not_blamed(logboom):
    program = logboom(source(SECURITY) + JSON_MATCH)
    address = program.address()
    with SecureClient(address) as half, SecureClient(address) as silent:
        half.send(half.ping(KEY)[:20])
        wait_until(lambda: program.counters().total("logboom_input_bytes_total") >= 20, what="half a PING")
        upgrade(program)
        half.wait_closed(5)
        silent.wait_closed(5)
    with SecureClient(address).log_in(KEY) as again:
        again.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    assert not program.log_lines(r"\[(warn|error)\]")
    program.stop()
