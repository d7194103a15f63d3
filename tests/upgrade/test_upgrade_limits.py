"""SIGUSR2 and <limits>: what a connection has done, and that it is there, is known to the new process too."""

import contextlib
import json
import socket

import pytest

from support.configs import JSON_MATCH
from support.forward import Client, message
from support.upgrade import T, upgrade
from support.wait import wait_until

LINES = "  tag t\n  <parse>\n    @type none\n  </parse>\n"


def source(kind="forward", more="", **limits):
    lines = "".join(f"    {name} {value}\n" for name, value in limits.items())
    return (f"<source>\n  @type {kind}\n  @id input\n  bind 127.0.0.1\n  port 0\n{more}"
            f"  <limits>\n{lines}  </limits>\n</source>\n" + JSON_MATCH)


def errors(program, reason):
    return program.counters().total("logboom_input_errors_total", reason=reason)


@pytest.mark.parametrize("kind", ["forward", "tcp"])
def test_a_client_that_waits_for_no_answer_is_never_idle_in_the_next_process_either(logboom, kind):
    def event(n):
        return message("t", T, {"message": f"line {n}"}) if kind == "forward" else b"line %d\n" % n

    program = logboom(source(kind, LINES if kind == "tcp" else "", idle_timeout="1s"))
    address = program.address()
    with socket.create_connection(address) as docker:
        for n in range(3):
            docker.sendall(event(n))
            program.wait_for_lines(n + 1)
            upgrade(program)
            with Client(address) as silent:
                silent.wait_closed(10)
            assert errors(program, "idle") == 1
        docker.sendall(event(3))
        program.wait_for_lines(4)
    assert [json.loads(line)["message"] for line in program.stdout.lines()] == [f"line {n}" for n in range(4)]
    program.stop()


@pytest.mark.parametrize("limit", ["connections", "connections_per_address"])
def test_connections_that_are_handed_over_count(logboom, limit):
    program = logboom(source(**{limit: 3}))
    address = program.address()

    def turned_away():
        with contextlib.suppress(ConnectionResetError), Client(address) as one_too_many:
            one_too_many.wait_closed(5)

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(address)) for _ in range(3)]
        for n, client in enumerate(clients):
            client.send_and_wait(message("t", T, {"n": n}, {"chunk": "c"}), "c")
        upgrade(program)
        turned_away()
        reason = "too_many_connections" if limit == "connections" else "too_many_of_address"
        assert errors(program, reason) == 1
        clients[0].close()
        wait_until(lambda: program.counters().total("logboom_input_connections") == 2, what="room for one")
        with Client(address) as new:
            new.send_and_wait(message("t", T, {"n": 3}, {"chunk": "c"}), "c")
            turned_away()
        for client in clients[1:]:
            client.send_and_wait(message("t", T, {"n": 4}, {"chunk": "d"}), "d")
    program.stop()
