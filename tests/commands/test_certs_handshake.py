"""Certificates of logboom certs in real handshakes with an input's <transport tls>."""

import json
import ssl
import subprocess

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import Client, message
from support.made_certs import Certs
from support.wait import wait_until

T = 1700000000


@pytest.fixture(params=[[], ["--rsa"]], ids=["ecdsa", "rsa"])
def certs(request, tmp_path):
    made = Certs(tmp_path / "certs")
    made.run("ca", *request.param)
    made.run("server", "localhost", "127.0.0.1", *request.param)
    made.run("client", "node1", "node2", *request.param)
    return made


def configuration(certs):
    certificate, key = certs.pair("servers", "localhost")
    return f"""<source>
  @type forward
  bind 127.0.0.1
  port 0
  <transport tls>
    cert_path {certificate}
    private_key_path {key}
    client_cert_auth true
    ca_path {certs.path("ca.pem")}
    crl_path {certs.path("crl.pem")}
  </transport>
</source>
""" + JSON_MATCH


def context(certs, client, version=None):
    result = ssl.create_default_context(cafile=certs.path("ca.pem"))
    if client is not None:
        result.load_cert_chain(*client)
    if version is not None:
        result.minimum_version = result.maximum_version = version
    return result


class TlsClient(Client):
    def __init__(self, address, tls, name="localhost"):
        super().__init__(address)
        self.socket = tls.wrap_socket(self.socket, server_hostname=name)


def ask(program, tls, n, name="localhost"):
    with TlsClient(program.address(), tls, name) as client:
        client.send_and_wait(message("t", T, {"n": n}, {"chunk": f"c{n}"}), f"c{n}")


def refused(program, tls, reason):
    before = program.counters().total("logboom_input_errors_total", reason=reason)
    with pytest.raises((OSError, AssertionError)):
        ask(program, tls, -1)
    wait_until(lambda: program.counters().total("logboom_input_errors_total", reason=reason) > before,
               what=f"a refusal: {reason}")


def test_python_by_name_and_address_in_both_versions(logboom, certs):
    program = logboom(configuration(certs))
    node = certs.pair("clients", "node1")
    for n, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
        ask(program, context(certs, node, version), 2 * n)
        ask(program, context(certs, node, version), 2 * n + 1, "127.0.0.1")
    refused(program, context(certs, None), "tls_no_client_certificate")
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(program, context(certs, node), -1, "other.example")
    assert [json.loads(line)["n"] for line in program.stdout.lines()] == [0, 1, 2, 3]


def test_openssl_s_client(logboom, certs, tmp_path):
    program = logboom(configuration(certs))
    certificate, key = certs.pair("clients", "node2")
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{program.port}", "-verify_return_error", "-verify_hostname",
         "localhost", "-CAfile", str(certs.path("ca.pem")), "-cert", str(certificate), "-key", str(key), "-quiet",
         "-no_ign_eof"], input=message("t", T, {"n": 1}), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    program.wait_for_lines(1)
    other = Authority(tmp_path / "other")
    refused(program, context(certs, other.issue("stranger")), "tls_unknown_ca")
    refused(program, context(certs, certs.pair("servers", "localhost")), "tls_bad_certificate")


def test_the_revoked_one_is_refused_without_a_restart_and_the_others_are_not(logboom, certs):
    program = logboom(configuration(certs))
    ask(program, context(certs, certs.pair("clients", "node1")), 1)
    certs.run("revoke", "node1")
    program.wait_for_log("new certificates")
    refused(program, context(certs, certs.pair("clients", "node1")), "tls_revoked")
    ask(program, context(certs, certs.pair("clients", "node2")), 2)


def test_a_renewed_certificate_is_taken_up_without_a_restart(logboom, certs):
    program = logboom(configuration(certs))
    node = context(certs, certs.pair("clients", "node1"))

    def served():
        with TlsClient(program.address(), node) as client:
            return client.socket.getpeercert()["serialNumber"]

    before = served()
    certs.run("renew", "localhost", "--new-key")
    wait_until(lambda: served() != before, what="the new certificate")
    certs.run("renew", "ca")
    certs.run("renew", "node1")
    ask(program, context(certs, certs.pair("clients", "node1")), 3)
