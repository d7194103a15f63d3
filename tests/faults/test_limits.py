"""<limits>, and floods of connections that never say who they are."""

import contextlib
import json
import resource
import ssl
import threading

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import Client, message, packed
from support.secure import SecureClient, half_open
from support.wait import wait_until

T = 1700000000
KEY = "k3y"
FLOOD = 10000
SECURITY = f"  <security>\n    self_hostname server.example\n    shared_key {KEY}\n    handshake_timeout 60s\n  </security>\n"


def source(more="", limits=None, kind="forward"):
    lines = "".join(f"    {name} {value}\n" for name, value in (limits or {}).items())
    section = f"  <limits>\n{lines}  </limits>\n" if limits else ""
    return f"<source>\n  @type {kind}\n  @id input\n  bind 127.0.0.1\n  port 0\n{more}{section}</source>\n" + JSON_MATCH


def transport(pair):
    return (f"  <transport tls>\n    cert_path {pair[0]}\n    private_key_path {pair[1]}\n    handshake_timeout 60s\n"
            "  </transport>\n")


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


def turned_away(address):
    """Connects and waits for the reset, which may already be there when connect() looks."""
    with contextlib.suppress(ConnectionResetError), Client(address) as client:
        client.wait_closed(5)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    return authority


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class DockerLike:
    """Writes one event after the other on one connection and waits for no answer, as Docker's driver does."""

    def __init__(self, client, tag):
        self.client, self.tag, self.count = client, tag, 0
        self._stop, self._error = threading.Event(), None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)

    def _run(self):
        try:
            while not self._stop.wait(0.002):
                self.client.send(message(self.tag, T, {self.tag: self.count}))
                self.count += 1
        except OSError as error:
            self._error = error

    def check(self, lines):
        assert self._error is None, f"disturbed after {self.count} events: {self._error!r}"
        assert self.count > 0
        assert [record[self.tag] for record in lines if self.tag in record] == list(range(self.count))


@pytest.mark.parametrize("kind", ["security", "tls"])
def test_a_flood_of_half_open_connections_leaves_docker_alone_and_the_door_open(logboom, ca, many_files, kind):
    secured = source(SECURITY if kind == "security" else transport(ca.server))
    program = logboom(secured.replace(JSON_MATCH, "") + source().replace("@id input", "@id plain"))
    address, plain = program.address(index=0), program.address(index=1)

    def connect(deadline=10.0):
        if kind == "security":
            return SecureClient(address, deadline=deadline).log_in(KEY)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(ca.path)
        client = Client(address, deadline)
        client.socket = tls.wrap_socket(client.socket, server_hostname="localhost")
        return client

    with contextlib.ExitStack() as stack:
        docker = DockerLike(stack.enter_context(Client(plain)), "docker")
        inside = DockerLike(stack.enter_context(connect()), "inside")
        with docker, inside:
            sockets = half_open(address, FLOOD // 2)
            for n in range(20):
                with connect() as new:
                    new.send_and_wait(message("t", T, {"new": n}, {"chunk": f"c{n}"}), f"c{n}")
                sockets += half_open(address, FLOOD // 40)
            program.wait_for_counter("logboom_input_errors_total", FLOOD - 1024 - 40, 20, reason="half_open_evicted")
            evicted = errors(program, "half_open_evicted")
        for one in sockets:
            one.close()
    assert FLOOD - 1024 - 40 <= evicted <= FLOOD
    assert len(program.log_lines("too many such connections")) == 1
    program.stop()
    records = [json.loads(line) for line in program.stdout.lines()]
    docker.check(records)
    inside.check(records)
    assert [record["new"] for record in records if "new" in record] == list(range(20))


def test_where_files_run_out_half_open_connections_make_room(logboom, many_files):
    program = logboom(source(SECURITY))
    with SecureClient(program.address()).log_in(KEY) as inside:
        limit = program.descriptors() + 100
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (limit, limit))
        sockets = half_open(program.address(), 400)
        with SecureClient(program.address(), deadline=20).log_in(KEY) as new:
            new.send_and_wait(message("t", T, {"n": 0}, {"chunk": "c0"}), "c0")
        inside.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c1"}), "c1")
        for one in sockets:
            one.close()
    assert errors(program, "half_open_evicted") > 0
    assert program.stop()["received"] == 2


@pytest.mark.parametrize("kind, more", [
    ("forward", ""), ("tcp", "  tag t\n  <parse>\n    @type none\n  </parse>\n"), ("http", ""),
    ("syslog", "  tag t\n  <transport tcp>\n  </transport>\n"), ("gelf", "  tag t\n  protocol_type tcp\n"),
])
def test_every_input_of_streams_has_limits(logboom, kind, more):
    program = logboom(source(more, {"connections": 3, "connections_per_address": 2, "idle_timeout": "2s"}, kind))
    with Client(program.address()) as one, Client(program.address()) as two:
        turned_away(program.address())
        one.wait_closed(10)
        two.wait_closed(10)
    assert errors(program, "too_many_of_address") == 1
    assert errors(program, "idle") == 2
    assert len(program.log_lines("connections_per_address")) == 1
    program.stop()


def test_a_client_that_waits_for_no_answer_is_never_idle_and_one_that_does_loses_nothing(logboom):
    program = logboom(source(limits={"idle_timeout": "2s"}))
    with Client(program.address()) as docker, Client(program.address()) as acked:
        docker.send(message("t", T, {"n": 0}))
        acked.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c1"}), "c1")
        acked.wait_closed(10)
        assert not docker.closed()
        docker.send(message("t", T, {"n": 2}))
        program.wait_for_lines(3)
    assert program.stop()["received"] == 3


def test_messages_that_are_not_whole_are_bounded_for_each_connection_and_together(logboom):
    program = logboom("<system>\n  connection_memory 8m\n</system>\n" + source(limits={"bytes_per_connection": "3m"}))
    entry = b"\x92\xce\x65\x53\xf1\x00\x81\xa1x\xda\xff\xff" + b"x" * 65535
    too_large, fits = packed("t", entry * 80), packed("t", entry * 30, {"chunk": "c1"})

    def begin(size):
        client = Client(program.address())
        with contextlib.suppress(OSError):
            client.send(too_large[:size])
        return client

    with begin(4 << 20) as large:
        large.wait_closed()
    assert errors(program, "bytes_per_connection") == 1
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(begin(2 << 20)) for _ in range(8)]
        program.wait_for_counter("logboom_input_errors_total", 4, reason="connection_memory")
        wait_until(lambda: sum(client.closed() for client in clients) >= 4, what="those that were too much to be reset")
        with Client(program.address()) as small:
            small.send_and_wait(message("t", T, {"n": 0}, {"chunk": "c0"}), "c0")
    wait_until(lambda: program.counters().total("logboom_input_connections") == 0, what="the others to end")
    with Client(program.address()) as again:
        again.send_and_wait(fits, "c1")
    assert program.stop()["received"] == 31
