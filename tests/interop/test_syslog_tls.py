"""Syslog over TLS, with client certificates: rsyslog and syslog-ng as clients and as servers, RELP over TLS."""

import json
import os
import shutil
import socket
import ssl
import subprocess

import pytest

from support.certs import Authority
from support.logboom import free_port
from support.rsyslog import rsyslog
from support.syslog_ng import syslog_ng
from support.wait import wait_until

JSON = "<match **>\n  @type stdout\n  <format>\n    @type json\n  </format>\n</match>\n"
IN = """<source>
  @type syslog
  tag in
  listen {listen}
  <transport tls>
    cert_path {certificate}
    private_key_path {key}
    client_cert_auth true
    ca_path {ca}
  </transport>
</source>
""" + JSON
OUT = """<source>
  @type syslog
  tag in
  listen unixgram://{dir}/in
</source>
<match **>
  @type syslog
  protocol {protocol}
  host {host}
  port {port}
  message_format rfc5424
  <transport tls>
{tls}  </transport>
  <buffer>
    flush_interval 50ms
    retry_wait 100ms
    retry_max_interval 200ms
  </buffer>
</match>
"""


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server, authority.client = authority.issue("server"), authority.issue("client")
    return authority


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger") / "ca").issue("client")


def collector(logboom, ca, listen="tcp+tls://127.0.0.1:0"):
    return logboom(IN.format(listen=listen, certificate=ca.server[0], key=ca.server[1], ca=ca.path))


def sender(logboom, ca, short_dir, port, *, protocol="tcp", host="localhost", pair=None, **more):
    pair = pair or ca.client
    more = {"ca_path": ca.path, "cert_path": pair[0], "private_key_path": pair[1], **more}
    tls = "".join(f"    {name} {value}\n" for name, value in more.items() if value is not None)
    return logboom(OUT.format(dir=short_dir, protocol=protocol, host=host, port=port, tls=tls), name="sender")


def send(path, *messages):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        wait_until(lambda: log.connect_ex(path) == 0, 10, path)
        for message in messages:
            log.send(message)


def messages(program):
    return [json.loads(line)["message"].strip() for line in program.stdout.lines()]


def lines(short_dir):
    try:
        with open(f"{short_dir}/out", encoding="utf-8") as out:
            return out.read().splitlines()
    except FileNotFoundError:
        return []


NUMBERED = [b"<27>Nov 23 00:33:46 app[7]: number %d" % n for n in range(200)]
TEXTS = [f"number {n}" for n in range(200)]
RSYSLOG_CLIENT = """global(workDirectory="{{dir}}" defaultNetstreamDriver="{driver}" defaultNetstreamDriverCAFile="{ca}"
  defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{{dir}}/rs" RateLimit.Interval="0")
if $inputname == "imuxsock" then action(type="omfwd" target="127.0.0.1" port="{{port}}" protocol="tcp"
  streamDriver="{driver}" streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="localhost"
  template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted")
"""


@pytest.mark.parametrize("driver", ["gtls", "ossl"])
def test_rsyslog_sends(logboom, ca, short_dir, driver):
    program = collector(logboom, ca)
    text = RSYSLOG_CLIENT.format(driver=driver, ca=ca.path, certificate=ca.client[0], key=ca.client[1])
    with rsyslog(short_dir, text, program.port):
        send(f"{short_dir}/rs", *NUMBERED)
        wait_until(lambda: len([text for text in messages(program) if "number" in text]) >= 200, 15, "200 messages")
    assert [text for text in messages(program) if "number" in text] == TEXTS


NG_CLIENT = """source s {{ unix-dgram("{dir}/ng"); }};
destination d {{ {destination} }};
log {{ source(s); destination(d); }};
"""
NG_TLS = 'tls(ca-file("{ca}") cert-file("{certificate}") key-file("{key}") peer-verify(required-trusted))'


@pytest.mark.parametrize("form", ["network", "syslog"])
@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_syslog_ng_sends(logboom, ca, short_dir, transport, form):
    tls = NG_TLS.format(ca=ca.path, certificate=ca.client[0], key=ca.client[1]) if transport == "tls" else ""
    listen = "tcp://127.0.0.1:0, tcp+tls://127.0.0.1:0"
    program = collector(logboom, ca, listen)
    port = program.listeners("tcp")[transport == "tls"][1]
    destination = f'{form}("127.0.0.1" port({port}) transport("{transport}") {tls});'
    with syslog_ng(short_dir, NG_CLIENT.format(dir=short_dir, destination=destination)):
        send(f"{short_dir}/ng", *NUMBERED)
        wait_until(lambda: len(messages(program)) >= 200, 15, "200 messages")
    assert messages(program) == TEXTS
    assert {json.loads(line)["ident"] for line in program.stdout.lines()} == {"app"}


RECEIVING = """global(workDirectory="{{dir}}" defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{certificate}"
  defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="{driver}" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
input(type="imtcp" port="{{port}}" address="127.0.0.1")
template(name="t" type="string" string="%msg%\\n")
if $inputname == "imtcp" then action(type="omfile" file="{{dir}}/out" template="t")
"""


@pytest.mark.parametrize("driver", ["gtls", "ossl"])
def test_rsyslog_receives(logboom, ca, short_dir, driver):
    port = free_port()
    text = RECEIVING.format(driver=driver, ca=ca.path, certificate=ca.server[0], key=ca.server[1])
    with rsyslog(short_dir, text, port):
        program = sender(logboom, ca, short_dir, port)
        send(f"{short_dir}/in", *NUMBERED)
        wait_until(lambda: len(lines(short_dir)) >= 200, 15, "200 messages", interval=0.05)
        assert program.stop()["delivered"] == 200
    assert lines(short_dir) == TEXTS


RELP_SENDING = """global(workDirectory="{{dir}}")
module(load="omrelp")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{{dir}}/rs" RateLimit.Interval="0")
if $inputname == "imuxsock" then action(type="omrelp" target="127.0.0.1" port="{{port}}" tls="on" tls.caCert="{ca}" tls.myCert="{certificate}"
  tls.myPrivKey="{key}" tls.authMode="name" tls.permittedPeer=["localhost"] template="RSYSLOG_SyslogProtocol23Format")
"""
RELP_RECEIVING = """global(workDirectory="{{dir}}")
module(load="imrelp")
input(type="imrelp" port="{{port}}" address="127.0.0.1" tls="on" tls.caCert="{ca}" tls.myCert="{certificate}"
  tls.myPrivKey="{key}" tls.authMode="name" tls.permittedPeer=["localhost"])
template(name="t" type="string" string="%msg%\\n")
if $inputname == "imrelp" then action(type="omfile" file="{{dir}}/out" template="t")
"""


def test_rsyslog_sends_relp(logboom, ca, short_dir):
    program = collector(logboom, ca, "relp+tls://127.0.0.1:0")
    text = RELP_SENDING.format(ca=ca.path, certificate=ca.client[0], key=ca.client[1])
    with rsyslog(short_dir, text, program.port):
        send(f"{short_dir}/rs", *NUMBERED)
        wait_until(lambda: len(messages(program)) >= 200, 15, "200 messages")
    assert messages(program) == TEXTS


def test_rsyslog_receives_relp(logboom, ca, short_dir):
    port = free_port()
    text = RELP_RECEIVING.format(ca=ca.path, certificate=ca.server[0], key=ca.server[1])
    with rsyslog(short_dir, text, port):
        program = sender(logboom, ca, short_dir, port, protocol="relp")
        send(f"{short_dir}/in", *NUMBERED)
        wait_until(lambda: len(lines(short_dir)) >= 200, 15, "200 messages", interval=0.05)
        assert program.stop()["delivered"] == 200
    assert lines(short_dir) == TEXTS


@pytest.mark.parametrize("protocol", ["tcp", "relp"])
def test_one_logboom_to_another_which_comes_late_and_comes_again(logboom, ca, short_dir, protocol):
    port = free_port()
    listen = f"{protocol}+tls://127.0.0.1:{port}"
    program = sender(logboom, ca, short_dir, port, protocol=protocol)
    send(f"{short_dir}/in", *NUMBERED[:100])
    program.wait_for_log("can't connect")
    first = collector(logboom, ca, listen)
    first.wait_for_lines(100)
    first.stop()
    second = logboom(IN.format(listen=listen, certificate=ca.server[0], key=ca.server[1], ca=ca.path), name="second")
    send(f"{short_dir}/in", *NUMBERED[100:])
    second.wait_for_lines(100)
    assert program.stop()["delivered"] == 200
    assert messages(first) + messages(second) == TEXTS


@pytest.mark.parametrize("host, change, words", [
    ("127.0.0.2", {}, r"is not for 127\.0\.0\.2, but for localhost, 127\.0\.0\.1"),
    ("localhost", {"ca_path": None}, "is not signed by a CA that is known here"),
    ("localhost", {"cert_path": None, "private_key_path": None}, "wants a client's certificate"),
    ("localhost", {"pair": "stranger"}, "the server refuses our certificate .cert_path.: it does not know its CA")])
def test_what_is_wrong_is_said_and_nothing_is_lost(logboom, ca, stranger, short_dir, host, change, words):
    port = free_port()
    receiver = collector(logboom, ca, f"tcp+tls://0.0.0.0:{port}")
    change = {**change, "pair": stranger} if "pair" in change else change
    program = sender(logboom, ca, short_dir, port, host=host, **change)
    send(f"{short_dir}/in", *NUMBERED[:10])
    program.wait_for_log(words)
    program.kill()
    assert receiver.stop()["received"] == 0


def test_a_server_of_plaintext_is_said(logboom, ca, short_dir):
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = sender(logboom, ca, short_dir, server.getsockname()[1])
        send(f"{short_dir}/in", NUMBERED[0])
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            program.wait_for_log("the server answers in plaintext")


def test_certificates_are_loaded_anew(logboom, ca, stranger, short_dir, tmp_path):
    receiver = collector(logboom, ca)
    pair = [tmp_path / "client.pem", tmp_path / "client.key"]
    for path, source in zip(pair, stranger):
        shutil.copy(source, path)
    program = sender(logboom, ca, short_dir, receiver.port, pair=pair)
    send(f"{short_dir}/in", *NUMBERED)
    program.wait_for_log("refuses our certificate")
    for path, source in zip(reversed(pair), reversed(ca.client)):
        shutil.copy(source, f"{path}.new")
        os.rename(f"{path}.new", path)
    receiver.wait_for_lines(200)
    program.wait_for_log("certificates loaded anew")
    assert messages(receiver) == TEXTS


@pytest.mark.parametrize("parameters, words", [
    ("  listen tcp+tls://127.0.0.1:0\n", "need <transport tls>"),
    ("  listen tcp://127.0.0.1:0, udp://127.0.0.1:0\n  <transport tls>\n    insecure true\n  </transport>\n",
     "TLS is there for tcp:// and relp:// only"),
    ("  listen tcp://127.0.0.1:0\n  <transport udp>\n  </transport>\n", "can only be tls")])
def test_a_source_never_listens_in_plaintext_by_mistake(logboom, parameters, words):
    program = logboom(f"<source>\n  @type syslog\n  tag in\n{parameters}</source>\n" + JSON, wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines(words)


def test_udp_with_tls_is_refused(logboom, short_dir):
    program = logboom(OUT.format(dir=short_dir, protocol="udp", host="localhost", port=1, tls=""), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines("TLS is there for `protocol tcp` and `protocol relp` only")


def test_remote_syslog_s_parameters(logboom, ca, short_dir):
    receiver = collector(logboom, ca)
    text = OUT.format(dir=short_dir, protocol="tcp", host="localhost", port=receiver.port, tls="")
    begin, end = text.index("  <transport"), text.index("  <buffer")
    flat = f"  tls true\n  ca_file {ca.path}\n  client_cert {ca.client[0]}\n  client_cert_key {ca.client[1]}\n"
    program = logboom(text[:begin] + flat + text[end:], name="sender")
    send(f"{short_dir}/in", *NUMBERED[:3])
    receiver.wait_for_lines(3)
    assert program.stop()["delivered"] == 3


@pytest.mark.parametrize("scheme", ["tcp+tls", "relp+tls"])
def test_who_may_not_send_sees_no_certificate(logboom, ca, scheme):
    listen = f"{scheme}://127.0.0.1:0\n  allowed_senders 127.0.0.1"
    program = collector(logboom, ca, listen)
    for _ in range(3):
        with pytest.raises((ConnectionError, ssl.SSLEOFError)):
            with socket.create_connection(program.address("tcp"), 10, source_address=("127.0.0.2", 0)) as refused:
                ssl.create_default_context(cafile=ca.path).wrap_socket(refused, server_hostname="localhost")
    with pytest.raises(ConnectionResetError):  # also one that sends nothing, at once
        with socket.create_connection(program.address("tcp"), 10, source_address=("127.0.0.2", 0)) as silent:
            assert silent.recv(1) != b""
    program.wait_for_counter("logboom_input_errors_total", 4, reason="sender_refused")
    assert program.counters().total("logboom_input_tls_handshakes_total") == 0
    assert program.counters().total("logboom_input_errors_total") == 4
    assert len(program.log_lines(r"refused 127\.0\.0\.2")) == 1
    context = ssl.create_default_context(cafile=ca.path)
    context.load_cert_chain(*ca.client)
    with socket.create_connection(program.address("tcp"), 10) as allowed:
        context.wrap_socket(allowed, server_hostname="localhost").close()
    program.wait_for_counter("logboom_input_tls_handshakes_total", 1)


def test_openssl_s_client_as_a_sender(logboom, ca):
    program = collector(logboom, ca)
    subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{program.port}", "-CAfile", ca.path, "-cert",
                    ca.client[0], "-key", ca.client[1], "-verify_return_error", "-no_ign_eof"],
                   input=b"<13>a: one\n<13>a: two\n", timeout=10, check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    program.wait_for_lines(2)
    assert messages(program) == ["one", "two"]
