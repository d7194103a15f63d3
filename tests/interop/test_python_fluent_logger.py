"""The fluent-logger for Python (Debian: python3-fluent-logger) as a client."""

import json
import re
import threading

import pytest

from support.configs import forward_to_json, forward_to_stdout

sender = pytest.importorskip("fluent.sender")
asyncsender = pytest.importorskip("fluent.asyncsender")

COUNT = 2000


def numbers(program):
    return [json.loads(line)["n"] for line in program.stdout.lines()]


def emit_all(client, count=COUNT):
    for number in range(count):
        assert client.emit("app", {"n": number, "log": f"line {number} é"}), client.last_error


def test_all_events_of_a_synchronous_sender_arrive_in_order(logboom):
    program = logboom(forward_to_json())
    with sender.FluentSender("py", host="127.0.0.1", port=program.port) as client:
        emit_all(client)
    program.wait_for_lines(COUNT)
    assert numbers(program) == list(range(COUNT))
    assert program.stop()["delivered"] == COUNT


def test_all_events_of_an_asynchronous_sender_arrive_in_order(logboom):
    program = logboom(forward_to_json())
    client = asyncsender.FluentSender("py", host="127.0.0.1", port=program.port, queue_maxsize=COUNT)
    emit_all(client)
    client.close()
    program.wait_for_lines(COUNT)
    assert numbers(program) == list(range(COUNT))


def test_a_unix_socket_takes_the_same_client(logboom, short_dir):
    program = logboom(forward_to_json(unix_path=f"{short_dir}/in.sock"))
    with sender.FluentSender("py", host=f"unix://{short_dir}/in.sock") as client:
        emit_all(client)
    program.wait_for_lines(COUNT)
    assert numbers(program) == list(range(COUNT))


def test_nanosecond_precision_keeps_the_fraction(logboom):
    program = logboom(forward_to_stdout())
    with sender.FluentSender("py", host="127.0.0.1", port=program.port, nanosecond_precision=True) as client:
        assert client.emit_with_time("x", sender.EventTime(1700000000.25), {"n": 1})
        assert client.emit_with_time(None, 1700000000, {"n": 2})
        assert client.emit("now", {"n": 3})
    program.wait_for_lines(3)
    first, second, third = program.stdout.lines()
    assert first == '2023-11-14 22:13:20.250000000 +0000 py.x: {"n":1}'
    assert second == '2023-11-14 22:13:20.000000000 +0000 py: {"n":2}'
    assert re.match(r'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} \+0000 py\.now: \{"n":3\}$', third)


def test_twenty_senders_at_once_lose_nothing(logboom):
    program = logboom(forward_to_json())

    def run(name):
        with sender.FluentSender("py", host="127.0.0.1", port=program.port) as client:
            for number in range(200):
                assert client.emit("x", {"from": name, "n": number})

    threads = [threading.Thread(target=run, args=(name,)) for name in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    program.wait_for_lines(4000)
    seen = {}
    for line in program.stdout.lines():
        event = json.loads(line)
        assert event["n"] == seen.get(event["from"], -1) + 1, "the order of one connection is kept"
        seen[event["from"]] = event["n"]
    assert seen == {name: 199 for name in range(20)}
    assert program.stop()["received"] == 4000


def test_values_of_every_kind_come_out_as_json(logboom):
    program = logboom(forward_to_json())
    record = {"str": "x\n\"é🚢", "int": -5, "big": 2**64 - 1, "float": 2.5, "none": None, "yes": True,
              "list": [1, [2, {"three": 3}]], "map": {"a": {"b": ""}}}
    with sender.FluentSender("py", host="127.0.0.1", port=program.port) as client:
        assert client.emit("x", record)
    program.wait_for_lines(1)
    assert json.loads(program.stdout.lines()[0]) == record
