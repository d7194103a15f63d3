"""<security> of in_forward: the handshake as clients of Fluentd's protocol speak it."""

import json
import re
import subprocess

import msgpack
import pytest

from support.certs import Authority
from support.configs import JSON_MATCH
from support.forward import Client, heartbeat, json_message, message, packed
from support.logboom import binary
from support.reload import configure, reload
from support.secure import SecureClient
from support.wait import wait_until

T = 1700000000
KEY = "k3y-0f-the-s3rver"
PASSWORD = "p4ssw0rd-0f-alice"
TLS = "  <transport tls>\n    cert_path {0}\n    private_key_path {1}\n  </transport>\n"


def source(more="", sections="", key=KEY, outside="", port=0):
    return (f"<source>\n  @type forward\n  @id input\n  bind 127.0.0.1\n  port {port}\n{outside}"
            f"  <security>\n    self_hostname server.example\n    shared_key {key}\n{more}{sections}"
            f"  </security>\n</source>\n") + JSON_MATCH


def user(name, password):
    return f"    <user>\n      username {name}\n      password {password}\n    </user>\n"


def client(**parameters):
    lines = "".join(f"      {name} {value}\n" for name, value in parameters.items())
    return f"    <client>\n{lines}    </client>\n"


def ask(connection, n=0):
    connection.send_and_wait(message("t", T, {"n": n}, {"chunk": f"c{n}"}), f"c{n}")


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("certs") / "ca")
    authority.server = authority.issue("server")
    return authority


def tls_context(ca):
    import ssl
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    result.load_verify_locations(ca.path)
    return result


def test_a_client_that_knows_the_key_sends_messages_of_all_modes_with_acks(logboom):
    program = logboom(source())
    with SecureClient(program.address()) as connection:
        assert len(connection.nonce) == 16 and connection.auth == b"" and connection.helo[1][b"keepalive"] is True
        connection.log_in(KEY)
        ask(connection, 0)
        connection.send_and_wait(packed("t", [(T, {"n": n}) for n in range(1, 1000)], {"chunk": "many"}), "many")
    program.wait_for_lines(1000)
    assert program.stop()["received"] == 1000
    assert [json.loads(line)["n"] for line in program.stdout.lines()] == list(range(1000))


def test_each_reason_is_told_counted_and_logged_once_for_an_address_without_a_secret(logboom):
    program = logboom(source("    user_auth true\n", user("alice", PASSWORD) + user("bob", "other")))
    address = program.address()
    with SecureClient(address) as connection:
        assert connection.refused("wr0ng", user="alice", password=PASSWORD) == "shared_key mismatch"
    for name, password in (("alice", "other"), ("bob", PASSWORD), ("nobody", ""), ("", "")):
        with SecureClient(address) as connection:
            assert connection.refused(KEY, user=name, password=password) == "username/password mismatch"
    for data in (message("t", T, {"n": 0}), json_message("t", T, {"n": 0}), msgpack.packb(["PING", "x", "y", "z", "", ""])[:-1] + b"\xc0",
                 msgpack.packb(["PING", "x", "y", "z", ""]), b"\xc1"):
        with SecureClient(address) as connection:
            connection.send(data)
            assert connection.pong() == [False, "invalid ping message", "", ""]
            connection.wait_closed()
    assert [errors(program, reason) for reason in ("security_shared_key", "security_user", "security_invalid_ping")] == [1, 4, 5]
    with SecureClient(address) as connection:
        ask(connection.log_in(KEY, user="alice", password=PASSWORD))
    assert program.stop()["received"] == 1
    lines = program.log_lines("is refused")
    assert len(lines) == 1 and "shared_key mismatch" in lines[0] and "'client.example'" in lines[0]
    for secret in (KEY, PASSWORD, "wr0ng"):
        assert not any(secret in line for line in program.stderr.lines())


def test_a_replayed_ping_is_refused(logboom):
    program = logboom(source())
    with SecureClient(program.address()) as first:
        ping = first.ping(KEY)
        first.send(ping)
        assert first.pong()[0] is True
    with SecureClient(program.address()) as second:
        assert second.nonce != first.nonce
        second.send(ping)
        assert second.pong() == [False, "shared_key mismatch", "", ""]
        second.wait_closed()


def test_clients_are_known_by_host_and_network_and_have_keys_and_users_of_their_own(logboom):
    sections = (user("alice", PASSWORD) + user("bob", "pw") + client(host="192.0.2.1", shared_key="of-another") +
                client(network="127.0.0.0/8", shared_key="of-loopback", users='["alice"]'))
    program = logboom(source("    user_auth true\n    allow_anonymous_source false\n", sections))
    with SecureClient(program.address()) as connection:
        assert connection.refused(KEY, user="alice", password=PASSWORD) == "shared_key mismatch"
    with SecureClient(program.address()) as connection:
        assert connection.refused("of-loopback", user="bob", password="pw") == "username/password mismatch"
    with SecureClient(program.address()) as connection:
        ask(connection.log_in("of-loopback", user="alice", password=PASSWORD))
    assert program.stop()["received"] == 1


def test_an_address_that_no_client_names_is_denied_with_its_address(logboom, short_dir):
    sections = client(host="192.0.2.1")
    program = logboom(source("    allow_anonymous_source false\n", sections, outside=f"  unix_path {short_dir}/in.sock\n"))
    with SecureClient(program.address()) as connection:
        assert connection.refused(KEY) == "anonymous source host '127.0.0.1' denied"
    with SecureClient(f"{short_dir}/in.sock") as connection:
        assert connection.refused(KEY) == f"anonymous source host 'unix:{short_dir}/in.sock' denied"
    assert errors(program, "security_anonymous_source") == 2


def test_localhost_is_looked_up(logboom):
    program = logboom(source("    allow_anonymous_source false\n", client(host="localhost")))
    with SecureClient(program.address()) as connection:
        ask(connection.log_in(KEY))


def test_it_works_over_tls_and_unix_sockets(logboom, ca, short_dir):
    path = f"{short_dir}/in.sock"
    program = logboom(source(outside=TLS.format(*ca.server) + f"  unix_path {path}\n"))
    with SecureClient(program.address(), tls=tls_context(ca)) as connection:
        ask(connection.log_in(KEY), 0)
    with SecureClient(program.address(), tls=tls_context(ca)) as connection:
        assert connection.refused("wr0ng") == "shared_key mismatch"
    with SecureClient(path) as connection:
        ask(connection.log_in(KEY), 1)
    assert program.stop()["received"] == 2


def test_heartbeats_need_no_handshake_and_keepalive_is_what_deny_keepalive_says(logboom):
    program = logboom(source(outside="  deny_keepalive true\n"))
    assert heartbeat(program.address("udp")) == b"\x00"
    with SecureClient(program.address()) as connection:
        assert connection.helo[1][b"keepalive"] is False
        ask(connection.log_in(KEY))
        connection.wait_closed()


def test_a_client_that_says_nothing_or_half_a_ping_is_reset(logboom):
    program = logboom(source("    handshake_timeout 2s\n"))
    with SecureClient(program.address()) as silent, SecureClient(program.address()) as slow:
        slow.send(slow.ping(KEY)[:30])
        silent.wait_closed(10)
        slow.wait_closed(10)
    program.wait_for_counter("logboom_input_errors_total", 2, reason="security_timeout")
    assert len(program.log_lines("did not say in time")) == 1


def test_a_client_that_is_slow_byte_by_byte_gets_in_if_it_is_in_time(logboom):
    program = logboom(source())
    with SecureClient(program.address()) as connection:
        for byte in connection.ping(KEY):
            connection.send(bytes([byte]))
        assert connection.pong()[0] is True
        connection._unpacker = msgpack.Unpacker(raw=False)
        ask(connection)


def test_json_is_refused_after_the_handshake(logboom):
    program = logboom(source())
    with SecureClient(program.address()) as connection:
        connection.log_in(KEY)
        connection.send(json_message("t", T, {"n": 0}))
        connection.wait_closed()
    program.wait_for_log("JSON is not spoken where there is a <security>")
    assert program.stop()["received"] == 0


def test_a_changed_key_is_for_new_connections_and_those_that_are_in_go_on(logboom):
    program = logboom(source())
    port = program.port
    program.stop()
    program = logboom(source(port=port), name="again")
    with SecureClient(program.address()) as stays, SecureClient(program.address()) as between:
        ask(stays.log_in(KEY), 0)
        reload(program, source(key="n3w", port=port))
        ask(stays, 1)
        ask(between.log_in(KEY), 2)
        with SecureClient(program.address()) as late:
            assert late.refused(KEY) == "shared_key mismatch"
        with SecureClient(program.address()) as late:
            ask(late.log_in("n3w"), 3)
        ask(stays, 4)
    assert program.stop()["received"] == 5


@pytest.mark.parametrize("more, sections, line, words", [
    ("    user_auth true\n", "", 9, "without a <user>"),
    ("    allow_anonymous_source false\n", "", 9, "without a <client>"),
    ("", client(), 9, "either `host` or `network`"),
    ("", client(host="no-such-host.invalid"), 10, "can't resolve"),
    ("", client(network="127.0.0.1/40"), 10, "slash"),
], ids=["no users", "no clients", "empty client", "unknown host", "wrong network"])
def test_what_would_let_nobody_in_is_an_error_at_its_place(logboom, more, sections, line, words):
    program = logboom(source(more, sections), wait=False)
    assert program.wait_exit() == 1
    assert any(f"fluent.conf:{line}:" in text and words in text for text in program.log_lines()), program.log_tail()
    assert not any(KEY in text for text in program.stderr.lines())


def test_no_command_and_no_dump_shows_a_secret(logboom, tmp_path):
    text = source("    user_auth true\n", user("alice", PASSWORD) + client(host="127.0.0.1", shared_key="0f-the-cl1ent"))
    program = logboom(text, args=["-v"])
    assert any("xxxxxx" in line for line in program.stderr.lines())
    shown = "\n".join(program.stderr.lines())
    for command in (["check"], ["check", "--json"], ["explain", "-t", "t"], ["--dry-run"]):
        arguments = [binary(), *command, "-c", str(program.config_path)]
        run = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False)
        shown += run.stdout.decode()
    broken = text.replace("user_auth", "user_oauth").replace("</security>", "</securit>")
    configure(program, broken)
    run = subprocess.run([binary(), "check", "-c", str(program.config_path)], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=20, check=False)
    shown += run.stdout.decode()
    for secret in (KEY, PASSWORD, "0f-the-cl1ent"):
        assert secret not in shown
