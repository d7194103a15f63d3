"""What a person sees of the process itself: limits, its own log, the system section."""

import resource
import signal
import subprocess
import time

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
    assert len(program.log_lines("too much decompressed data is held at once")) == 2


def test_a_wrong_configuration_names_the_place_and_ends_with_1(tmp_path):
    config = tmp_path / "fluent.conf"
    config.write_text("<source>\n  @type forwrd\n</source>\n")
    begun = time.monotonic()
    done = subprocess.run([binary(), "-c", config], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert f"{config}:2:9: unknown input plugin 'forwrd' (did you mean 'forward'?)" in done.stderr
    assert time.monotonic() - begun < 5
