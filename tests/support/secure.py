"""The client's end of the forward protocol's handshake (fluent/forward-protocol v1, "Handshake Messages")."""

import hashlib
import os
import socket

import msgpack

from support.forward import Client


def digest(*parts):
    return hashlib.sha512(b"".join(part.encode() if isinstance(part, str) else part for part in parts)).hexdigest()


class SecureClient(Client):
    """A connection that has read HELO. `tls`: an SSL context to wrap the socket in."""

    def __init__(self, address, *, tls=None, deadline=10.0):
        super().__init__(address, deadline)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._unpacker = msgpack.Unpacker(raw=True)
        self.helo = self.reply(deadline)
        assert self.helo[0] == b"HELO", self.helo
        self.nonce, self.auth = self.helo[1][b"nonce"], self.helo[1][b"auth"]

    def ping(self, key, *, hostname="client.example", user="", password="", salt=None):
        """The bytes of a PING that answers this connection's HELO; the salt is kept for `check`."""
        self.salt = os.urandom(16) if salt is None else salt
        self.key = key
        named = digest(self.auth, user, password) if self.auth else ""
        return msgpack.packb(["PING", hostname, self.salt, digest(self.salt, hostname, self.nonce, key), user, named])

    def pong(self):
        """The next message, as [accepted, reason, hostname, digest]."""
        pong = self.reply()
        assert pong[0] == b"PONG" and len(pong) == 5, pong
        return [pong[1], *(part.decode() for part in pong[2:])]

    def log_in(self, key, **options):
        """Shows who we are, and checks that the server knows the key too; what follows are texts again."""
        self.send(self.ping(key, **options))
        accepted, reason, hostname, shown = self.pong()
        assert accepted, reason
        assert shown == digest(self.salt, hostname, self.nonce, key)
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        return self

    def refused(self, key, **options):
        """The reason that the server gives before it closes."""
        self.send(self.ping(key, **options))
        accepted, reason, hostname, shown = self.pong()
        assert not accepted and hostname == shown == ""
        self.wait_closed()
        return reason


def half_open(address, count):
    """So many connections that say nothing. Those that the other end has closed by then are found by reading."""
    sockets = []
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.settimeout(5)
        one.connect(address)
        sockets.append(one)
    return sockets
