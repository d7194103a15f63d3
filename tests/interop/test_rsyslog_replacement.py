"""conf/rsyslog-replacement.conf does what it says."""

import socket

from support.logboom import CHECKOUT
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
