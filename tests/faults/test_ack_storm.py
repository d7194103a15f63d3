"""Docker's client, with acks and both streams busy, falls into closing its own connections: logboom says what helps."""

import time

from support.configs import forward_to_json
from support.forward import Client, message
from support.witness import Witness

ADVICE = r"fluentd-async|fluentd-read-timeout"


def record(name):
    return {"container_id": "ab" * 32, "container_name": name, "source": "stdout", "log": "x"}


def storm(program, name, seconds, rate):
    """Connections that send one chunked message each and close without reading the ack; returns how many."""
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Client(program.address()) as client:
            client.send(message("docker.x", 1700000000, record(name), {"chunk": f"{name}{count}"}))
        count += 1
        time.sleep(1 / rate)
    return count


def test_a_storm_is_warned_about_once_with_the_containers_name_and_what_helps(logboom):
    program = logboom(forward_to_json())
    with Witness(program) as witness:
        count = storm(program, "/stormy", seconds=4, rate=60)
        line = program.wait_for_log(ADVICE)
    assert "[warn]" in line and "stormy" in line
    program.wait_for_lines(count + witness.count)
    summary = program.stop()
    assert summary["received"] == count + witness.count
    assert len(program.log_lines(ADVICE)) == 1, "at most once a minute"


def test_each_stormy_container_is_named(logboom):
    program = logboom(forward_to_json())
    for name in ("/one", "/two"):
        storm(program, name, seconds=2.5, rate=80)
        program.wait_for_log(rf"{name[1:]}\b.*({ADVICE})|({ADVICE}).*{name[1:]}\b")
    program.stop()
    assert len(program.log_lines(ADVICE)) == 2


def test_clients_that_wait_for_their_acks_are_no_storm(logboom):
    program = logboom(forward_to_json())
    for number in range(150):
        with Client(program.address()) as client:
            chunk = f"c{number}"
            client.send_and_wait(message("docker.x", 1700000000, record(f"/calm{number}"), {"chunk": chunk}), chunk)
    with Client(program.address()) as client:
        for number in range(500):
            chunk = f"d{number}"
            client.send_and_wait(message("docker.x", 1700000000, record("/busy"), {"chunk": chunk}), chunk)
    program.stop()
    assert not program.log_lines(ADVICE)
    assert not program.log_lines(r"\[warn\]")
