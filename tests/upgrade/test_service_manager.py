"""What systemd says to a service and hears from it: sockets that are passed, readiness, the watchdog, a new main process."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import time

import pytest

from support.configs import forward_source, forward_to_json
from support.forward import Client, message
from support.logboom import binary, free_port
from support.reload import configure, reload
from support.upgrade import T, upgrade
from support.wait import wait_until

# Binds sockets, passes them as a service manager does, and becomes the program.
LAUNCHER = """#!/usr/bin/python3
import fcntl, json, os, socket, sys
made = []
for family, kind, address, name in json.loads(os.environ.pop("SOCKETS")):
    made.append(socket.socket(getattr(socket, family), getattr(socket, kind)))
    if family == "AF_INET6":
        made[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made[-1].bind(tuple(address) if isinstance(address, list) else address)
    if kind == "SOCK_STREAM" and name != "deaf":
        made[-1].listen()
high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for s in made]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)),
                  LISTEN_FDNAMES=":".join(s[3] for s in json.loads(os.environ.pop("NAMES"))))
os.execv({binary!r}, [{binary!r}] + sys.argv[1:])
"""


@pytest.fixture
def passed(logboom, tmp_path, monkeypatch):
    """Starts logboom with sockets (family, type, address, name)."""
    launcher = tmp_path / "launcher"
    launcher.write_text(LAUNCHER.replace("{binary!r}", repr(binary())))
    launcher.chmod(0o755)
    monkeypatch.setenv("LOGBOOM", str(launcher))

    def start(config, *sockets, **options):
        text = json.dumps(sockets)
        return logboom(config, env={"SOCKETS": text, "NAMES": text}, **options)

    return start


def test_a_socket_of_the_same_address_is_used(passed):
    port = free_port()
    program = passed(forward_to_json(port), ("AF_INET", "SOCK_STREAM", ["127.0.0.1", port], "any"),
                     ("AF_INET", "SOCK_DGRAM", ["127.0.0.1", port], ""))
    assert f"listening on tcp://127.0.0.1:{port}, a socket that was passed" in program.log_tail()
    with Client(("127.0.0.1", port)) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    assert not program.log_lines("used by no source")
    program.stop()


def test_a_socket_of_all_addresses_serves_both_families(passed):
    port = free_port()
    config = forward_to_json(port).replace("bind 127.0.0.1", "bind 0.0.0.0")
    program = passed(config, ("AF_INET6", "SOCK_STREAM", ["::", port], ""))
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, port), 10) as client:
            client.sendall(message("t", T, {"n": host}))
    program.wait_for_lines(2)
    program.stop()


def test_a_socket_named_like_the_source_is_used(passed):
    port = free_port()
    program = passed(forward_to_json(1), ("AF_INET", "SOCK_STREAM", ["127.0.0.1", port], "input"))
    with Client(("127.0.0.1", port)) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
        upgrade(program)
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    program.stop()


def test_unix_sockets_are_used_and_their_files_stay(passed, short_dir):
    stream, datagrams = f"{short_dir}/s", f"{short_dir}/d"
    config = f"""<source>
  @type syslog
  tag t
  listen unix://{stream}, unixgram://{datagrams}
</source>
<match **>
  @type stdout
</match>
"""
    program = passed(config, ("AF_UNIX", "SOCK_STREAM", stream, "one"), ("AF_UNIX", "SOCK_DGRAM", datagrams, "two"))
    inodes = [os.stat(path).st_ino for path in (stream, datagrams)]
    for n in (1, 2):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(stream)
            client.sendall(b"<30>Oct 11 22:14:15 host app[1]: stream\n")
            program.wait_for_lines(2 * n - 1)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(b"<30>Oct 11 22:14:15 host app[1]: datagram", datagrams)
        program.wait_for_lines(2 * n)
        if n == 1:
            upgrade(program)
    program.stop()
    assert [os.stat(path).st_ino for path in (stream, datagrams)] == inodes


def test_a_socket_that_nobody_takes_is_named(passed):
    port = free_port()
    program = passed(forward_to_json(), ("AF_INET", "SOCK_STREAM", ["127.0.0.1", port], "spare"))
    assert program.log_lines(rf"warn.*tcp://127.0.0.1:{port} \('spare'\) that was passed is used by no source")
    program.stop()


def test_a_reload_may_take_it_later(passed):
    port = free_port()
    program = passed(forward_to_json(), ("AF_INET", "SOCK_STREAM", ["127.0.0.1", port], "spare"))
    reload(program, forward_to_json(port))
    with Client(("127.0.0.1", port)) as client:
        client.send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    program.stop()


@pytest.mark.parametrize("sock,words", [
    (("AF_INET", "SOCK_STREAM", ["127.0.0.1", 0], "deaf"), "Accept=no"),
    (("AF_INET", "SOCK_DGRAM", ["127.0.0.1", 0], "lines"), "does not listen on one of that kind"),
], ids=["not_listening", "datagrams_for_tcp"])
def test_a_socket_of_the_wrong_kind_is_an_error(passed, sock, words):
    config = f"""<source>
  @type tcp
  @id lines
  tag t
  port {free_port()}
  <parse>
    @type none
  </parse>
</source>
<match **>
  @type null
</match>
"""
    program = passed(config, sock, wait=False)
    assert program.wait_exit() == 1
    assert words in program.log_tail()


class Manager:
    """Hears what a service says."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path[1:] if path.startswith("@") else path)

    def wait_for(self, wanted, deadline=10.0):
        """The first datagram that has a line which begins so; what comes before is passed over."""
        end = time.monotonic() + deadline
        while True:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            lines = self.socket.recv(4096).decode().split("\n")
            if any(line.startswith(wanted) for line in lines):
                return lines


@pytest.fixture(params=["path", "abstract"])
def manager(request, short_dir):
    return Manager(f"{short_dir}/n" if request.param == "path" else f"@logboom-test-{os.getpid()}-{time.time()}")


def test_a_manager_hears_of_everything(logboom, manager):
    program = logboom(forward_to_json(), env={"NOTIFY_SOCKET": manager.path})
    assert manager.wait_for("READY=1") == ["READY=1", "STATUS=running with 1 sources and 1 outputs"]
    reload(program, program.config_path.read_text())
    reloading = manager.wait_for("RELOADING=1")
    assert abs(int(reloading[1].split("=")[1]) / 1e6 - time.monotonic()) < 60
    manager.wait_for("READY=1")
    configure(program, "<match")
    program.send_signal(signal.SIGHUP)
    manager.wait_for("RELOADING=1")
    assert "refused" in manager.wait_for("READY=1")[1]
    configure(program, forward_to_json())
    number = upgrade(program)
    assert manager.wait_for("MAINPID=") == [f"MAINPID={number}"]
    manager.wait_for("READY=1")
    program.stop()
    manager.wait_for("STOPPING=1")


def test_a_child_does_not_inherit_the_manager(logboom, manager):
    config = forward_source() + """<source>
  @type exec
  tag t
  command env
  run_interval 0.1
  <parse>
    @type none
  </parse>
</source>
<match **>
  @type stdout
  <buffer>
    flush_interval 0.1
  </buffer>
</match>
"""
    program = logboom(config, env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "5000000"})
    program.wait_for_stdout(lambda text: "PATH=" in text)
    assert not any("NOTIFY_SOCKET" in line or "WATCHDOG" in line for line in program.stdout.lines())
    program.stop()


def test_the_watchdog_is_fed_only_while_the_workers_turn(logboom, manager):
    program = logboom(forward_to_json(), env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"})
    for _ in range(5):
        manager.wait_for("WATCHDOG=1", 10)
    upgrade(program)
    for _ in range(5):
        manager.wait_for("WATCHDOG=1", 10)
    program.send_signal(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        for _ in range(100):
            manager.wait_for("WATCHDOG=1", 1)
    program.send_signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG=1", 10)
    program.stop()


def workers(pid, count):
    """The threads that wait for the same thing as the first one: readiness of sockets."""
    calls = {int(task.name): (task / "syscall").read_text().split()[0] for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
    found = [task for task, call in calls.items() if call == calls[pid] != "running" and task != pid]
    return found if len(found) == count else None


@contextlib.contextmanager
def stopped(task):
    """One thread of another process stands still; the others go on."""
    seize, interrupt, detach, all_kinds = 0x4206, 0x4207, 17, 0x40000000
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if trace(seize, task, None, None) != 0:
        pytest.skip(f"may not trace a process here: {os.strerror(ctypes.get_errno())}")
    assert trace(interrupt, task, None, None) == 0
    os.waitpid(task, all_kinds)
    yield
    assert trace(detach, task, None, None) == 0


def test_the_watchdog_is_not_fed_while_one_worker_of_several_hangs(logboom, manager):
    program = logboom("<system>\n  workers 3\n</system>\n" + forward_to_json(),
                      env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"})
    for worker in wait_until(lambda: workers(program.pid, 3), 5, "three workers that wait"):
        manager.wait_for("WATCHDOG=1", 10)
        with stopped(worker):
            with pytest.raises(TimeoutError):
                for _ in range(100):
                    manager.wait_for("WATCHDOG=1", 1)
        manager.wait_for("WATCHDOG=1", 10)
    program.stop()


def test_a_watchdog_of_another_process_is_not_ours(logboom, manager):
    program = logboom(forward_to_json(),
                      env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    manager.wait_for("READY=1")
    with pytest.raises(TimeoutError):
        manager.wait_for("WATCHDOG=1", 1)
    program.stop()


UNITS = pathlib.Path(__file__).resolve().parents[2] / "conf" / "systemd"


def test_the_units_say_what_the_program_does():
    text = (UNITS / "logboom.service").read_text()
    for line in ("Type=notify", "NotifyAccess=all", "WatchdogSec=30", "ExecReload=/bin/kill -HUP $MAINPID"):
        assert line in text.split("\n"), line
    assert "Accept=no" in (UNITS / "logboom.socket").read_text()
