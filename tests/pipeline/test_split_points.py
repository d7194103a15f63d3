"""Each mode's message, cut in two at each byte: the parts come in different packets, the event comes out whole."""

import json

import pytest

from support.configs import forward_to_json
from support.forward import Client, compressed, event_time, forward, json_message, message, packed

T = 1700000000
RECORD = {"container_name": "/hello", "log": "Hello \u00e9 \"x\"\n", "n": 70000, "none": None}

MODES = {
    "message": lambda option: message("docker.x", T, RECORD, option),
    "message with EventTime": lambda option: message("docker.x", event_time(T, 5), RECORD, option),
    "forward": lambda option: forward("docker.x", [(T, RECORD), (T, RECORD)], option),
    "packed forward": lambda option: packed("docker.x", [(T, RECORD), (event_time(T), RECORD)], option),
    "gzip": lambda option: compressed("docker.x", [(T, RECORD)], "gzip", option),
    "zstd": lambda option: compressed("docker.x", [(T, RECORD)], "zstd", option),
    "JSON": lambda option: json_message("docker.x", T, RECORD, option),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_message_may_be_cut_anywhere(logboom, mode):
    data = MODES[mode]({"chunk": "c"})
    program = logboom(forward_to_json())
    points = range(1, len(data))
    clients = [Client(program.address()) for _ in points]
    for point, client in zip(points, clients):
        client.send(data[:point])
    program.wait_for_counter("logboom_input_connections", len(clients))
    for point, client in zip(points, clients):
        client.send(data[point:])
    for client in clients:
        answer = client.json_reply() if mode == "JSON" else client.reply()
        assert answer == {"ack": "c"}
        client.close()
    events = len(clients) * (2 if mode in ("forward", "packed forward") else 1)
    program.wait_for_lines(events)
    assert program.stop()["received"] == events
    assert all(json.loads(line) == RECORD for line in program.stdout.lines())


@pytest.mark.parametrize("mode", MODES)
def test_a_message_may_come_byte_by_byte(logboom, mode):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        for byte in MODES[mode]({"chunk": "c"}):
            client.send(bytes([byte]))
        answer = client.json_reply() if mode == "JSON" else client.reply()
        assert answer == {"ack": "c"}
    program.stop()
    assert all(json.loads(line) == RECORD for line in program.stdout.lines())
