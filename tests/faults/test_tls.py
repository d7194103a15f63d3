"""<transport tls> on inputs: real clients, and everything that can be wrong with a handshake."""

import datetime
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import Client, message, packed
from support.reload import reload
from support.wait import wait_until

T = 1700000000
OLD = ("20200101000000Z", "20210101000000Z")
FUTURE = ("20990101000000Z", "20991231000000Z")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    return authority


def source(kind="forward", port=0, more="", **transport):
    lines = "".join(f"    {name} {value}\n" for name, value in transport.items())
    return (f"<source>\n  @type {kind}\n  @id input\n  bind 127.0.0.1\n  port {port}\n{more}"
            f"  <transport tls>\n{lines}  </transport>\n</source>\n") + JSON_MATCH


def certified(pair, **more):
    return {"cert_path": pair[0], "private_key_path": pair[1], **more}


def context(ca=None, pair=None, version=None):
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if version is not None:
        result.minimum_version = result.maximum_version = version
    if ca is None:
        result.check_hostname, result.verify_mode = False, ssl.CERT_NONE
    else:
        result.load_verify_locations(ca.path)
    if pair is not None:
        result.load_cert_chain(*pair)
    return result


class TlsClient(Client):
    def __init__(self, address, tls, session=None):
        super().__init__(address)
        self.socket = tls.wrap_socket(self.socket, server_hostname="localhost", session=session)

    def certificate(self):
        return self.socket.getpeercert(binary_form=True)


def ask(client, n=0):
    client.send_and_wait(message("t", T, {"n": n}, {"chunk": f"c{n}"}), f"c{n}")


def der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


def refused(program, tls, reason, pattern):
    """The client is refused, and the log and the counters say why."""
    start = program.stderr.line_count()
    with pytest.raises((OSError, AssertionError)):
        with TlsClient(program.address(), tls) as client:
            ask(client)
    program.wait_for_log(pattern, start=start)
    assert errors(program, reason) >= 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_forward_over_tls_takes_small_and_large_messages_and_acks(logboom, ca, version):
    program = logboom(source(**certified(ca.server)))
    with TlsClient(program.address(), context(ca, version=version)) as client:
        for n in range(50):
            ask(client, n)
        for n in range(4):
            entries = [(T, {"n": 1000 + i, "text": "x" * 300}) for i in range(n * 5000, (n + 1) * 5000)]
            client.send_and_wait(packed("t", entries, {"chunk": f"large{n}"}), f"large{n}")
        client.send(b"".join(message("t", T, {"n": 50 + n}) for n in range(200)))
    program.wait_for_lines(20250)
    assert program.stop()["received"] == 20250
    numbers = [json.loads(line)["n"] for line in program.stdout.lines()]
    assert sorted(numbers) == list(range(250)) + list(range(1000, 21000))


def test_a_client_that_pauses_within_records_and_one_that_half_closes_lose_nothing(logboom, ca):
    program = logboom(source("tcp", more="  tag t\n  <parse>\n    @type none\n  </parse>\n", **certified(ca.server)))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(ca).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(program.address()) as raw:
        raw.settimeout(10)
        while True:
            try:
                tls.do_handshake()
                raw.sendall(outgoing.read())
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        for n in range(100):
            tls.write(f"line {n}\n".encode())
        data = outgoing.read()
        for begin in range(0, len(data), 97):
            raw.sendall(data[begin:begin + 97])
        raw.shutdown(socket.SHUT_WR)
        program.wait_for_lines(100)
    program.stop()
    assert [json.loads(line)["message"] for line in program.stdout.lines()] == [f"line {n}" for n in range(100)]


def test_openssl_sends_lines_to_tcp_and_a_browser_like_client_speaks_to_http(logboom, ca):
    tcp = source("tcp", more="  tag t\n  <parse>\n    @type none\n  </parse>\n", **certified(ca.server))
    web = source("http", **certified(ca.server)).replace("@id input", "@id web")
    program = logboom(tcp.replace(JSON_MATCH, "") + web)
    host, port = program.address(index=0)
    run = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile", ca.path, "-verify_return_error",
                          "-verify_hostname", "localhost", "-quiet", "-no_ign_eof"],
                         input=b"one\ntwo\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)
    assert run.returncode == 0, run.stderr
    program.wait_for_lines(2)
    host, port = program.address(index=1)
    connection = http.client.HTTPSConnection("localhost", port, context=context(ca), timeout=10)
    for n in range(3):
        connection.request("POST", "/t", json.dumps({"n": n}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()
    program.wait_for_lines(5)
    assert program.stop()["received"] == 5


def test_clients_must_show_a_certificate_that_counts(logboom, ca, tmp_path):
    good, old, early, gone = (ca.issue(name, *times) for name, times in
                              [("good", ()), ("old", OLD), ("early", FUTURE), ("gone", ())])
    stranger = Authority(tmp_path / "other", "other CA").issue("stranger")
    program = logboom(source(**certified(ca.server, client_cert_auth="true", ca_path=ca.path, crl_path=ca.revoke("gone"))))
    refused(program, context(ca), "tls_no_client_certificate", "shows no certificate")
    refused(program, context(ca, stranger), "tls_unknown_ca", "not signed by a CA of ca_path")
    refused(program, context(ca, old), "tls_expired", "certificate has expired")
    refused(program, context(ca, early), "tls_not_yet_valid", "not yet valid")
    refused(program, context(ca, gone), "tls_revoked", "revoked")
    with TlsClient(program.address(), context(ca, good)) as client:
        ask(client)
    assert program.stop()["received"] == 1


def test_a_revoked_authority_between_the_root_and_the_client_counts(logboom, tmp_path):
    root = Authority(tmp_path / "root", "root CA")
    below = Authority(tmp_path / "below", "CA below", parent=root)
    client = below.chain(below.issue("client"))
    pair = root.issue("server")
    lists = tmp_path / "revoked.pem"
    lists.write_text(below.revoked().read_text())
    program = logboom(source(**certified(pair, client_cert_auth="true", ca_path=root.path, crl_path=lists)))
    with TlsClient(program.address(), context(root, client)) as only_the_list_of_its_issuer:
        ask(only_the_list_of_its_issuer)
    lists.write_text(below.revoked().read_text() + root.revoked().read_text())
    program.wait_for_log("new certificates")
    with TlsClient(program.address(), context(root, client)) as both_lists:
        ask(both_lists, 1)
    start = program.stderr.line_count()
    lists.write_text(below.revoked().read_text() + root.revoke("../below/ca").read_text())
    program.wait_for_log("new certificates", start=start)
    refused(program, context(root, client), "tls_revoked", "or a CA that vouches for it, is revoked")
    start = program.stderr.line_count()
    lists.write_text(root.revoked().read_text())
    program.wait_for_log("new certificates", start=start)
    refused(program, context(root, client), "tls_bad_certificate", "can't be looked up in crl_path")
    assert program.stop()["received"] == 2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_bytes_that_are_no_tls_are_said_and_counted(logboom, ca, version):
    program = logboom(source(**certified(ca.server)))
    with TlsClient(program.address(), context(ca, version=version)) as client:
        ask(client)
        os.write(client.socket.fileno(), b"this is text, and no record\n")
        program.wait_for_log(r"input: 127\.0\.0\.1:\d+: the client sends bytes that are no TLS")
        wait_until(lambda: program.counters().total("logboom_input_connections") == 0, what="its end")
    assert errors(program, "tls_broken") == 1
    with Client(program.address()) as client:
        client.send(b"\x16" + b"garbage " * 20)
        client.wait_closed(5)
    program.wait_for_counter("logboom_input_errors_total", 2, reason="tls_broken")
    assert errors(program, "tls_version") == 0
    with TlsClient(program.address(), context(ca, version=version)) as client:
        ask(client, 1)
    assert program.stop()["received"] == 2


def test_what_does_not_fit_is_refused_at_once_with_words(logboom, ca, tmp_path):
    program = logboom(source(**certified(ca.server)).replace(JSON_MATCH, "") +
                      source(handshake_timeout="0.3s", **certified(ca.server)).replace("@id input", "@id hasty"))
    with Client(program.address()) as plain:
        plain.send(message("t", T, {"n": 0}))
        plain.wait_closed(2)
    assert "plaintext to a port that speaks TLS" in program.wait_for_log("plaintext")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    refused(program, old, "tls_version", "no version of TLS")
    other = Authority(tmp_path / "other", "other CA")
    refused(program, context(other), "tls_refused_by_client", "refuses our certificate")
    with Client(program.address(index=1)) as silent:
        silent.wait_closed(10)
    program.wait_for_log("did not finish the TLS handshake")
    assert errors(program, "tls_timeout") == 1 and errors(program, "tls_plaintext") == 1
    with TlsClient(program.address(), context(ca)) as client:
        ask(client)
    assert program.stop()["received"] == 1


def test_tls_on_a_plaintext_port_is_refused_at_once_with_words(logboom, ca):
    program = logboom("<source>\n  @type forward\n  bind 127.0.0.1\n  port 0\n</source>\n" + JSON_MATCH)
    refused(program, context(ca), "tls_on_plaintext", "speaks TLS to a port that does not")
    with Client(program.address()) as client:
        ask(client)
    assert program.stop()["received"] == 1


def test_new_certificates_are_taken_when_they_change_and_bad_ones_are_not(logboom, ca, tmp_path):
    pair = (tmp_path / "used.pem", tmp_path / "used.key")

    def use(new):
        for target, file in zip(pair, new):
            shutil.copy(file, target.with_suffix(target.suffix + ".new"))
            os.replace(target.with_suffix(target.suffix + ".new"), target)

    def shown(program):
        with TlsClient(program.address(), context()) as client:
            return client.certificate()

    second = ca.issue("second")
    use(ca.server)
    text = source(**certified(pair))
    program = logboom(text)
    with TlsClient(program.address(), context(ca)) as stays:
        ask(stays, 0)
        use(second)
        wait_until(lambda: shown(program) == der(second[0]), what="the new certificate without a signal")
        start = program.stderr.line_count()
        pair[0].write_text("no certificate\n")
        program.send_signal(signal.SIGHUP)
        program.wait_for_log("those before stay in use", start=start)
        program.wait_for_log("reloaded:", start=start)
        assert shown(program) == der(second[0])
        use(ca.server)
        reload(program, text)
        assert shown(program) == der(ca.server[0])
        ask(stays, 1)
    assert program.stop()["received"] == 2


def test_what_expires_soon_or_has_expired_is_said_when_it_is_loaded(logboom, ca, tmp_path):
    def at(days):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days)).strftime("%Y%m%d%H%M%SZ")

    soon, old = ca.issue("soon", at(-300), at(5)), ca.issue("expired", *OLD)
    pair = (tmp_path / "used.pem", tmp_path / "used.key")
    for target, file in zip(pair, ca.server):
        shutil.copy(file, target)
    program = logboom(source(**certified(pair)))
    assert not program.log_lines("expires on|has expired")
    for files, pattern in ((soon, r"input: the certificate of 'CN = soon' expires on .*, in 4 days"),
                           (old, r"input: the certificate of 'CN = expired' has expired on 2021-01-01")):
        for target, file in zip(pair, files):
            shutil.copy(file, target)
        program.wait_for_log(pattern)
    program.stop()
    program = logboom(source(**certified(soon)), name="at the start")
    assert program.log_lines(r"CN = soon' expires on")


def test_sessions_are_resumed(logboom, ca):
    program = logboom(source(**certified(ca.server)))
    tls = context(ca)
    with TlsClient(program.address(), tls) as first:
        ask(first, 0)
        session = first.socket.session
    with TlsClient(program.address(), tls, session) as second:
        ask(second, 1)
        assert second.socket.session_reused
    assert program.counters().total("logboom_input_tls_resumed_total") == 1
    program.stop()


def test_certificates_are_made_where_that_is_asked_for(logboom, ca):
    program = logboom(source(insecure="true"))
    with TlsClient(program.address(), context()) as client:
        ask(client)
    program.stop()
    program = logboom(source(ca_cert_path=ca.path, ca_private_key_path=ca.key, generate_cert_common_name="localhost"),
                      name="by CA")
    with TlsClient(program.address(), context(ca)) as client:
        ask(client)
    program.stop()


def test_a_source_goes_over_to_tls_and_its_plaintext_connections_stay(logboom, ca):
    plain = source().replace("  <transport tls>\n  </transport>\n", "")
    program = logboom(plain)
    with Client(program.address()) as stays:
        ask(stays, 0)
        reload(program, source(**certified(ca.server)))
        with TlsClient(program.address(), context(ca)) as client:
            ask(client, 1)
            ask(stays, 2)
            reload(program, plain)
            ask(client, 3)
        assert not stays.closed()
    assert program.stop()["received"] == 4


@pytest.mark.parametrize("wrong, line, words", [
    ({}, 6, "there is no certificate"),
    ({"cert_path": "/none.pem", "private_key_path": "/none.key"}, 7, "cert_path: can't read /none.pem"),
    ({"version": "TLSv1_1", "insecure": "true"}, 7, "TLSv1_2 or TLSv1_3"),
    ({"insecure": "true", "client_cert_auth": "true"}, 8, "client_cert_auth needs ca_path"),
    ({"insecure": "true", "cert_verifier": "/x.rb"}, 8, "Ruby"),
    ({"insecure": "true", "ciphers": "NONE-SUCH"}, 8, "ciphers"),
], ids=["nothing", "no file", "TLS 1.1", "no CA", "Ruby", "ciphers"])
def test_wrong_settings_are_refused_at_the_start_with_their_place(logboom, wrong, line, words):
    program = logboom(source(**wrong), wait=False)
    assert program.wait_exit() == 1
    assert any(f"fluent.conf:{line}:" in text and words in text for text in program.log_lines()), program.log_tail()
