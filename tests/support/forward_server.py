"""A receiver of the forward protocol that does what a test says, and keeps every byte that came."""

import contextlib
import gzip
import select
import socket
import struct
import subprocess
import threading
import time

import msgpack

from support.wait import wait_until


def unzstd(data):
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


class Received:
    """One PackedForward message."""

    def __init__(self, raw, message):
        self.raw = raw
        self.tag, self.body, self.option = message
        self.chunk = self.option.get("chunk")

    def entries(self):
        kind = self.option.get("compressed", "text")
        plain = {"gzip": gzip.decompress, "zstd": unzstd}.get(kind, bytes)(self.body)
        return list(msgpack.Unpacker(_Bytes(plain), raw=False, strict_map_key=False))

    def records(self):
        return [record for _, record in self.entries()]


class _Bytes:
    def __init__(self, data):
        self.data = data

    def read(self, size):
        part, self.data = self.data[:size], self.data[size:]
        return part


class Receiver:
    """Listens on 127.0.0.1, or where `address` says. `answer(message, number)` gives the bytes to be sent back for each message, or None;
    the usual one acks. `pace`: bytes a second that are read, at most."""

    def __init__(self, port=0, *, answer=None, pace=None, greeting=b"", address="127.0.0.1"):
        self.answer = answer or ack
        self.pace = pace
        self.greeting = greeting
        self.messages = []
        self.connections = 0
        self.silent_connections = 0
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server((address, port))
        self.address = self.listener.getsockname()
        self.port = self.address[1]
        self._ended = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """As a killed program: nobody listens, and connections are reset."""
        self._ended = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.reset()
        self._thread.join(5)
        wait_until(lambda: not self.open, 5, "the end of the connections")

    def reset(self):
        """Ends all connections with RST."""
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.shutdown(socket.SHUT_RD)  # wakes the thread that reads, which closes

    def finish(self):
        """Ends all connections with FIN."""
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while not self._ended:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffered = b""
        spoke = False
        try:
            if self.greeting:
                connection.sendall(self.greeting)
            while not self._ended and (data := self._receive(connection)):
                spoke = True
                buffered += data
                buffered = self._messages(connection, buffered)
        except OSError:
            pass
        finally:
            with self.lock:
                self.silent_connections += not spoke
                connection.close()
                self.open.discard(connection)

    def _receive(self, connection):
        if not self.pace:
            return connection.recv(1 << 20)
        time.sleep(0.02)
        return connection.recv(max(1, self.pace // 50))

    def _messages(self, connection, buffered):
        unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape", strict_map_key=False,
                                    max_buffer_size=1 << 30)
        unpacker.feed(buffered)
        done = 0
        with contextlib.suppress(msgpack.OutOfData):
            while True:
                message = unpacker.unpack()
                raw = buffered[done:unpacker.tell()]
                done = unpacker.tell()
                if not isinstance(message, list) or len(message) < 2 or not isinstance(message[1], (str, bytes)):
                    raise ConnectionError("no message")
                if isinstance(message[1], str):
                    message[1] = message[1].encode("utf-8", "surrogateescape")
                received = Received(raw, message)
                with self.lock:
                    self.messages.append(received)
                    number = len(self.messages)
                reply = self.answer(received, number)
                if reply:
                    connection.sendall(reply)
        return buffered[done:]

    def wait_for_messages(self, count, deadline=10.0):
        wait_until(lambda: len(self.messages) >= count, deadline, f"{count} messages")
        return self.messages[:count]

    def records(self):
        return [record for message in list(self.messages) for record in message.records()]

    def wait_for_records(self, count, deadline=10.0):
        wait_until(lambda: len(self.records()) >= count, deadline, f"{count} records")
        return self.records()


def ack(message, _number=0):
    return msgpack.packb({"ack": message.chunk}) if message.chunk else None


def withhold(_message, _number=0):
    return None


class UdpHeartbeats:
    """Answers datagrams on a port, as long as it is told to."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.answers = True
        self.count = 0
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join(5)
        self.socket.close()

    def _run(self):
        while not self._ended:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            _, peer = self.socket.recvfrom(256)
            self.count += 1
            if self.answers:
                self.socket.sendto(b"\0", peer)
