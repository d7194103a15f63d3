"""out_forward: the bytes that go out, and what acks and their absence do."""

import base64
import os
import re
import signal
import time

import msgpack
import pytest

from support.forward import Client, entries_bytes, event_time, packed
from support.forward_server import Receiver, ack, withhold
from support.relay import relay, servers
from support.wait import wait_until

T = 1700000000
ENTRIES = [(event_time(T, 5), {"log": "one", "n": 1}), (T + 1, {"log": "two"})]


def send(program, tag="app.one", entries=ENTRIES):
    chunk = base64.b64encode(os.urandom(16)).decode()
    with Client(program.address()) as client:
        client.send_and_wait(packed(tag, entries, {"chunk": chunk}), chunk)


def test_sends_the_bytes_that_fluentd_would(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port)))
        send(program)
        (message,) = receiver.wait_for_messages(1)
        body = entries_bytes(ENTRIES)
        assert message.raw == (b"\x93\xa7app.one\xdb" + len(body).to_bytes(4, "big") + body
                               + b"\x82\xa4size\x02\xaacompressed\xa4text")
        assert program.stop()["delivered"] == 2


def test_a_chunks_id_is_as_fluentds_and_the_same_when_it_is_sent_again(logboom):
    with Receiver(answer=lambda message, number: ack(message) if number > 1 else b"") as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  ack_response_timeout 1s\n"
                                                        "  recover_wait 0s\n"))
        send(program)
        first, second = receiver.wait_for_messages(2)
        assert first.raw == second.raw
        assert re.fullmatch(r"[A-Za-z0-9+/]{22}==\n", first.chunk)
        assert len(base64.b64decode(first.chunk)) == 16
        assert first.raw.endswith(b"\x83\xa4size\x02\xaacompressed\xa4text\xa5chunk\xb9" + first.chunk.encode())
        program.wait_for_log("is lost: .*the ack does not come")
        assert program.stop()["delivered"] == 2


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_compresses(logboom, kind):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), f"  compress {kind}\n"))
        send(program)
        (message,) = receiver.wait_for_messages(1)
        assert message.option == {"size": 2, "compressed": kind}
        assert message.records() == [{"log": "one", "n": 1}, {"log": "two"}]


def test_sends_whole_seconds_where_it_is_told_to(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), "  time_as_integer true\n"))
        send(program)
        (message,) = receiver.wait_for_messages(1)
        assert message.entries() == [[T, {"log": "one", "n": 1}], [T + 1, {"log": "two"}]]


def test_a_chunk_of_several_tags_is_a_message_for_each(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n", keys="[]",
                                buffer="flush_interval 1h"))
        for tag in ("a", "b", "a"):
            send(program, tag)
        assert program.stop()["delivered"] == 6
        messages = receiver.wait_for_messages(2)
        assert [(m.tag, len(m.records())) for m in messages] == [("a", 4), ("b", 2)]
        assert len({m.chunk for m in messages}) == 2
        assert len(receiver.messages) == 2


def test_acks_come_while_more_is_sent(logboom):
    """Ten chunks are on their way before the first ack comes; all of them are acked at once, in any order."""
    waiting = []

    def hoard(message, _number):
        waiting.append(message)
        return b"".join(map(ack, reversed(waiting))) if len(waiting) == 10 else None

    with Receiver(answer=hoard) as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  keepalive true\n"
                                                        "  heartbeat_type none\n"))
        for number in range(10):
            send(program, f"tag.{number}")
        receiver.wait_for_messages(10)
        program.wait_for_counter("logboom_forward_sent_events_total", 20)
        assert receiver.connections == 1
        assert program.stop()["delivered"] == 20
        assert len(receiver.messages) == 10


def test_no_more_than_the_window_is_sent_without_acks(logboom):
    with Receiver(answer=withhold) as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  keepalive true\n"
                                                        "  ack_window 3\n"))
        for number in range(6):
            send(program, f"tag.{number}")
        receiver.wait_for_messages(3)
        time.sleep(0.3)
        assert len(receiver.messages) == 3


@pytest.mark.parametrize("answer, reason", [
    (b"\xc1", "no ack"), (b"HTTP/1.1 400\r\n\r\n", "no ack"), (msgpack.packb({"ack": "another"}), "was not sent"),
    (msgpack.packb(["HELO", {"nonce": b"x"}]), "<security> is missing"),
])
def test_an_answer_that_is_no_ack_is_told_and_the_chunk_goes_elsewhere(logboom, answer, reason):
    with Receiver(answer=lambda *_: answer) as bad, Receiver() as good:
        program = logboom(relay(servers(bad.port, good.port, more=["weight 1000", "weight 1"]),
                                "  require_ack_response true\n"))
        send(program)
        program.wait_for_log(f"127.0.0.1:{bad.port} is lost: .*{reason}")
        assert good.wait_for_records(2) == [{"log": "one", "n": 1}, {"log": "two"}]
        assert program.stop()["delivered"] == 2


def test_a_handshake_that_is_asked_for_is_noticed_without_acks_too(logboom):
    with Receiver(greeting=msgpack.packb(["HELO", {"nonce": b"x"}])) as receiver:
        program = logboom(relay(servers(receiver.port)))
        send(program)
        program.wait_for_log("is lost: .*<security> is missing")


def test_a_connection_that_ends_before_the_ack_makes_the_chunk_come_again(logboom):
    with Receiver(answer=withhold) as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  keepalive true\n"))
        send(program)
        receiver.wait_for_messages(1)
        receiver.answer = ack
        receiver.finish()
        receiver.wait_for_messages(2)
        assert program.stop()["delivered"] == 2
        assert program.log_lines("is lost: .*can't receive")


def test_a_kept_connection_that_the_server_has_closed_loses_nothing(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), "  keepalive true\n  heartbeat_type none\n"))
        for number in range(20):
            send(program)
            program.wait_for_counter("logboom_forward_sent_events_total", 2 * number + 2)
            receiver.wait_for_messages(number + 1)
            receiver.finish()
            wait_until(lambda: not receiver.open, 5, "its end")
        assert receiver.connections == 20
        assert program.stop()["delivered"] == 40
        assert not program.log_lines("is lost")


def test_connections_are_kept_or_not(logboom):
    for keepalive, connections in (("true", 1), ("false", 3)):
        with Receiver() as receiver:
            program = logboom(relay(servers(receiver.port), f"  keepalive {keepalive}\n  heartbeat_type none\n"
                                                            "  require_ack_response true\n"), name=keepalive)
            for number in range(3):
                send(program)
                program.wait_for_counter("logboom_forward_sent_events_total", 2 * number + 2)
            assert receiver.connections == connections
            wait_until(lambda: len(receiver.open) == (keepalive == "true"), 5, "connections")


def test_a_kept_connection_that_is_not_used_is_closed_after_keepalive_timeout(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), "  keepalive true\n  keepalive_timeout 500ms\n"
                                                        "  heartbeat_type none\n"))
        send(program)
        receiver.wait_for_messages(1)
        wait_until(lambda: not receiver.open, 5, "the end of the connection")


def test_a_slow_receiver_gets_everything_once(logboom):
    big = [(T, {"n": n, "log": "x" * 1000}) for n in range(2000)]
    with Receiver(pace=4 << 20) as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  keepalive true\n",
                                buffer="flush_mode immediate\n    chunk_limit_size 256k\n    total_limit_size 4m"))
        for part in range(0, 2000, 100):
            send(program, entries=big[part:part + 100])
        assert program.stop()["delivered"] == 2000
        assert [record["n"] for record in receiver.records()] == list(range(2000))


def test_a_receiver_that_takes_nothing_is_given_up(logboom):
    big = [(T, {"log": "x" * 100_000}) for _ in range(100)]
    with Receiver(pace=1) as stuck, Receiver() as good:
        program = logboom(relay(servers(stuck.port, good.port, more=["weight 1000", "weight 1"]),
                                "  send_timeout 1s\n  heartbeat_type none\n"))
        send(program, entries=big)
        program.wait_for_log(f"127.0.0.1:{stuck.port} is lost", 20)
        good.wait_for_records(100, 20)
        assert program.stop()["delivered"] == 100


def test_a_large_chunk_goes_in_portions_and_only_what_was_not_acked_comes_again(logboom):
    ids = []

    def answer(message, number):
        ids.append(message.chunk)
        return ack(message) if number != 2 else b""

    with Receiver(answer=answer) as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n  ack_response_timeout 5s\n"
                                                        "  recover_wait 0s\n  keepalive true\n",
                                buffer="flush_interval 1d\n    chunk_limit_size 32m\n    retry_wait 50ms"))
        entries = [(T, {"n": n, "log": "x" * 10_000}) for n in range(900)]
        for start in range(0, 900, 100):
            send(program, entries=entries[start:start + 100])
        program.send_signal(signal.SIGUSR1)
        program.wait_for_counter("logboom_output_delivered_events_total", 900, 60, type="forward")
        messages = receiver.wait_for_messages(4)
        assert ids == [ids[0], ids[1], ids[2], ids[1]]
        assert len(set(ids)) == 3
        assert max(len(message.body) for message in messages) < 4 * 1024 * 1024 + 11_000
        records = [record["n"] for message in messages[:3] for record in message.records()]
        assert records == list(range(900)), len(records)
        assert messages[3].raw == messages[1].raw
        program.stop()


def test_messages_of_chunks_with_several_tags_all_have_ids_of_their_own(logboom):
    with Receiver() as receiver:
        program = logboom(relay(servers(receiver.port), "  require_ack_response true\n", keys="[]",
                                buffer="flush_interval 50ms"))
        for number in range(8):
            with Client(program.address()) as client:
                client.send(b"".join(packed(tag, [(T, {"n": number})]) for tag in ("a", "b", "c")))
            program.wait_for_counter("logboom_output_delivered_events_total", 3 * (number + 1), type="forward")
        assert len({message.chunk for message in receiver.messages}) == len(receiver.messages) == 24
        assert program.stop()["delivered"] == 24
