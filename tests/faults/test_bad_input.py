"""Bytes that are no forward protocol, or nearly: they cost their own connection at most."""

import contextlib
import gzip
import random
import socket

import pytest

from support.configs import forward_to_json, forward_to_stdout
from support.forward import Client, Raw, event_time, json_message, message, pack, packed
from support.wait import wait_until
from support.witness import Witness

MEBI = 1 << 20
T = 1700000000


def warnings(program):
    return program.log_lines(r"\[(warn|error|fatal)\]")


def check_running(program):
    """A new connection works as ever."""
    with Client(program.address()) as client:
        client.send_and_wait(message("check", T, {"check": 1}, {"chunk": "check"}), "check")


def peer_port(client):
    return client.socket.getsockname()[1]


def truncated_total(program):
    return program.counters().total("logboom_input_errors_total", reason="truncated_message")


@pytest.mark.parametrize("first", ["any byte", "an array header"])
def test_random_bytes_disturb_nobody(logboom, first):
    program = logboom(forward_to_stdout())
    source = random.Random(20261123)
    with Witness(program) as witness:
        for _ in range(300):
            data = source.randbytes(source.randrange(1, 4096))
            with Client(program.address()) as client:
                try:
                    client.send(data if first == "any byte" else b"\x93\xa1t" + data)
                except ConnectionError:
                    pass
    check_running(program)
    program.stop()
    assert len(warnings(program)) <= 310, "one line a connection at most"
    numbers = [line for line in program.stdout.lines() if ' witness: {"witness":' in line]
    assert len(numbers) == witness.count


def test_damaged_messages_disturb_nobody(logboom):
    program = logboom(forward_to_stdout())
    source = random.Random(7)
    good = [message("t", T, {"log": "x" * 50, "n": 5, "m": {"a": [1, 2.5, None]}}, {"chunk": "c"}),
            packed("t", [(T, {"n": n}) for n in range(20)], {"size": 20}),
            packed("t", [(event_time(T, 5), {"log": "y" * 100})] * 5),
            json_message("t", T, {"log": "x"}, {"chunk": "j"})]
    with Witness(program):
        for _ in range(400):
            data = bytearray(source.choice(good))
            for _ in range(source.randrange(1, 4)):
                data[source.randrange(len(data))] = source.randrange(256)
            with Client(program.address()) as client:
                try:
                    client.send(bytes(data))
                except ConnectionError:
                    pass
    check_running(program)
    program.stop()


def test_a_truncated_message_is_counted_and_left_out(logboom):
    program = logboom(forward_to_json())
    whole = message("t", T, {"n": 1, "log": "abc"}, {"chunk": "c"})
    with Witness(program) as witness:
        for cut in range(1, len(whole)):
            with Client(program.address()) as client:
                client.send(whole[:cut])
        wait_until(lambda: truncated_total(program) >= len(whole) - 1, what="the truncated messages", interval=0.1)
    program.stop()
    assert not [line for line in program.stdout.lines() if '"log"' in line]
    witness.seen_in(program.stdout.lines())


def test_whole_messages_before_a_truncated_one_are_kept(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        client.send(message("t", T, {"n": 1}) + message("t", T, {"n": 2}) + message("t", T, {"n": 3})[:-2])
    program.wait_for_lines(2)
    wait_until(lambda: truncated_total(program) == 1, what="the truncated message's count", interval=0.1)
    program.stop()
    assert program.stdout.lines() == ['{"n":1}', '{"n":2}']


PROMISES = {
    "bin of 4 GiB": b"\x92\xa1t\xc6\xff\xff\xff\xff",
    "str of 4 GiB": b"\x92\xa1t\xdb\xff\xff\xff\xff",
    "tag of 4 GiB": b"\x93\xdb\xff\xff\xff\xff",
    "ext of 4 GiB": b"\x93\xa1t\xc9\xff\xff\xff\xff\x00",
    "message of 2^32 elements": b"\xdd\xff\xff\xff\xff\xa1t",
    "forward array of 2^32 entries": b"\x92\xa1t\xdd\xff\xff\xff\xff",
    "record of 2^32 pairs": b"\x93\xa1t\xce\x65\x53\xf1\x00\xdf\xff\xff\xff\xff",
    "value of 2^32 elements": b"\x93\xa1t\xce\x65\x53\xf1\x00\x81\xa1a\xdd\xff\xff\xff\xff",
    "option of 2^32 pairs": b"\x94\xa1t\xce\x65\x53\xf1\x00\x80\xdf\xff\xff\xff\xff",
}


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES.keys())
def test_memory_follows_bytes_received_and_not_lengths_promised(logboom, promise):
    program = logboom(forward_to_json())
    check_running(program)
    before = program.hwm()
    clients = [Client(program.address()) for _ in range(20)]
    with Witness(program) as witness:
        for client in clients:
            try:
                client.send(promise + b"\x00" * 50_000)
            except ConnectionError:
                pass
        wait_until(lambda: witness.count > 50, what="the witness's events")
    if not program.sanitized():
        assert program.hwm() - before < 24 * MEBI
    for client in clients:
        client.close()
    check_running(program)
    program.stop()


NESTED = {
    "in a record": message("t", T, Raw(b"\x81\xa4deep" + b"\x91" * 100_000 + b"\xc0")),
    "maps in a record": message("t", T, Raw(b"\x81\xa4deep" + b"\x81\xa1k" * 100_000 + b"\xc0")),
    "at the top": b"\x91" * 100_000 + b"\xc0",
    "in packed entries": packed("t", b"\x92\xce\x65\x53\xf1\x00\x81\xa1d" + b"\x91" * 100_000 + b"\xc0"),
    "in JSON": b"[" * 100_000 + b"]" * 100_000,
    "in a JSON record": b'["t",1700000000,{"d":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    "unfinished": b"\x91" * 100_000,
    "unfinished JSON": b"[" * 100_000,
}


@pytest.mark.parametrize("data", NESTED.values(), ids=NESTED.keys())
def test_nesting_100000_deep_is_survived(logboom, data):
    program = logboom(forward_to_json())
    with Witness(program) as witness:
        for _ in range(5):
            with Client(program.address()) as client:
                try:
                    client.send(data)
                    client.send(b"\xc0" if data[:1] != b"[" else b"\n")
                except ConnectionError:
                    pass
        seen = witness.count
        wait_until(lambda: witness.count > seen + 20, what="the witness's events")
    check_running(program)
    program.stop()
    witness.seen_in(program.stdout.lines())


def test_an_http_request_warns_once_and_names_the_peer(logboom):
    program = logboom(forward_to_json())
    ports = []
    with Witness(program) as witness:
        for _ in range(10):
            with Client(program.address()) as client:
                ports.append(peer_port(client))
                try:
                    client.send(b"GET /api/v2/push?x=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n" * 5)
                    client.socket.shutdown(socket.SHUT_WR)
                    client.socket.recv(1)
                except OSError:
                    pass
        check_running(program)
    program.stop()
    lines = warnings(program)
    for port in ports:
        assert len([line for line in lines if f"127.0.0.1:{port}" in line]) == 1, lines
    assert len(lines) == len(ports), lines
    witness.seen_in(program.stdout.lines())


def test_a_tls_handshake_on_the_plain_port_warns_once(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        port = peer_port(client)
        client.send(bytes.fromhex("1603010200010001fc0303") + bytes(range(256)))
        with contextlib.suppress(OSError):
            client.socket.shutdown(socket.SHUT_WR)
            client.socket.recv(1)
    check_running(program)
    program.stop()
    assert len([line for line in warnings(program) if f":{port}" in line]) == 1


def test_a_reset_in_mid_message_disturbs_nobody(logboom):
    program = logboom(forward_to_json())
    with Witness(program) as witness:
        for _ in range(100):
            client = Client(program.address())
            client.send(b"\x93\xa1t\xce\x65\x53\xf1\x00\x81\xa1a\xda\x10\x00xxx")
            client.reset()
    check_running(program)
    program.stop()
    witness.seen_in(program.stdout.lines())


def test_damaged_gzip_closes_its_own_connection(logboom):
    program = logboom(forward_to_json())
    body = gzip.compress(b"".join(pack([T, {"n": n}]) for n in range(1000)))
    with Witness(program) as witness:
        for position in range(12, len(body), max(1, len(body) // 40)):
            damaged = bytearray(body)
            damaged[position] ^= 0x5A
            with Client(program.address()) as client:
                client.send(pack(["t", bytes(damaged), {"compressed": "gzip", "chunk": "c"}]))
                client.wait_closed()
    check_running(program)
    program.stop()
    witness.seen_in(program.stdout.lines())
