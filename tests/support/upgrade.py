"""A program whose place new processes take: its Logboom then goes on with the newest one."""

import ctypes
import os
import re
import signal
import subprocess
import threading
import time

from support.forward import Client, message, packed

PR_SET_CHILD_SUBREAPER = 36
T = 1700000000
OVER = re.compile(r"took over, with (\d+) connections")
REFUSED = re.compile(r"the upgrade is (refused|given up): (.*)")


def become_subreaper():
    """New processes outlive those that started them; from then on they are children of this one."""
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class Adopted:
    """What Logboom needs of subprocess.Popen, of a process that somebody else has started."""

    def __init__(self, pid):
        self.pid, self.returncode = pid, None

    def poll(self):
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                # Not ours yet: its parent still lives.
                return None if os.path.exists(f"/proc/{self.pid}") else 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=None):
        end = time.monotonic() + (timeout or 60)
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("logboom", timeout)
            time.sleep(0.005)
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def ask(program, deadline=30.0):
    """Sends SIGUSR2 and waits for what becomes of it: None when a new process has taken over, else why not."""
    start = program.stderr.line_count()
    program.send_signal(signal.SIGUSR2)
    program.stderr.wait_line(lambda line: OVER.search(line) or REFUSED.search(line), deadline, start)
    for line in program.stderr.lines()[start:]:
        refused = REFUSED.search(line)
        if refused:
            return refused.group(2)
    return None


def upgrade(program, deadline=30.0):
    """Sends SIGUSR2, and sees to it that a new process takes over and that the old one ends with 0."""
    start = program.stderr.line_count()
    why = ask(program, deadline)
    assert why is None, f"{why}\n{program.log_tail()}"
    line = program.wait_for_log(r"is started as process \d+", 5, start)
    number = int(re.search(r"is started as process (\d+)", line).group(1))
    assert program.process.wait(10) == 0, program.log_tail()
    program.process = Adopted(number)
    return number


class Sender(threading.Thread):
    """One connection that sends numbered events as Docker does, until `end`; it must never be closed."""

    def __init__(self, address, name, form="message", pause=0.0005):
        super().__init__(daemon=True)
        self.client, self.name_, self.form, self.pause = Client(address), name, form, pause
        self.sent, self.error = 0, None
        self.ending = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                getattr(self, "_" + self.form)()
                time.sleep(self.pause)
        except Exception as error:  # said by `end`
            self.error = error

    def _record(self, n):
        return {"c": self.name_, "n": n}

    def _message(self):
        self.client.send(message("t", T, self._record(self.sent)))
        self.sent += 1

    def _pieces(self):
        """So that a process finds the beginning of a message."""
        data = message("t", T, self._record(self.sent))
        self.client.send(data[:7])
        time.sleep(0.002)
        self.client.send(data[7:])
        self.sent += 1

    def _acked(self):
        chunk = f"{self.name_}-{self.sent}"
        self.client.send_and_wait(message("t", T, self._record(self.sent), {"chunk": chunk}), chunk, 20)
        self.sent += 1

    def _packed(self):
        data = packed("t", [(T, self._record(n)) for n in range(self.sent, self.sent + 50)])
        self.client.send(data[:500])
        time.sleep(0.001)
        self.client.send(data[500:])
        self.sent += 50

    def end(self):
        """Returns how many it has sent; fails where its connection was closed."""
        self.ending.set()
        self.join(30)
        assert not self.is_alive(), f"{self.name_} hangs"
        assert self.error is None, f"{self.name_}: {self.error!r} after {self.sent} events"
        assert not self.client.closed(), f"{self.name_}: its connection was closed"
        return self.sent


class Visitor(threading.Thread):
    """New connections, one after the other: none may be refused."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.visits, self.error = address, 0, None
        self.ending = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                with Client(self.address, 20) as client:
                    chunk = f"v{self.visits}"
                    client.send_and_wait(message("t", T, {"c": "visitor", "n": self.visits}, {"chunk": chunk}), chunk,
                                         20)
                self.visits += 1
                time.sleep(0.001)
        except Exception as error:
            self.error = error

    def end(self):
        self.ending.set()
        self.join(30)
        assert self.error is None, f"{self.error!r} after {self.visits} visits"
        return self.visits
