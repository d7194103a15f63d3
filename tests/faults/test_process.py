"""What a person sees of the process itself: limits, its own log, the system section."""

import grp
import json
import os
import pathlib
import pwd
import re
import resource
import signal
import subprocess
import time

import pytest

from support.configs import forward_source, forward_to_json
from support.forward import Client, compressed, message
from support.logboom import binary
from support.wait import wait_until

T = 1700000000


def test_the_limit_of_open_files_is_raised_to_the_hard_one(logboom):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        program = logboom(forward_to_json())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert resource.prlimit(program.pid, resource.RLIMIT_NOFILE) == (before[1], before[1])


def test_the_log_file_of_o_is_opened_anew_by_usr1(tmp_path):
    config = tmp_path / "fluent.conf"
    config.write_text(forward_to_json())
    log = tmp_path / "own.log"
    process = subprocess.Popen([binary(), "-c", config, "-o", log], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: log.exists() and "ready" in log.read_text(), what="ready in the log file")
        log.rename(tmp_path / "own.log.1")
        process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, what="a new log file")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "summary: received=0" in log.read_text()
    assert out == b"" and err == b""


def test_a_daemon_returns_when_it_runs_and_removes_its_number_at_the_end(tmp_path):
    config, pid_file, log = tmp_path / "fluent.conf", tmp_path / "pid", tmp_path / "logs" / "own.log"
    system = f"<system>\n  process_name a-boom\n  <log>\n    path {log}\n    format json\n  </log>\n</system>\n"
    config.write_text(system + forward_to_json())
    done = subprocess.run([binary(), "-c", config, "-d", pid_file, "--umask", "027"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    pid = int(pid_file.read_text())
    try:
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        wait_until(lambda: "ready" in log.read_text(), what="ready in the log file")
        assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "a-boom\n"
        assert pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == b"a-boom"
        assert re.search(r"^Umask:\s+0027$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not pid_file.exists(), what="the end of the daemon")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(set(line) == {"time", "level", "message"} for line in lines)
    assert "summary: received=0" in lines[-1]["message"]


def test_a_daemon_that_can_not_start_says_why_and_ends_with_1(tmp_path):
    config, pid_file = tmp_path / "fluent.conf", tmp_path / "pid"
    config.write_text("<match **>\n  @type nothing\n</match>\n")
    done = subprocess.run([binary(), "-c", config, "-d", pid_file], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=20)
    assert done.returncode == 1
    assert not pid_file.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_user_and_group_are_changed_and_low_ports_stay_possible(tmp_path):
    tmp_path.chmod(0o755)
    config, log = tmp_path / "fluent.conf", tmp_path / "own.log"
    config.write_text(forward_to_json())
    process = subprocess.Popen([binary(), "-c", config, "-o", log, "--user", "nobody", "--group", "daemon"])
    try:
        wait_until(lambda: log.exists() and "ready" in log.read_text(), what="ready in the log file")
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        nobody, daemon = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("daemon").gr_gid
        assert re.search(rf"^Uid:(\s+{nobody}){{4}}$", status, re.M)
        assert re.search(rf"^Gid:(\s+{daemon}){{4}}$", status, re.M)
        assert re.search(r"^CapEff:\s+0000000000000400$", status, re.M)
        assert (log.stat().st_uid, log.stat().st_gid) == (nobody, daemon)
    finally:
        process.kill()
        process.wait()


def test_setup_writes_a_configuration_that_is_right(tmp_path):
    done = subprocess.run([binary(), "--setup", tmp_path / "etc"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, f"wrote {tmp_path}/etc/fluent.conf\n")
    check = subprocess.run([binary(), "--dry-run", "-c", tmp_path / "etc" / "fluent.conf"], timeout=20)
    assert check.returncode == 0


def test_the_decompression_budget_is_one_for_all_inputs(logboom):
    system = "<system>\n  decompression_budget 64k\n</system>\n"
    program = logboom(system + forward_source() + forward_to_json().replace("@id input", "@id other"))
    payload = compressed("t", [(T, {"log": "x" * 40000})] * 2)
    for index in range(2):
        client = Client(program.address(index=index))
        client.send(payload)
        client.wait_closed()
    witness = Client(program.address())
    witness.send(message("t", T, {"n": 1}))
    program.wait_for_lines(1)
    refused = "too much decompressed data is held at once"
    wait_until(lambda: len(program.log_lines(refused)) == 2, what="a line for each of the refused")


def test_a_wrong_configuration_names_the_place_and_ends_with_1(tmp_path):
    config = tmp_path / "fluent.conf"
    config.write_text("<source>\n  @type forwrd\n</source>\n")
    begun = time.monotonic()
    done = subprocess.run([binary(), "-c", config], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert f"{config}:2:9: unknown input plugin 'forwrd' (did you mean 'forward'?)" in done.stderr
    assert time.monotonic() - begun < 5
