"""out_forward over TLS, with client certificates, and with keys and users, to logboom's own input."""

import json
import os
import pathlib
import shutil

import pytest

from support.certs import Authority
from support.configs import forward_source
from support.forward import Client, packed
from support.forward_server import Receiver
from support.logboom import free_port
from support.relay import relay
from support.wait import wait_until

T = 1700000000
EVENTS = 200
ACKS = "  require_ack_response true\n  keepalive true\n"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certs") / "ca")


@pytest.fixture(scope="module")
def server(ca):
    return ca.issue("server")


@pytest.fixture(scope="module")
def client(ca):
    return ca.issue("client")


def tls_source(server, more="", port=0):
    section = f"<transport tls>\n    cert_path {server[0]}\n    private_key_path {server[1]}\n    {more}\n  </transport>\n"
    return (forward_source(port).replace("</source>", f"  {section}</source>") +
            "<match **>\n  @type stdout\n  <format>\n    @type json\n  </format>\n</match>\n")


def replace(path, text):
    new = pathlib.Path(f"{path}.new")
    new.write_text(text)
    os.replace(new, path)


def one_server(port, host="127.0.0.1", more=""):
    return f"  <server>\n    host {host}\n    port {port}\n    {more}\n  </server>\n"


def pass_events(first, last):
    with Client(first.address()) as sender:
        for n in range(EVENTS):
            sender.send(packed(f"t.{n % 3}", [(T, {"n": n, "log": "x" * n})]))
    last.wait_for_lines(EVENTS)
    assert first.stop()["delivered"] == EVENTS
    assert last.stop()["received"] == EVENTS


@pytest.mark.parametrize("version", ["", "  tls_version TLSv1_2\n"])
@pytest.mark.parametrize("keepalive", ["true", "false"])
@pytest.mark.parametrize("acks", ["true", "false"])
def test_events_go_over_tls(logboom, ca, server, version, keepalive, acks):
    last = logboom(tls_source(server), name="last")
    first = logboom(relay(one_server(last.port), f"  transport tls\n  tls_cert_path {ca.path}\n{version}"
                                                 f"  keepalive {keepalive}\n  require_ack_response {acks}\n"), name="first")
    pass_events(first, last)
    assert not last.log_lines("warn|error")


def test_both_ends_show_certificates(logboom, ca, server, client):
    last = logboom(tls_source(server, f"client_cert_auth true\n    ca_path {ca.path}"), name="last")
    params = (f"  transport tls\n  tls_cert_path {ca.path}\n  tls_client_cert_path {client[0]}\n"
              f"  tls_client_private_key_path {client[1]}\n")
    pass_events(logboom(relay(one_server(last.port, "localhost"), ACKS + params), name="first"), last)


def refused(logboom, last, params, reason, host="127.0.0.1", acks=ACKS):
    first = logboom(relay(one_server(last.port, host), acks + "  transport tls\n" + params), name="first")
    with Client(first.address()) as sender:
        sender.send(packed("t", [(T, {"n": 1})]))
    line = first.wait_for_log(f"is lost: .*({reason})")
    assert last.stdout.line_count() == 0
    return line


def test_a_server_of_another_ca_gets_nothing(logboom, server, tmp_path):
    other = Authority(tmp_path / "other", "another CA")
    refused(logboom, logboom(tls_source(server), name="last"), f"  tls_cert_path {other.path}\n", "certificate|CA")


OLD = ("20200101000000Z", "20210101000000Z")
FUTURE = ("20990101000000Z", "20991231000000Z")


@pytest.mark.parametrize("acks", ["true", "false"])
@pytest.mark.parametrize("name, times, words", [
    ("old", OLD, "the server's certificate has expired"), ("early", FUTURE, "the server's certificate is not yet valid"),
])
def test_a_server_whose_certificate_is_not_of_this_time_gets_nothing(logboom, tmp_path, name, times, words, acks):
    ca = Authority(tmp_path / "ca")
    last = logboom(tls_source(ca.issue(name, *times)), name="last")
    refused(logboom, last, f"  tls_cert_path {ca.path}\n", words, acks=f"  require_ack_response {acks}\n")


def test_a_revoked_server_gets_nothing(logboom, tmp_path):
    ca = Authority(tmp_path / "ca")
    good, bad = ca.issue("good"), ca.issue("bad")
    params = f"  transport tls\n  tls_cert_path {ca.path}\n  tls_crl_path {ca.revoke('bad')}\n"
    line = refused(logboom, logboom(tls_source(bad), name="bad"), params.replace("  transport tls\n", ""), "revoked")
    assert "is revoked by tls_crl_path" in line
    last = logboom(tls_source(good), name="good")
    pass_events(logboom(relay(one_server(last.port), ACKS + params), name="second"), last)


def test_a_server_below_a_revoked_authority_gets_nothing(logboom, tmp_path):
    root = Authority(tmp_path / "root", "root CA")
    below = Authority(tmp_path / "below", "CA below", parent=root)
    pair = below.chain(below.issue("server"))
    params = f"  tls_cert_path {root.path}\n  tls_crl_path {tmp_path}/revoked.pem\n"
    lists = tmp_path / "revoked.pem"
    lists.write_text(below.revoked().read_text() + root.revoke("../below/ca").read_text())
    refused(logboom, logboom(tls_source(pair), name="last"), params, "or a CA that vouches for it, is revoked")
    lists.write_text(below.revoked().read_text())
    last = logboom(tls_source(pair), name="only the list of its issuer")
    pass_events(logboom(relay(one_server(last.port), ACKS + "  transport tls\n" + params), name="second"), last)


def test_a_server_of_another_name_gets_nothing_unless_told_otherwise(logboom, ca, server):
    last = logboom(tls_source(server), name="last")
    params = f"  transport tls\n  tls_cert_path {ca.path}\n"
    first = logboom(relay(one_server(last.port, more="name another.example"), ACKS + params), name="first")
    with Client(first.address()) as sender:
        sender.send(packed("t", [(T, {"n": 1})]))
    first.wait_for_log("the server another.example .* is lost: .*another.example")
    first.kill()
    second = logboom(relay(one_server(last.port, more="name another.example"),
                           ACKS + params + "  tls_verify_hostname false\n"), name="second")
    pass_events(second, last)


def test_a_client_without_a_certificate_is_told_so(logboom, ca, server):
    last = logboom(tls_source(server, f"client_cert_auth true\n    ca_path {ca.path}"), name="last")
    refused(logboom, last, f"  tls_cert_path {ca.path}\n", "certificate")


def test_a_server_without_tls_is_told_so(logboom, ca):
    with Receiver() as plain:
        first = logboom(relay(one_server(plain.port), f"  transport tls\n  tls_cert_path {ca.path}\n  connect_timeout 1s\n"))
        with Client(first.address()) as sender:
            sender.send(packed("t", [(T, {"n": 1})]))
        first.wait_for_log("is lost: ")
        assert not plain.messages


def test_insecure_mode_says_so_and_takes_any_certificate(logboom, server):
    last = logboom(tls_source(server), name="last")
    first = logboom(relay(one_server(last.port), ACKS + "  transport tls\n  tls_insecure_mode true\n"), name="first")
    assert first.log_lines("tls_insecure_mode: nothing shows")
    pass_events(first, last)


@pytest.mark.parametrize("params, words", [
    ("  tls_cert_path /no/ca.pem\n", "tls_cert_path: .*/no/ca.pem"),
    ("  tls_client_cert_path /no/cert.pem\n  tls_client_private_key_path /no/key.pem\n", "tls_client_cert_path: .*/no/cert.pem"),
    ("  tls_crl_path /no/crl.pem\n", "tls_crl_path: .*/no/crl.pem"),
    ("  tls_ciphers NONSENSE\n", "tls_ciphers"),
])
def test_files_that_are_not_there_are_errors_at_the_start(logboom, params, words):
    program = logboom(relay(one_server(free_port()), "  transport tls\n" + params), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines(words), program.log_tail()


SECURITY = """  <security>
    self_hostname central
    shared_key secret-key
    {more}
  </security>
"""
USERS = """user_auth true
    <user>
      username bob
      password secret-word
    </user>"""


def secured(more=""):
    return (forward_source().replace("</source>", SECURITY.format(more=more) + "</source>") +
            "<match **>\n  @type stdout\n  <format>\n    @type json\n  </format>\n</match>\n")


def ours(key="secret-key", name="node"):
    return f"  <security>\n    self_hostname {name}\n    shared_key {key}\n  </security>\n"


@pytest.mark.parametrize("keepalive", ["true", "false"])
def test_keys_and_users(logboom, keepalive):
    last = logboom(secured(USERS), name="last")
    user = "username bob\n    password secret-word"
    params = f"  require_ack_response true\n  keepalive {keepalive}\n" + ours()
    pass_events(logboom(relay(one_server(last.port, more=user), params), name="first"), last)


def test_a_server_may_have_a_key_of_its_own(logboom):
    last = logboom(secured(), name="last")
    pass_events(logboom(relay(one_server(last.port, more="shared_key secret-key"), ACKS + ours("another")), name="first"), last)


@pytest.mark.parametrize("params, more, reason", [
    (ours("wrong"), "", "shared_key"), (ours(), "username bob\n    password wrong", "password"),
    (ours(name="central"), "username bob\n    password secret-word", "hostname|name"), ("", "", "<security> is missing here"),
])
def test_who_is_not_let_in_says_why_and_tells_no_secret(logboom, params, more, reason):
    last = logboom(secured(USERS), name="last")
    first = logboom(relay(one_server(last.port, more=more), ACKS + params), name="first")
    with Client(first.address()) as sender:
        sender.send(packed("t", [(T, {"n": 1})]))
    first.wait_for_log(f"is lost: .*({reason})")
    assert last.stdout.line_count() == 0
    for program in (first, last):
        assert not program.log_lines("secret-|wrong\\b")


def test_keys_and_users_over_mutual_tls(logboom, ca, server, client):
    text = tls_source(server, f"client_cert_auth true\n    ca_path {ca.path}")
    last = logboom(text.replace("</source>", SECURITY.format(more=USERS) + "</source>"), name="last")
    params = (f"  transport tls\n  tls_cert_path {ca.path}\n  tls_client_cert_path {client[0]}\n"
              f"  tls_client_private_key_path {client[1]}\n")
    section = one_server(last.port, more="username bob\n    password secret-word")
    pass_events(logboom(relay(section, ACKS + params + ours()), name="first"), last)


def test_a_new_server_waits_until_the_key_can_be_read(logboom, ca, server, client, tmp_path):
    first, second = (logboom(tls_source(server), name=name) for name in ("first", "second"))
    pair = [shutil.copy(path, tmp_path) for path in client]
    key = tmp_path / "again"
    shutil.copy(pair[1], key)
    lists = tmp_path / "servers.json"
    lists.write_text(json.dumps([{"host": "127.0.0.1", "port": first.port}]))
    sections = f"  <service_discovery>\n    @type file\n    path {lists}\n  </service_discovery>\n"
    params = (f"  transport tls\n  tls_cert_path {ca.path}\n  tls_client_cert_path {pair[0]}\n"
              f"  tls_client_private_key_path {pair[1]}\n")
    program = logboom(relay(sections, ACKS + params), name="relay")
    replace(pair[1], "no key")
    replace(lists, json.dumps([{"host": "127.0.0.1", "port": last.port} for last in (first, second)]))
    program.wait_for_log("the servers stay as they are: tls_client_private_key_path")
    with Client(program.address()) as sender:
        sender.send(packed("t", [(T, {"n": 1})]))
        first.wait_for_lines(1)
        os.replace(key, pair[1])
        wait_until(lambda: sender.send(packed("t", [(T, {"n": 2})])) or second.stdout.line_count(), 10,
                   "the second server", interval=0.1)
    assert len(program.log_lines("the servers stay as they are")) == 1
    program.stop()
