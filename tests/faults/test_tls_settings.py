"""<transport tls>: what its parameters mean for a client."""

import datetime
import ssl
import subprocess

import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import Client, message

T = 1700000000
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    return authority


def source(**transport):
    lines = "".join(f"    {name} {value}\n" for name, value in transport.items())
    return (f"<source>\n  @type forward\n  @id input\n  bind 127.0.0.1\n  port 0\n"
            f"  <transport tls>\n{lines}  </transport>\n</source>\n") + JSON_MATCH


def certified(pair, **more):
    return {"cert_path": pair[0], "private_key_path": pair[1], **more}


def context(ca, version=None, ciphers=None):
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    result.load_verify_locations(ca.path)
    if version is not None:
        result.minimum_version = result.maximum_version = version
    if ciphers is not None:
        result.set_ciphers(ciphers)
    return result


class TlsClient(Client):
    def __init__(self, address, tls):
        super().__init__(address)
        self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


@pytest.mark.parametrize("settings, spoken", [
    ({"version": "TLSv1_2"}, [V12]), ({"version": "TLSv1_3"}, [V13]), ({"min_version": "TLSv1_3"}, [V13]),
    ({"max_version": "TLSv1_2"}, [V12]), ({"min_version": "TLSv1_2", "max_version": "TLSv1_3"}, [V12, V13]), ({}, [V12, V13]),
], ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "")
def test_only_the_versions_that_are_named_are_spoken(logboom, ca, settings, spoken):
    program = logboom(source(**certified(ca.server, **settings)))
    for version in (V12, V13):
        if version in spoken:
            with TlsClient(program.address(), context(ca, version)) as client:
                assert client.socket.version() == {V12: "TLSv1.2", V13: "TLSv1.3"}[version]
        else:
            with pytest.raises((OSError, AssertionError)):
                TlsClient(program.address(), context(ca, version)).close()
            program.wait_for_log("the client speaks no version of TLS that is spoken here")
            assert errors(program, "tls_version") == 1
    assert program.stop()["received"] == len(spoken)


def test_a_range_that_is_empty_is_refused(logboom, ca):
    program = logboom(source(**certified(ca.server, min_version="TLSv1_3", max_version="TLSv1_2")), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines("min_version is newer than max_version"), program.log_tail()


def test_only_the_ciphers_that_are_named_are_spoken(logboom, ca):
    ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_CHACHA20_POLY1305_SHA256"
    program = logboom(source(**certified(ca.server, ciphers=ciphers)))
    with TlsClient(program.address(), context(ca, V13)) as client:
        assert client.socket.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256"
    with TlsClient(program.address(), context(ca, V12)) as client:
        assert client.socket.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    with pytest.raises((OSError, AssertionError)):
        TlsClient(program.address(), context(ca, V12, "ECDHE-ECDSA-AES128-GCM-SHA256")).close()
    program.wait_for_log("no cipher in common")
    assert errors(program, "tls_cipher") == 1
    assert program.stop()["received"] == 2


def test_a_key_with_a_passphrase(logboom, ca, tmp_path):
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", ca.server[1], "-out", locked, "-passout", "pass:open-sesame"],
                   check=True, stderr=subprocess.DEVNULL)
    pair = (ca.server[0], locked)
    program = logboom(source(**certified(pair, private_key_passphrase="open-sesame")), name="right")
    with TlsClient(program.address(), context(ca)):
        pass
    program.stop()
    for name, more in (("wrong", {"private_key_passphrase": "open-barley"}), ("none", {})):
        program = logboom(source(**certified(pair, **more)), wait=False, name=name)
        assert program.wait_exit() == 1
        assert program.log_lines("private_key_path: .*locked.key.*an encrypted one needs its passphrase"), program.log_tail()
        assert not program.log_lines("open-")


def test_what_a_made_certificate_says_and_for_how_long(logboom, ca):
    program = logboom(source(ca_cert_path=ca.path, ca_private_key_path=ca.key, generate_private_key_length=3072,
                             generate_cert_country="CH", generate_cert_state="ZH", generate_cert_locality="Uster",
                             generate_cert_common_name="localhost", generate_cert_expiration="20d",
                             generate_cert_digest="sha384"))
    with TlsClient(program.address(), context(ca)) as client:
        shown = client.socket.getpeercert()
        raw = client.socket.getpeercert(binary_form=True)
    subject = {key: value for part in shown["subject"] for key, value in part}
    assert subject == {"countryName": "CH", "stateOrProvinceName": "ZH", "localityName": "Uster", "commonName": "localhost"}
    end = datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), datetime.timezone.utc)
    left = end - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=19, hours=23) < left <= datetime.timedelta(days=20)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"], input=raw, check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    assert "(3072 bit)" in text and "ecdsa-with-SHA384" in text
    program.stop()
