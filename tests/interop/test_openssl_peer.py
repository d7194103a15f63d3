"""`openssl s_client` as a peer that means no good, or is not what is expected."""

import os
import pty
import subprocess

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import message
from support.secure import SecureClient
from support.wait import wait_until

T = 1700000000
FUTURE = ("20990101000000Z", "20991231000000Z")
OLD = ("20200101000000Z", "20210101000000Z")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server, authority.client = authority.issue("server"), authority.issue("client")
    return authority


def source(ca, more="", outside=""):
    return (f"<source>\n  @type forward\n  @id input\n  bind 127.0.0.1\n  port 0\n{outside}  <transport tls>\n"
            f"    cert_path {ca.server[0]}\n    private_key_path {ca.server[1]}\n{more}  </transport>\n</source>\n") + JSON_MATCH


def mutual(ca, more=""):
    return source(ca, f"    client_cert_auth true\n    ca_path {ca.path}\n{more}")


def s_client(program, *arguments, data=b"", deadline=20):
    host, port = program.address()
    return subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", *map(str, arguments)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=deadline, check=False).stdout


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


def refused(program, reason, words, *arguments):
    start = program.stderr.line_count()
    s_client(program, *arguments, data=message("t", T, {"n": 0}))
    program.wait_for_log(words, start=start)
    assert errors(program, reason) == 1


def test_old_versions_and_ciphers_without_a_name_are_refused(logboom, ca):
    program = logboom(source(ca))
    refused(program, "tls_version", "no version of TLS", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    refused(program, "tls_cipher", "no cipher in common", "-tls1_2", "-cipher", "aNULL:@SECLEVEL=0")
    assert program.stop()["received"] == 0


def test_certificates_that_do_not_count_are_refused_each_with_its_words(logboom, ca, tmp_path):
    stranger = Authority(tmp_path / "other", "other CA").issue("stranger")
    old, early, gone = (ca.issue(name, *times) for name, times in (("old", OLD), ("early", FUTURE), ("gone", ())))
    program = logboom(mutual(ca, f"    crl_path {ca.revoke('gone')}\n"))
    for pair, reason, words in ((None, "tls_no_client_certificate", "shows no certificate"),
                                (stranger, "tls_unknown_ca", "not signed by a CA of ca_path"),
                                (old, "tls_expired", "certificate has expired"),
                                (early, "tls_not_yet_valid", "not yet valid"), (gone, "tls_revoked", "revoked")):
        for version in ("-tls1_2", "-tls1_3"):
            arguments = ["-cert", pair[0], "-key", pair[1]] if pair else []
            s_client(program, version, *arguments, data=message("t", T, {"n": 0}))
        program.wait_for_counter("logboom_input_errors_total", 2, reason=reason)
        assert program.log_lines(words)
    s_client(program, "-cert", ca.client[0], "-key", ca.client[1], "-quiet", "-no_ign_eof", data=message("t", T, {"n": 1}))
    program.wait_for_lines(1)
    assert program.stop()["received"] == 1


def test_a_client_that_refuses_our_name_or_ca_is_said(logboom, ca, tmp_path):
    program = logboom(source(ca))
    other = Authority(tmp_path / "other", "other CA")
    refused(program, "tls_refused_by_client", "refuses our certificate", "-CAfile", other.path, "-verify_return_error")
    out = s_client(program, "-CAfile", ca.path, "-verify_return_error", "-verify_hostname", "another.example")
    assert b"hostname mismatch" in out.lower()
    program.wait_for_counter("logboom_input_errors_total", 2, reason="tls_refused_by_client")


def test_renegotiation_is_refused_and_names_and_alpn_are_left_alone(logboom, ca):
    program = logboom(source(ca))
    out = s_client(program, "-servername", "some.other.name", "-alpn", "h2,fluent", "-quiet", "-no_ign_eof",
                   data=message("t", T, {"n": 0}))
    assert b"ALPN protocol" not in out
    program.wait_for_lines(1)
    host, port = program.address()
    terminal, end = pty.openpty()
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2"], stdin=end,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        program.wait_for_counter("logboom_input_tls_handshakes_total", 2)
        os.write(terminal, b"R\n")
        assert b"no renegotiation" in client.communicate(timeout=20)[0]
    finally:
        client.kill()
        client.wait()
        os.close(terminal)
        os.close(end)
    assert program.stop()["received"] == 1


def test_a_client_that_dies_in_the_middle_of_the_handshake_disturbs_nobody(logboom, ca):
    program = logboom(source(ca, outside="  <security>\n    self_hostname s\n    shared_key k\n  </security>\n"))
    host, port = program.address()
    import ssl
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(ca.path)
    with SecureClient(program.address(), tls=tls).log_in("k") as inside:
        clients = [subprocess.Popen(["openssl", "s_client", "-connect", f"{host}:{port}"], stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(10)]
        program.wait_for_counter("logboom_input_tls_handshakes_total", 11)
        for client in clients:
            client.kill()
            client.wait()
            client.stdin.close()
        wait_until(lambda: program.counters().total("logboom_input_half_open_connections") == 0, what="the others to end")
        inside.send_and_wait(message("t", T, {"n": 0}, {"chunk": "c"}), "c")
    assert program.stop()["received"] == 1
