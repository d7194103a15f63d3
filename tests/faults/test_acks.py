"""What an ack promises, and what becomes of messages that are sent again because theirs was lost."""

import base64
import collections
import itertools
import json
import selectors
import socket
import struct
import time

import pytest

from support.configs import file_match, forward_source, forward_to_json
from support.forward import Client, forward, message
from support.reload import whole_lines
from support.wait import wait_until

T = 1700000000
COPY = """<match **>
  @type copy
  <store>
    @type file
    @id first
    path first
    append true
    <format>
      @type json
    </format>
    <buffer []>
      flush_interval 50ms
    </buffer>
  </store>
  <store>
    @type file
    @id second
    path second
    append true
    <format>
      @type json
    </format>
    <buffer []>
      flush_interval 50ms
    </buffer>
  </store>
</match>
"""
numbers = itertools.count()


def docker_id():
    """As Docker's client makes them: seconds and a random number."""
    return base64.b64encode(struct.pack("<qQ", T, next(numbers))).decode()


def stored(path):
    return [json.loads(line) for line in whole_lines(path.read_text())] if path.exists() else []


def lose_ack(program, data):
    """Sends a message and goes away without reading the ack."""
    before = program.counters().total("logboom_input_events_total")
    with Client(program.address()) as client:
        client.send(data)
        program.wait_for_counter("logboom_input_events_total", before + 1)


def test_a_message_whose_ack_was_lost_is_stored_once_in_each_output(logboom):
    program = logboom(forward_source() + COPY)
    for number in range(5):
        chunk = docker_id()
        data = message("app", T, {"n": number}, {"chunk": chunk})
        lose_ack(program, data)
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
            client.send_and_wait(data, chunk)
    assert program.counters().total("logboom_output_dropped_events_total", reason="duplicate") == 20
    program.stop()
    for name in ("first.log", "second.log"):
        assert [record["n"] for record in stored(program.directory / name)] == list(range(5))


def test_a_message_that_filters_and_outputs_take_apart_is_still_stored_once(logboom):
    config = forward_source() + """<match in>
  @type rewrite_tag_filter
  <rule>
    key kind
    pattern /^(\\w+)$/
    tag out.$1
  </rule>
</match>
<filter out.b>
  @type record_transformer
  <record>
    seen yes
  </record>
</filter>
""" + file_match("out.**", "app")
    program = logboom(config)
    chunk = docker_id()
    entries = [[T, {"kind": kind, "n": number}] for number, kind in enumerate("abcab")]
    data = forward("in", entries, {"chunk": chunk})
    for _ in range(3):
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
    program.stop()
    assert sorted(record["n"] for record in stored(program.directory / "app.log")) == list(range(5))


def test_one_id_for_different_messages_loses_none(logboom):
    program = logboom(forward_to_json())
    chunk = "p8n9gmxTQVC8/nh2wlKKeQ=="
    with Client(program.address()) as client:
        for number in range(20):
            client.send_and_wait(message("app", T, {"n": number}, {"chunk": chunk}), chunk)
    program.wait_for_lines(20)
    assert program.stop()["delivered"] == 20


def test_identical_payloads_of_fluent_bit_are_all_kept(logboom):
    program = logboom(forward_to_json())
    chunk = "0123456789abcdef" * 2
    with Client(program.address()) as client:
        for _ in range(4):
            client.send_and_wait(message("app", T, {"log": "the same"}, {"chunk": chunk}), chunk)
    with Client(program.address()) as client:
        client.send_and_wait(message("app", T, {"log": "the same"}, {"chunk": chunk}), chunk)
    program.wait_for_lines(5)
    assert program.stop()["delivered"] == 5


def test_ids_that_say_nothing_make_no_duplicates(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        for _ in range(3):
            client.send_and_wait(message("app", T, {"log": "x"}, {"chunk": "1"}), "1")
    program.wait_for_lines(3)
    program.stop()


def test_ack_delivered_comes_when_the_line_is_in_the_file_without_waiting_for_the_interval(logboom):
    program = logboom(forward_source(ack="delivered") + file_match("**", "app", flush_interval="60s"))
    path = program.directory / "app.log"
    with Client(program.address()) as client:
        for number in range(10):
            chunk = docker_id()
            client.send_and_wait(message("app", T, {"n": number}, {"chunk": chunk}), chunk, deadline=5)
            assert [record["n"] for record in stored(path)] == list(range(number + 1))
    program.stop()


def test_ack_memory_does_not_wait_for_an_output_that_confirms_what_it_has_written(logboom):
    program = logboom(forward_to_json(ack="memory"))
    with Client(program.address()) as client:
        client.send_and_wait(message("app", T, {"n": 1}, {"chunk": "1"}), "1", deadline=5)
    program.wait_for_lines(1)
    program.stop()


def test_ack_disk_names_the_outputs_that_keep_events_in_memory(logboom):
    program = logboom(forward_source(ack="disk") + COPY)
    for name in ("first", "second"):
        assert program.log_lines(rf"\[warn\].*ack disk.*\b{name}\b.*memory"), program.log_tail()
    with Client(program.address()) as client:
        client.send_and_wait(message("app", T, {"n": 1}, {"chunk": "1"}), "1")
    program.stop()


def test_a_filter_that_holds_events_back_says_that_their_acks_do_not_wait(logboom):
    concat = "<filter **>\n  @type concat\n  @id joiner\n  key log\n  multiline_start_regexp /^a/\n</filter>\n"
    program = logboom(forward_source(ack="delivered") + concat + file_match("**", "app", flush_interval="60s"))
    assert len(program.log_lines(r"\[warn\].*joiner holds events back")) == 1
    with Client(program.address()) as client:
        client.send_and_wait(message("app", T, {"log": "a"}, {"chunk": "1"}), "1", deadline=5)
    program.stop()
    quiet = logboom(forward_source() + concat + file_match("**", "app"), name="quiet")
    assert not quiet.log_lines("holds events back")
    quiet.stop()


class Containers:
    """Many connections that wait for each ack before the next message, as Docker's client does."""

    def __init__(self, address, count):
        self.selector = selectors.DefaultSelector()
        self.sockets = []
        self.sent = collections.Counter()
        self.last = {}
        self.acked = 0
        for index in range(count):
            connection = socket.create_connection(address, 10)
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ, index)
            self.sockets.append(connection)

    def send(self, index):
        chunk = docker_id()
        data = message("app", T, {"c": index, "n": self.sent[index]}, {"chunk": chunk})
        self.sent[index] += 1
        self.last[index] = (data, chunk)
        self.sockets[index].send(data)

    def run(self, messages, deadline):
        """All but the last ack of each connection are read."""
        for index in range(len(self.sockets)):
            self.send(index)
        end = time.monotonic() + deadline
        busy = len(self.sockets)
        while busy:
            assert time.monotonic() < end, f"{self.acked} acks, {busy} connections wait"
            for key, _ in self.selector.select(1):
                index = key.data
                chunk = self.last[index][1]
                if self.sent[index] < messages:
                    assert key.fileobj.recv(256) == b"\x81\xa3ack" + bytes([0xa0 | len(chunk)]) + chunk.encode()
                    self.acked += 1
                    self.send(index)
                else:
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
                    busy -= 1


@pytest.mark.parametrize("ack", ["memory", "delivered"])
def test_a_thousand_containers_lose_their_last_ack_and_nothing_is_stored_twice(logboom, ack):
    program = logboom(forward_source(ack=ack) + file_match("**", "app"))
    containers = Containers(program.address(), 1000)
    containers.run(3, deadline=60)
    again = Containers(program.address(), 1000)
    for index, connection in enumerate(again.sockets):
        connection.setblocking(True)
        connection.sendall(containers.last[index][0])
    for index, connection in enumerate(again.sockets):
        chunk = containers.last[index][1]
        assert connection.recv(256) == b"\x81\xa3ack" + bytes([0xa0 | len(chunk)]) + chunk.encode()
        connection.close()
    path = program.directory / "app.log"
    wait_until(lambda: len(stored(path)) >= 3000, 20, "the file's lines")
    program.stop()
    assert collections.Counter((r["c"], r["n"]) for r in stored(path)) == collections.Counter(
        (c, n) for c in range(1000) for n in range(3))
