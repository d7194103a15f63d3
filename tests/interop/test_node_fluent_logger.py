"""@fluent-org/logger for Node.js: a client that knows <security> and TLS, in modes that other clients don't send."""

import json
import pathlib
import shutil
import subprocess

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH

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
