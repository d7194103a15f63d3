"""conf/rsyslog-replacement.conf does what it says."""

import contextlib
import pathlib
import socket

from support.logboom import CHECKOUT, free_port
from support.rsyslog import rsyslog
from support.wait import wait_until


def test_messages_reach_the_files_of_their_facility_and_host(logboom, tmp_path):
    config = (CHECKOUT / "conf" / "rsyslog-replacement.conf").read_text()
    program = logboom(config, env={"SYSLOG_LISTEN": "tcp://127.0.0.1:0, udp://127.0.0.1:0",
                                   "SYSLOG_DIR": str(tmp_path / "remote")})
    with socket.create_connection(program.address("tcp")) as sender:
        sender.sendall(b"<38>Nov 23 00:33:46 bastion sshd[7]: Accepted\n<22>Nov 23 00:33:47 mx postfix: sent\n"
                       b"<30>Nov  3 00:33:48 app[9]: hello\n<31>Nov 23 00:33:49 web app: noise\n")

    def lines(pattern):
        return "".join(path.read_text() for path in (tmp_path / "remote").glob(pattern))

    wait_until(lambda: lines("auth*.log") and lines("mail*.log") and lines("host.127.0.0.1/syslog*.log"), 15, "files")
    assert lines("auth*.log") == "Nov 23 00:33:46 bastion sshd[7]: Accepted\n"
    assert lines("mail*.log") == "Nov 23 00:33:47 mx postfix: sent\n"
    assert lines("host.127.0.0.1/syslog*.log") == "Nov  3 00:33:48 127.0.0.1 app[9]: hello\n"
    assert not program.log_lines(r"\[(warn|error)\]")
    assert program.stop()["delivered"] == 4


RSYSLOG = """global(workDirectory="{dir}" net.enableDNS="off")
module(load="imtcp")
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="r")
ruleset(name="r") {{ action(type="omfile" file="{dir}/out" template="RSYSLOG_TraditionalFileFormat") }}
"""
MESSAGES = [b"<30>Nov 23 00:33:46 bastion sshd[7]: Accepted", b"<30>Nov  3 00:33:48 app[9]: hello",
            b"<30>Nov 23 00:33:46 vm postfix/smtpd[1234]: connect", b"<30>Nov 23 00:33:46 vm app:x",
            b"<30>Nov 23 00:33:46 vm app:  two blanks", b"<30>Nov 23 00:33:46 vm kernel: [ 12.3] eth0: x",
            b"<30>2026-11-23T00:33:46.5Z vm app: iso",
            b"<30>1 2026-11-23T00:33:46.5Z vm app - - - hi", b"<30>1 2026-11-23T00:33:46.5Z vm app 12 - - hi",
            b'<30>1 2026-11-23T00:33:46.5Z vm - 12 ID [a@1 b="c"] hi', b"<30>1 2026-11-23T00:33:46.5Z - - - - - hi",
            b'<30>1 2026-11-23T00:33:46.5Z vm app 12 ID [a@1 b="c"] hi', b"<30>1 2026-11-23T00:33:46.5Z vm app 12 - -"]
# Without a time: they get that of their arrival.
TIMELESS = [b"<30>1 - - - - - - nil", b"<30>plain", b"<30>plain text without a name", b"<30>app: named"]


def test_the_lines_are_those_of_rsyslog(logboom, short_dir, tmp_path):
    stream = b"".join(message + b"\n" for message in MESSAGES + TIMELESS)
    config = (CHECKOUT / "conf" / "rsyslog-replacement.conf").read_text()
    program = logboom(config, env={"SYSLOG_LISTEN": "tcp://127.0.0.1:0", "SYSLOG_DIR": str(tmp_path), "TZ": "UTC"})

    def read(paths):
        with contextlib.suppress(FileNotFoundError):
            return "".join(path.read_text() for path in paths).splitlines()
        return []

    def ours():
        return read(tmp_path.glob("host.127.0.0.1/syslog*.log"))

    def theirs():
        return read([pathlib.Path(short_dir) / "out"])

    port = free_port()
    with rsyslog(short_dir, RSYSLOG, port, TZ="UTC"):
        for place in (("127.0.0.1", port), program.address("tcp")):
            sender = wait_until(lambda: connect(place), 10, f"a listener on {place}")
            with sender:
                sender.sendall(stream)
        wait_until(lambda: len(theirs()) == len(ours()) == len(MESSAGES + TIMELESS), 15, "all lines", interval=0.05)
    dated = {line.rstrip() for line in theirs()[:len(MESSAGES)]}
    assert dated <= {line.rstrip() for line in ours()}
    assert sorted(line[15:].rstrip() for line in ours()) == sorted(line[15:].rstrip() for line in theirs())


def connect(place):
    with contextlib.suppress(ConnectionRefusedError):
        return socket.create_connection(place, 10)
    return None
