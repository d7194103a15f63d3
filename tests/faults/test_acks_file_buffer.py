"""Acks with buffers on disk: what is acked outlives kill -9, and a message that is sent again is stored once."""

import random
import signal
import socket

from support.configs import forward_source
from support.faults import Faults
from support.forward import Client, message
from support.wait import wait_until

from test_acks import T, docker_id, lose_ack, stored

STORE = """  <store>
    @type file
    @id {name}
    path out/{name}
    append true
    <format>
      @type json
    </format>
    <buffer []>
      {buffer}
      flush_interval 600s
    </buffer>
  </store>
"""


def config(ack, **buffers):
    stores = "".join(STORE.format(name=name, buffer=text) for name, text in buffers.items())
    return forward_source(ack=ack) + f"<match **>\n  @type copy\n{stores}</match>\n"


def on_disk(name, more=""):
    return f"@type file\n      path {name}.buffer\n      {more}"


def end(program):
    program.send_signal(signal.SIGTERM)
    assert program.wait_exit(20) == 0, program.log_tail()


def test_kill_9_between_the_append_and_the_ack_neither_loses_nor_doubles_anything(logboom):
    text = config("disk", one=on_disk("one"), two=on_disk("two"))
    random.seed(4711)
    obstacle = None  # to the outputs, so that everything stays in the buffers
    messages = [(message("app", T, {"n": number}, {"chunk": chunk}), chunk)
                for number, chunk in ((n, docker_id()) for n in range(120))]
    for first in range(0, len(messages), 12):
        program = logboom(text, wait=False)
        if obstacle is None:
            obstacle = program.directory / "out"
            obstacle.touch()
        program.wait_for_log("ready")
        clients = []
        for data, chunk in messages[first:first + 12]:
            clients.append(Client(program.address()))
            clients[-1].send(data)
            if random.random() < 0.3:
                assert clients[-1].reply() == {"ack": chunk}
        program.kill()
        for client in clients:
            client.close()
    obstacle.unlink()
    program = logboom(text)
    for data, chunk in messages:
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
    end(program)
    for name in ("one.log", "two.log"):
        assert sorted(record["n"] for record in stored(program.directory / "out" / name)) == list(range(len(messages)))


def test_a_message_that_comes_again_goes_only_to_the_output_that_lost_it(logboom):
    text = config("memory", disk=on_disk("disk", "sync always"), memory="@type memory")
    sent = [(message("app", T, {"n": n}, {"chunk": chunk}), chunk) for n, chunk in ((n, docker_id()) for n in range(20))]
    program = logboom(text.replace("ack memory", "ack disk"))
    with Client(program.address()) as client:
        for data, chunk in sent:
            client.send_and_wait(data, chunk)
    program.kill()
    program = logboom(text)
    for data, chunk in sent:
        lose_ack(program, data)
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
    dropped = program.counters()
    assert dropped.total("logboom_output_dropped_events_total", id="disk", reason="duplicate") == 40
    assert dropped.total("logboom_output_dropped_events_total", id="memory", reason="duplicate") == 20
    end(program)
    for name in ("disk.log", "memory.log"):
        assert sorted(record["n"] for record in stored(program.directory / "out" / name)) == list(range(20))


def wait_for_no_connections(program, messages):
    """After so many messages, each of one event: the connections are counted before the events."""
    program.wait_for_counter("logboom_input_events_total", messages)
    wait_until(lambda: program.counters().total("logboom_input_connections") == 0, 10, "the end of the connection")


def test_a_client_that_loses_patience_with_a_slow_disk_is_not_stored_twice_whatever_its_ids_are(logboom, tmp_path):
    """It closes before its ack. An id that may be a hash of the payload says by itself nothing about that."""
    faults = Faults(tmp_path, tmp_path / "run")
    program = logboom(config("disk", one=on_disk(tmp_path / "run" / "one")), env=faults.environment)
    for number in range(10):
        chunk = docker_id() if number % 2 == 0 else f"{number:032x}"
        data = message("app", T, {"n": number}, {"chunk": chunk})
        with faults.during(sync_delay=300_000):
            with Client(program.address()) as client:
                client.send(data)
            wait_for_no_connections(program, 2 * number + 1)
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
        wait_for_no_connections(program, 2 * number + 2)
    end(program)
    assert sorted(record["n"] for record in stored(program.directory / "out" / "one.log")) == list(range(10))


def test_an_ack_that_a_half_closed_client_has_read_makes_its_next_payload_a_new_one(logboom, tmp_path):
    faults = Faults(tmp_path, tmp_path / "run")
    program = logboom(config("disk", one=on_disk(tmp_path / "run" / "one")), env=faults.environment)
    chunk = "0123456789abcdef" * 2
    data = message("app", T, {"log": "the same"}, {"chunk": chunk})
    for _ in range(5):
        with faults.during(sync_delay=100_000), Client(program.address()) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.reply() == {"ack": chunk}
    end(program)
    assert len(stored(program.directory / "out" / "one.log")) == 5


def test_what_was_written_before_the_restart_is_still_known(logboom):
    text = config("delivered", one=on_disk("one"))
    chunk = docker_id()
    data = message("app", T, {"n": 1}, {"chunk": chunk})
    for _ in range(3):
        program = logboom(text)
        with Client(program.address()) as client:
            client.send_and_wait(data, chunk)
        end(program)
    assert stored(program.directory / "out" / "one.log") == [{"n": 1}]


def test_ack_disk_and_a_buffer_that_never_syncs_is_an_error(logboom):
    program = logboom(config("disk", lazy=on_disk("lazy", "sync never")), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines(r"fluent\.conf:1:1.*ack disk.*\blazy\b.*sync never"), program.log_tail()
    harmless = logboom(config("memory", lazy=on_disk("lazy", "sync never")), name="harmless")
    harmless.stop()
