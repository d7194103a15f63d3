"""logboom ledger: what came in and what became of it, while it runs, after it, and after what was no end."""

import json
import os
import signal
import socket
import subprocess
import threading

import pytest

from support import ledger
from support.configs import STDOUT_MATCH, forward_source
from support.forward import Client, message, packed
from support.logboom import binary
from support.wait import wait_until

T = 1700000000
GREP = "<filter app.**>\n  @type grep\n  <exclude>\n    key n\n    pattern /[05]$/\n  </exclude>\n</filter>\n"
ROUTES = GREP + """<match app.**>
  @type copy
  <store>
    @type file
    @id first
    path first
    append true
    <buffer []>
      flush_interval 50ms
    </buffer>
  </store>
  <store>
    @type null
    @id second
  </store>
</match>
"""


def system(root_dir):
    return f"<system>\n  root_dir {root_dir}\n</system>\n"


def events(first, count):
    return packed("app.web", [(T, {"n": str(n)}) for n in range(first, first + count)], {"chunk": f"c{first}"})


def send(program, first, count):
    with Client(program.address()) as client:
        client.send_and_wait(events(first, count), f"c{first}")


def test_every_event_is_accounted_for_by_source_tag_and_output(logboom, tmp_path):
    state = tmp_path / "state"
    program = logboom(system(state) + forward_source() + ROUTES)
    send(program, 0, 100)
    with Client(program.address()) as client:
        client.send_and_wait(message("other", T, {"n": "1"}, {"chunk": "o"}), "o")
    found = ledger.balanced(state)
    source = found["sources"]["input"]
    assert (source["in"], source["made"], source["filtered"], source["unmatched"]) == (101, 80, 20, 1)
    assert source["routed"] == 160
    assert set(source["tags"]) == {"app.web", "other"}
    assert source["tags"]["app.web"]["in"] == 100
    assert found["outputs"]["first"]["in"] == found["outputs"]["second"]["delivered"] == 80
    assert found["gaps"] == []


def test_it_balances_at_every_moment_under_load_and_over_reloads(logboom, tmp_path):
    state = tmp_path / "state"
    config = system(state) + forward_source() + ROUTES
    program = logboom(config)
    stop = threading.Event()

    def load(number):
        with Client(program.address()) as client:
            sent = number * 10_000_000
            while not stop.is_set():
                client.send_and_wait(events(sent, 50), f"c{sent}")
                sent += 50

    threads = [threading.Thread(target=load, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for moment in range(12):
            ledger.balanced(state)
            if moment % 4 == 0:
                changed = config.replace("pattern /[05]$/", f"pattern /[05]$|x{moment}/")
                changed = changed.replace("@id second", f"@id second{moment}")
                program.config_path.write_text(changed)
                program.send_signal(signal.SIGHUP)
                program.wait_for_log(r"reloaded:", start=program.stderr.line_count() - 1)
    finally:
        stop.set()
    for thread in threads:
        thread.join(20)
    summary = program.stop()
    after = ledger.balanced(state)
    assert after["ended"]
    assert after["sources"]["input"]["in"] == summary["received"]
    assert sum(output["delivered"] for output in after["outputs"].values()) == summary["delivered"]


def test_a_restart_goes_on_where_the_last_run_ended(logboom, tmp_path):
    state = tmp_path / "state"
    config = system(state) + forward_source() + ROUTES
    for run in range(3):
        program = logboom(config, name=f"run{run}")
        send(program, 0, 10)
        program.stop()
    status, found, notes = ledger.run(state)
    assert status == 0
    assert "does not run" in notes
    assert found["sources"]["input"]["in"] == 30
    assert found["outputs"]["first"]["delivered"] == 24
    assert found["gaps"] == []


def test_what_a_kill_took_from_memory_is_a_gap_with_its_size(logboom, tmp_path):
    state = tmp_path / "state"
    lazy = ROUTES.replace("flush_interval 50ms", "flush_mode lazy")
    program = logboom(system(state) + forward_source() + lazy)
    send(program, 0, 100)
    wait_until(lambda: ledger.balanced(state)["outputs"]["first"]["buffered"] == 80, what="80 buffered events")
    wait_until(lambda: json.loads((state / "ledger").read_text())["sources"].get("input", {}).get("in") == 100,
               what="a checkpoint with all events")
    program.kill()
    status, found, notes = ledger.run(state)
    assert status == 0
    assert "orderly end" in notes
    program = logboom(system(state) + forward_source() + lazy, name="again")
    found = ledger.balanced(state)
    assert found["outputs"]["first"]["gap"] == 80
    assert [gap["at_most"] for gap in found["gaps"]] == [80]
    send(program, 0, 10)
    program.stop()
    found = ledger.balanced(state)
    assert (found["outputs"]["first"]["in"], found["outputs"]["first"]["delivered"]) == (88, 8)
    assert len(found["gaps"]) == 1


def test_people_get_tables_and_a_verdict(logboom, tmp_path):
    state = tmp_path / "state"
    program = logboom(system(state) + forward_source() + ROUTES)
    send(program, 0, 1000)
    done = _command("ledger", "-c", str(program.config_path), "--tags")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "It balances."
    assert any(line.split()[:3] == ["input", "1,000", "800"] for line in lines)
    assert any(line.split()[:2] == ["app.web", "1,000"] for line in lines)
    assert any(line.split()[:2] == ["first", "800"] for line in lines)


def test_a_ledger_that_does_not_balance_ends_with_1(logboom, tmp_path):
    state = tmp_path / "state"
    program = logboom(system(state) + forward_source() + ROUTES)
    send(program, 0, 10)
    program.stop()
    text = json.loads((state / "ledger").read_text())
    text["outputs"]["first"]["delivered"] -= 3
    (state / "ledger").write_text(json.dumps(text))
    assert ledger.run(state)[0] == 1
    done = _command("ledger", "--root-dir", str(state))
    assert done.returncode == 1
    assert "output first: 3 missing" in done.stdout


def test_without_a_state_directory_the_command_says_what_to_do(command):
    done = command("ledger", "-c", "fluent.conf", files={"fluent.conf": STDOUT_MATCH}, expect=1)
    assert "root_dir" in done.stderr


def test_a_state_directory_without_a_ledger_ends_with_2(command):
    assert "no ledger" in command("ledger", "--root-dir", "nowhere", expect=2).stderr


def test_a_second_process_leaves_the_state_directory_to_the_first(logboom, tmp_path):
    state = tmp_path / "state"
    config = system(state) + forward_source() + ROUTES
    first = logboom(config, name="first")
    second = logboom(config, name="second")
    second.wait_for_log("another process uses")
    send(second, 0, 10)
    send(first, 0, 20)
    assert ledger.balanced(state)["sources"]["input"]["in"] == 20
    second.stop()
    assert ledger.balanced(state)["sources"]["input"]["in"] == 20


def _command(*args):
    return subprocess.run([binary(), *args], capture_output=True, text=True, timeout=30)


class TestTheControlSocket:
    @pytest.fixture
    def path(self, logboom, tmp_path):
        self.state = tmp_path / "state"
        self.program = logboom(system(self.state) + forward_source() + ROUTES)
        return str(self.state / "control.sock")

    def ask(self, path, data, half_close=False):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(15)
            client.connect(path)
            client.sendall(data)
            if half_close:
                client.shutdown(socket.SHUT_WR)
            answer = b""
            while more := client.recv(65536):
                answer += more
        return answer

    def test_is_for_its_owner_only(self, path):
        assert os.stat(path).st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("garbage", [
        b"\n", b"hello\n", b"{}\n", b'{"command":"nothing"}\n', b'{"command":7}\n', b"\x00\xff" * 100 + b"\n",
        b'{"command":"ledger","arguments":[]}\n', b"[" * 60000 + b"\n"], ids=range(8))
    def test_answers_garbage_with_an_error(self, path, garbage):
        assert set(json.loads(self.ask(path, garbage))) == {"error"}
        ledger.balanced(self.state)

    def test_ends_a_request_that_is_too_long_or_not_whole(self, path):
        with pytest.raises((AssertionError, ConnectionError, json.JSONDecodeError)):
            assert "error" not in json.loads(self.ask(path, b"x" * 200_000))
        assert "error" in json.loads(self.ask(path, b'{"command":', half_close=True))
        ledger.balanced(self.state)

    def test_answers_a_caller_that_has_closed_its_half(self, path):
        assert "result" in json.loads(self.ask(path, b'{"command":"ledger"}\n', half_close=True))

    def test_has_room_for_a_few_callers_and_tells_the_others(self, path):
        silent = []
        try:
            for _ in range(8):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                silent.append(client)
            wait_until(lambda: b"too many" in self.ask(path, b'{"command":"ledger"}\n'), what="a refusal")
        finally:
            for client in silent:
                client.close()
        wait_until(lambda: ledger.run(self.state)[0] == 0, what="an answer")
        self.program.stop()

    def test_of_a_dead_process_is_replaced(self, path, logboom):
        self.program.kill()
        assert os.path.exists(path)
        logboom(system(self.state) + forward_source() + ROUTES, name="again")
        assert "result" in json.loads(self.ask(path, b'{"command":"ledger"}\n'))

    def test_is_reached_at_a_path_that_is_too_long_for_a_unix_address(self, logboom, tmp_path):
        state = tmp_path / ("deep" * 30) / "state"
        program = logboom(system(state) + forward_source() + ROUTES)
        send(program, 0, 10)
        status, found, notes = ledger.run(state)
        assert (status, notes, found["sources"]["input"]["in"]) == (0, "", 10)

    def test_goes_with_the_process(self, path):
        self.program.stop()
        assert not os.path.exists(path)
