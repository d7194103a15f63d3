"""Clients of the forward protocol, and the bytes that they send (fluent/forward-protocol v1 and v1.5)."""

import json
import gzip
import socket
import struct
import subprocess
import time

import msgpack


class Raw(bytes):
    """Bytes that are msgpack already and go into a message as they are."""


def pack(value):
    """msgpack of a value that may hold Raw pieces in its outer lists."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, (list, tuple)):
        return array_header(len(value)) + b"".join(pack(item) for item in value)
    return msgpack.packb(value, use_bin_type=True, strict_types=False)


def array_header(count):
    if count < 16:
        return bytes([0x90 | count])
    if count < 1 << 16:
        return b"\xdc" + struct.pack(">H", count)
    return b"\xdd" + struct.pack(">I", count)


def event_time(seconds, nanoseconds=0):
    return Raw(b"\xd7\x00" + struct.pack(">II", seconds, nanoseconds))


def docker_time(seconds):
    """Docker's whole seconds: always a signed 32-bit integer."""
    return Raw(b"\xd2" + struct.pack(">i", seconds))


def with_option(parts, option):
    return pack(parts if option is None else [*parts, option])


def message(tag, when, record, option=None):
    return with_option([tag, when, record], option)


def forward(tag, entries, option=None):
    return with_option([tag, [list(entry) for entry in entries]], option)


def entries_bytes(entries):
    return b"".join(pack(list(entry)) for entry in entries)


def packed(tag, entries, option=None):
    """PackedForward; `entries` may be bytes that are packed already."""
    body = entries if isinstance(entries, bytes) else entries_bytes(entries)
    return with_option([tag, body], option)


def compressed(tag, entries, kind="gzip", option=None):
    body = entries if isinstance(entries, bytes) else entries_bytes(entries)
    body = gzip.compress(body) if kind == "gzip" else zstd(body)
    return with_option([tag, body], {"compressed": kind, **(option or {})})


def zstd(data):
    """Debian has no zstd module for Python 3.11 among our dependencies; the program does the same."""
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def json_message(*parts):
    return json.dumps(parts, ensure_ascii=False).encode()


class Client:
    """One connection. `address` is (host, port) or the path of a unix socket."""

    def __init__(self, address, deadline=10.0):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(deadline)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        self._text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self, deadline=10.0):
        """The next msgpack object that comes back."""
        end = time.monotonic() + deadline
        while True:
            try:
                return self._unpacker.unpack()
            except msgpack.OutOfData:
                self._unpacker.feed(self._receive(end))

    def json_reply(self, deadline=10.0):
        """The next JSON text that comes back."""
        end = time.monotonic() + deadline
        while True:
            try:
                value, used = json.JSONDecoder().raw_decode(self._text.lstrip())
                self._text = self._text.lstrip()[used:]
                return value
            except ValueError:
                self._text += self._receive(end).decode()

    def _receive(self, end):
        self.socket.settimeout(max(0.001, end - time.monotonic()))
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        return data

    def send_and_wait(self, data, chunk, deadline=10.0):
        """Sends a message that carries this chunk id and waits for its ack."""
        self.send(data)
        answer = self.reply(deadline)
        assert answer == {"ack": chunk}, answer

    def wait_closed(self, deadline=10.0):
        """Waits until the server closes, and fails if it sends anything before that."""
        self.socket.settimeout(deadline)
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return
        except socket.timeout:
            raise AssertionError(f"the connection is still open after {deadline} s") from None
        assert data == b"", f"got {data!r} instead of the end of the connection"

    def closed(self):
        """Whether the server has closed by now (does not wait; unread replies count as open)."""
        self.socket.settimeout(0)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def heartbeat(address, datagram=b"\x00", deadline=5.0):
    """Sends a UDP heartbeat and returns the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(deadline)
        udp.connect(address)
        udp.send(datagram)
        return udp.recv(256)


def send_datagram(address, datagram):
    """Sends one UDP datagram and waits for nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(datagram, address)
