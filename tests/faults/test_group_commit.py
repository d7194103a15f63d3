"""Many connections that each wait for `ack disk` share the syncs of a slow disk."""

import select
import socket
import time

import msgpack

from support.configs import forward_source
from support.faults import Faults
from support.rounds import file_output

ID_SIZE = 24
ANSWER = len(msgpack.packb({"ack": "0" * ID_SIZE}))
MARK = "@" * ID_SIZE


class Crowd:
    """Connections that send one event each, wait for its ack, and send the next."""

    def __init__(self, address, count):
        body = msgpack.packb(["t", 1700000000, {"log": "x" * 100}, {"chunk": MARK}])
        self._head, self._tail = body.split(MARK.encode())
        self._next = 0
        self._poll = select.epoll()
        self._sockets = {}
        for _ in range(count):
            connection = socket.create_connection(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
            self._poll.register(connection, select.EPOLLIN)

    def _send(self, connection):
        self._next += 1
        connection.send(self._head + b"%0*d" % (ID_SIZE, self._next) + self._tail)

    def rate(self, seconds):
        """Acks a second."""
        for connection in self._sockets.values():
            self._send(connection)
        acks, start = 0, time.monotonic()
        while (passed := time.monotonic() - start) < seconds:
            for number, _ in self._poll.poll(seconds):
                assert len(self._sockets[number].recv(4096)) == ANSWER
                acks += 1
                self._send(self._sockets[number])
        return acks / passed

    def close(self):
        for connection in self._sockets.values():
            connection.close()


def rates(logboom, tmp_path, connections, seconds):
    faults = Faults(tmp_path, tmp_path / "run" / "state")
    config = (f"<system>\n  root_dir {tmp_path}/run/state\n</system>\n" + forward_source(ack="disk") +
              file_output(tmp_path / "app", buffer="@type file\n    flush_interval 1s", more="@id out"))
    program = logboom(config, env=faults.environment)
    faults.set(sync_delay=50_000)
    found = []
    for count in (1, connections):
        crowd = Crowd(program.address(), count)
        found.append(crowd.rate(seconds))
        crowd.close()
    return found


def test_two_hundred_connections_with_a_slow_disk_are_thirty_times_as_fast_as_one(logboom, tmp_path):
    one, many = rates(logboom, tmp_path, 200, 2.0)
    assert one < 21, "each waits for a sync of its own"
    assert many > 30 * one, (one, many)
