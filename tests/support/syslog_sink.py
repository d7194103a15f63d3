"""A syslog receiver over TCP or RELP that can be told to misbehave; it keeps each message that it vouches for."""

import random
import re
import socket
import struct
import threading

HEAD = re.compile(rb"(\d{1,9}) (\w{1,32}) (\d{1,9})([ \n])")
ABORT = struct.pack("ii", 1, 0)


class SyslogSink:
    """`mode` says what it does: `up`; `half_open`: takes connections and never reads; `slow`; `closes`: ends each
    connection in the middle; `garbage`: answers nonsense, and forgets what it was sent; `misnumbered`: answers what nobody
    asked, and forgets what it was sent. A context manager.

    Over RELP a message counts when it was answered, over TCP when its line end came. `broken`: connections that it
    ended with something unread.
    """

    def __init__(self, protocol, seed):
        self.mode, self.broken, self.messages = "up", 0, []
        self._relp = protocol == "relp"
        self._rng = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Reads to the end of what was sent, once the sender has closed."""
        self.mode = "up"
        self._ending.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except TimeoutError:
                if self._ending.is_set():
                    return
                continue
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        data = b""
        connection.settimeout(0.05)
        with connection:
            while True:
                mode = self.mode
                if mode == "half_open":
                    self._ending.wait(0.01)
                    continue
                if mode == "slow":
                    self._ending.wait(0.005)
                try:
                    more = connection.recv(512 if mode == "slow" else 65536)
                    if not more:
                        return
                    data = self._take(connection, data + more, mode)
                except TimeoutError:
                    continue
                except OSError:
                    self.broken += 1
                    return

    def _take(self, connection, data, mode):
        if mode == "closes":
            self._cut(connection, data)
        if not self._relp:
            *lines, rest = data.split(b"\n")
            self.messages += lines
            if mode == "garbage":
                connection.sendall(self._rng.randbytes(50))
            return rest
        while (head := HEAD.match(data)) and len(data) > head.end() + int(head[3]):
            body = data[head.end():head.end() + int(head[3])] if head[4] == b" " else b""
            data = data[head.end() + len(body) + (head[4] == b" "):]
            self._answer(connection, int(head[1]), head[2], body, mode)
        return data

    def _cut(self, connection, data):
        """Takes the first part of what came, and aborts."""
        self._take(connection, data[:self._rng.randrange(len(data) + 1)], "up")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        raise ConnectionAbortedError

    def _answer(self, connection, number, command, body, mode):
        if mode == "misnumbered" and number > 1 and self._rng.random() < 0.5:
            return connection.sendall(b"%d rsp 6 200 OK\n" % self._rng.choice([0, 1, number + 1000]))
        if mode == "garbage" and self._rng.random() < 0.7:
            return connection.sendall(self._rng.choice([
                self._rng.randbytes(30), b"%d rsp 99999999 200 OK\n" % number, b"%d rsp 9 500 never\n" % number,
                b"0 serverclose 0\n", b"%d syslog 6 200 OK\n" % number]))
        if command == b"syslog":
            self.messages.append(body)
        answer = b"200 OK\nrelp_version=0\ncommands=syslog" if command == b"open" else b"200 OK"
        connection.sendall(b"%d rsp %d %s\n" % (number, len(answer), answer))
        return None
