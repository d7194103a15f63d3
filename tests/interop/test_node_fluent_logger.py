"""@fluent-org/logger for Node.js: a client that knows <security> and TLS, in modes that other clients don't send, and a
server that knows them too."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.certs import Authority
from support.collector import Collector
from support.configs import JSON_MATCH
from support.forward import Client, packed
from support.relay import relay

PACKAGE = "@fluent-org/logger@1.0.10"
COUNT = 500
KEY, PASSWORD = "k3y", "p4ssw0rd"
SECURITY = (f"  <security>\n    self_hostname server.example\n    shared_key {KEY}\n    user_auth true\n"
            f"    <user>\n      username alice\n      password {PASSWORD}\n    </user>\n  </security>\n")
RIGHT = {"clientHostname": "node.example", "sharedKey": KEY, "username": "alice", "password": PASSWORD}


@pytest.fixture(scope="session")
def module(tmp_path_factory):
    """Where the package is. It is in npm's registry only, so that machines without npm go without this test."""
    if not shutil.which("npm"):
        if os.environ.get("CI"):
            pytest.fail("Node.js or npm is missing")
        pytest.skip("needs Node.js with npm")
    folder = tmp_path_factory.mktemp("node")
    subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE],
                   stdout=subprocess.DEVNULL, check=True, timeout=120)
    return str(folder / "node_modules/@fluent-org/logger")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server, authority.client = authority.issue("server"), authority.issue("client")
    return authority


def source(more=SECURITY):
    return f"<source>\n  @type forward\n  @id input\n  bind 127.0.0.1\n  port 0\n{more}</source>\n" + JSON_MATCH


def transport(ca):
    return (f"  <transport tls>\n    cert_path {ca.server[0]}\n    private_key_path {ca.server[1]}\n"
            f"    client_cert_auth true\n    ca_path {ca.path}\n  </transport>\n")


def send(module, program, **settings):
    settings = {"module": module, "port": program.port, "count": COUNT, "mode": "Message", "ack": False, **settings}
    script = pathlib.Path(__file__).parent / "node_client" / "main.js"
    return subprocess.run(["node", str(script), json.dumps(settings)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, check=False)


@pytest.mark.parametrize("ack", [False, True], ids=["no ack", "ack"])
@pytest.mark.parametrize("mode", ["Message", "Forward", "PackedForward", "CompressedPackedForward"])
def test_every_event_arrives_after_the_handshake(logboom, module, mode, ack):
    program = logboom(source())
    run = send(module, program, mode=mode, ack=ack, security=RIGHT)
    assert run.returncode == 0, run.stdout
    program.wait_for_lines(COUNT)
    assert program.stop()["received"] == COUNT
    assert sorted(json.loads(line)["n"] for line in program.stdout.lines()) == list(range(COUNT))


def test_it_shows_a_certificate_and_knows_the_key(logboom, module, ca):
    program = logboom(source(SECURITY + transport(ca)))
    run = send(module, program, ack=True, security=RIGHT, ca=str(ca.path), cert=str(ca.client[0]), key=str(ca.client[1]))
    assert run.returncode == 0, run.stdout
    assert program.stop()["received"] == COUNT


@pytest.mark.parametrize("wrong, reason", [
    ({"sharedKey": "other"}, "shared_key mismatch"), ({"password": "other"}, "username/password mismatch"),
    ({"username": "bob"}, "username/password mismatch"), ({"clientHostname": "server.example"}, None),
], ids=["key", "password", "user", "own name"])
def test_who_is_wrong_sends_nothing(logboom, module, wrong, reason):
    program = logboom(source())
    run = send(module, program, ack=True, security={**RIGHT, **wrong})
    assert run.returncode == 1
    if reason is not None:
        program.wait_for_log(f"is refused: {reason}")
    assert program.stop()["received"] == 0


@contextlib.contextmanager
def node_server(module, **settings):
    """A running server: its port, and what it prints."""
    script = pathlib.Path(__file__).parent / "node_server" / "main.js"
    with subprocess.Popen(["node", str(script), json.dumps({"module": module, **settings})],
                          stdout=subprocess.PIPE) as process:
        try:
            output = Collector(process.stdout, "the server of Node.js")
            output.wait_line_count(1, 20)
            yield json.loads(output.lines()[0])["port"], output
        finally:
            process.kill()


SERVER_SECURITY = {"serverHostname": "node.server", "sharedKey": KEY, "authorize": True, "userDict": {"alice": PASSWORD}}
PASSED = 300


def sends_to(port, params, key=KEY, password=PASSWORD):
    security = f"  <security>\n    self_hostname node.example\n    shared_key {key}\n  </security>\n"
    server = (f"  <server>\n    host 127.0.0.1\n    port {port}\n    username alice\n    password {password}\n"
              "  </server>\n")
    return relay(security + server, params)


def pass_through(logboom, port, output, params):
    """Events in chunks of several sizes; each is acked, and the server has each once."""
    program = logboom(sends_to(port, params))
    with Client(program.address()) as client:
        for first in range(0, PASSED, 10):
            client.send(packed(f"app.{first // 100}", [(1700000000, {"n": n}) for n in range(first, first + 10)]))
    output.wait_line_count(1 + PASSED, 20)
    program.wait_for_counter("logboom_forward_sent_events_total", PASSED)
    assert program.stop()["delivered"] == PASSED
    assert not program.log_lines("is lost")
    events = [json.loads(line) for line in output.lines()[1:]]
    assert sorted(event["record"]["n"] for event in events) == list(range(PASSED))
    assert all(event["tag"] == f"app.{event['record']['n'] // 100}" for event in events)


@pytest.mark.parametrize("params", [
    "  require_ack_response true\n  keepalive true\n", "  require_ack_response true\n", "  keepalive true\n", "",
    "  require_ack_response true\n  keepalive true\n  compress gzip\n",
], ids=["acks, kept", "acks", "kept", "neither", "gzip"])
def test_its_server_gets_everything_after_the_handshake(logboom, module, params):
    with node_server(module, security=SERVER_SECURITY) as (port, output):
        pass_through(logboom, port, output, params)


@pytest.mark.parametrize("acks", ["true", "false"])
@pytest.mark.parametrize("mutual", [True, False], ids=["mutual", "server only"])
def test_its_server_gets_everything_over_tls(logboom, module, ca, mutual, acks):
    clients = {"ca": str(ca.path)} if mutual else {}
    params = f"  require_ack_response {acks}\n  keepalive {acks}\n  transport tls\n  tls_cert_path {ca.path}\n"
    if mutual:
        params += f"  tls_client_cert_path {ca.client[0]}\n  tls_client_private_key_path {ca.client[1]}\n"
    with node_server(module, security=SERVER_SECURITY, cert=str(ca.server[0]), key=str(ca.server[1]),
                     **clients) as (port, output):
        pass_through(logboom, port, output, params)


@pytest.mark.parametrize("acks", ["true", "false"])
@pytest.mark.parametrize("wrong", [{"key": "other"}, {"password": "other"}], ids=["key", "password"])
def test_its_server_refuses_who_is_wrong_and_that_is_said(logboom, module, wrong, acks):
    with node_server(module, security=SERVER_SECURITY) as (port, output):
        program = logboom(sends_to(port, f"  require_ack_response {acks}\n", **wrong))
        with Client(program.address()) as client:
            client.send(packed("app", [(1700000000, {"n": 1})]))
        program.wait_for_log(f"127.0.0.1:{port} is lost: .*handshake: ")
        assert program.counters().total("logboom_forward_sent_events_total") == 0
        program.kill()
        assert output.line_count() == 1
