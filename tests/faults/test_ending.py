"""Signals and the end: what was acked is written, what was received is accounted for."""

import json
import signal
import socket
import threading
import time

import pytest

from support.configs import file_match, forward_source, forward_to_json
from support.forward import Client, message, packed
from support.logboom import free_port
from support.wait import wait_until

T = 1700000000


def written(program, output):
    """Numbers of the events that came out, as (client, n) pairs."""
    lines = program.stdout.lines() if output == "stdout" else (program.directory / "app.log").read_text().splitlines()
    return [(event["c"], event["n"]) for event in map(json.loads, lines)]


class AckedSender(threading.Thread):
    """Sends chunks of `size` events, one after the other, until the server goes; keeps what was acked and sent."""

    def __init__(self, program, name, size):
        super().__init__(daemon=True)
        self.client = Client(program.address())
        self.number, self.size = name, size
        self.acked, self.sent = [], 0
        self.start()

    def run(self):
        try:
            while True:
                numbers = range(self.sent, self.sent + self.size)
                chunk = f"{self.number}-{self.sent}"
                records = [{"c": self.number, "n": n} for n in numbers]
                data = (message("t", T, records[0], {"chunk": chunk}) if self.size == 1 else
                        packed("t", [(T, record) for record in records], {"chunk": chunk}))
                self.sent += self.size
                self.client.send_and_wait(data, chunk)
                self.acked.extend((self.number, n) for n in numbers)
        except (OSError, AssertionError):
            self.client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("output", ["stdout", "file"])
@pytest.mark.parametrize("size", [1, 50], ids=["messages", "chunks"])
def test_everything_acked_was_written_when_stopped_under_load(logboom, number, output, size):
    program = logboom(forward_to_json() if output == "stdout" else forward_source() + file_match("**", "app"))
    senders = [AckedSender(program, name, size) for name in range(8)]
    wait_until(lambda: all(len(sender.acked) > 100 for sender in senders), what="acks")
    summary = program.stop(number=number)
    for sender in senders:
        sender.join(20)
        assert not sender.is_alive(), "the connection was not closed"
    out = written(program, output)
    assert not set(pair for sender in senders for pair in sender.acked) - set(out), "acked, and not written"
    assert len(out) == len(set(out)) == summary["delivered"] == summary["received"]
    assert summary["buffered"] == 0


def test_what_was_sent_before_the_stop_is_written_without_acks(logboom):
    program = logboom(forward_to_json())
    clients = [Client(program.address()) for _ in range(20)]
    for number, client in enumerate(clients):
        client.send(b"".join(message("t", T, {"c": number, "n": n}) for n in range(200)))
        client.close()
    summary = program.stop()
    assert summary["received"] == 4000
    assert sorted(written(program, "stdout")) == [(c, n) for c in range(20) for n in range(200)]


def test_an_ack_still_reaches_a_client_that_has_closed_its_half(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        client.send(message("t", T, {"n": 1}, {"chunk": "c"}))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.reply() == {"ack": "c"}
        client.wait_closed()


def exec_match(command, buffer):
    return f"""<match **>
  @type exec
  command {command}
  <format>
    @type json
  </format>
  <buffer []>
    flush_interval 10ms
    {buffer}
  </buffer>
</match>
"""


def test_a_sink_that_comes_back_during_the_stop_gets_what_waited_for_its_next_attempt(logboom, tmp_path):
    script = tmp_path / "sink.sh"
    script.write_text(f'[ -e {tmp_path}/up ] && cat "$1" >>{tmp_path}/app.log\n')
    program = logboom(forward_source() + exec_match(f"/bin/sh {script}", "retry_wait 60s"))
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    program.wait_for_log("could not write chunk .*attempt 1.*next attempt in [56]")
    program.send_signal(signal.SIGTERM)
    for attempt in (2, 3, 4):
        program.wait_for_log(f"could not write chunk .*attempt {attempt}.*next attempt in 1.0 s")
    (tmp_path / "up").touch()
    assert program.wait_exit() == 0
    assert (tmp_path / "app.log").read_text() == '{"n":1}\n'
    assert program.summary()["dropped"] == 0


def test_everything_is_over_and_told_before_docker_kills(logboom):
    program = logboom(forward_source(ack="delivered") + exec_match("sleep 60 #", "retry_wait 1s"))
    with Client(program.address()) as client:
        client.send(message("t", T, {"n": 1}, {"chunk": "c"}))
        program.wait_for_counter("logboom_output_buffered_events", 1)
        start = time.monotonic()
        program.send_signal(signal.SIGTERM)
        program.wait_exit(20)
        assert time.monotonic() - start < 9.5
    assert program.summary()["received"] == 1


def stores(*texts):
    return "<match **>\n  @type copy\n" + "".join(texts) + "</match>\n"


def test_a_dead_output_takes_no_time_from_the_others_at_the_end(logboom, tmp_path):
    """Events that arrive when the end has begun have a flush interval before them, in both outputs."""
    buffer = "    <buffer tag>\n      flush_interval 60s\n    </buffer>\n"
    dead = f"""  <store>
    @type forward
    @id dead
    heartbeat_type none
    <server>
      host 127.0.0.1
      port {free_port()}
    </server>
{buffer}  </store>
"""

    def good(path):
        (tmp_path / f"{path}.sh").write_text(f'cat "$1" >>{tmp_path}/{path}.log\n')
        return f"""  <store>
    @type exec
    @id good
    command /bin/sh {tmp_path}/{path}.sh
    <format>
      @type json
    </format>
{buffer}  </store>
"""

    programs = [logboom(forward_source() + stores(dead, good("last")), name="last"),
                logboom(forward_source() + stores(good("first"), dead), name="first")]
    events = b"".join(packed(f"t{k}", [(T, {"n": i, "p": "x" * 50})]) for i in range(10000) for k in range(10))
    senders = []
    for program in programs:
        client = Client(program.address())
        senders.append(threading.Thread(target=send_what_is_taken, args=(client, events), daemon=True))
        senders[-1].start()
    for program in programs:
        program.wait_for_counter("logboom_output_buffered_events", 1, id="good")
        program.send_signal(signal.SIGTERM)
    for program, path in zip(programs, ("last", "first")):
        program.wait_exit(30)
        assert not program.log_lines("good: .* could not be written before the end")
        written = (tmp_path / f"{path}.log").read_text().count("\n")
        assert 0 < written == program.summary()["received"]
    for sender in senders:
        sender.join(10)


def send_what_is_taken(client, data):
    try:
        client.send(data)
    except OSError:
        pass


def test_usr1_reopens_a_file_that_was_renamed(logboom):
    program = logboom(forward_source() + file_match("**", "app"))
    path, old = program.directory / "app.log", program.directory / "app.log.1"
    with Client(program.address()) as client:
        for number in range(5):
            client.send(message("t", T, {"n": number}))
        wait_until(lambda: path.exists() and len(path.read_text().splitlines()) == 5, what="five lines")
        path.rename(old)
        program.send_signal(signal.SIGUSR1)
        sent = 5

        def another():
            nonlocal sent
            client.send(message("t", T, {"n": sent}))
            sent += 1
            return path.exists() and path.read_text().count("\n") > 3

        wait_until(another, what="lines in a new file", interval=0.05)
    program.stop()
    lines = (old.read_text() + path.read_text()).splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(sent))


def test_usr1_flushes_what_waits(logboom):
    program = logboom(forward_source() + file_match("**", "app", flush_interval="600s"))
    path = program.directory / "app.log"
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        assert not path.exists() or path.read_text() == ""
        program.send_signal(signal.SIGUSR1)
        wait_until(lambda: path.exists() and path.read_text() == '{"n":1}\n', what="the line")
    program.stop()


def test_hup_reloads_and_connections_stay(logboom):
    program = logboom(forward_to_json())
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        program.send_signal(signal.SIGHUP)
        program.wait_for_log("reloaded: 2 of 2 plugins are unchanged")
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    assert program.stop()["received"] == 2


def test_a_port_in_use_is_a_clear_error(logboom):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = logboom(forward_to_json(port), wait=False)
        assert program.wait_exit() == 1
    text = program.log_tail()
    assert str(port) in text and "in use" in text.lower()


def test_the_port_is_free_again_at_once_after_a_stop(logboom):
    port = free_port()
    for run in range(3):
        program = logboom(forward_to_json(port), name=f"run{run}")
        client = Client(program.address())
        client.send_and_wait(message("t", T, {"n": run}, {"chunk": "c"}), "c")
        idle = Client(program.address())
        program.stop()
        assert client.closed()
        client.close()
        idle.close()


def test_a_unix_socket_left_behind_is_taken_over(logboom, short_dir):
    path = f"{short_dir}/in.sock"
    first = logboom(forward_to_json(unix_path=path), name="first")
    first.kill()
    second = logboom(forward_to_json(unix_path=path), name="second")
    with Client(path) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    second.stop()
