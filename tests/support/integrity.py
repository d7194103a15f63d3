"""Reads and checks hash chains as docs/integrity.md describes them, with nothing of logboom's own code."""

import hashlib
import pathlib
import struct
import subprocess

MAGIC = b"LBCHAIN1"
ZERO = b"\0" * 32


class Wrong(Exception):
    """The file or its chain is not as it was written."""


def records(chain):
    """(type, body, digest) of each whole record."""
    assert chain[:8] == MAGIC
    at = 8
    while at + 5 <= len(chain):
        size, kind = struct.unpack_from("<Ic", chain, at)
        if at + 5 + size + 32 > len(chain):
            return
        yield kind.decode(), chain[at + 5:at + 5 + size], chain[at + 5 + size:at + 37 + size]
        at += 37 + size


def pieces(text):
    """Lines with their line feeds; the last one may have none."""
    parts = [line + b"\n" for line in text.split(b"\n")]
    parts[-1] = parts[-1][:-1]
    return parts if parts[-1] else parts[:-1]


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def openssl_verifies(public_key, message, signature, directory):
    """By the program openssl; `public_key` is 32 bytes."""
    directory = pathlib.Path(directory)
    (directory / "pub.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public_key)
    (directory / "message").write_bytes(message)
    (directory / "signature").write_bytes(signature)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", str(directory / "pub.der"), "-rawin",
         "-in", str(directory / "message"), "-sigfile", str(directory / "signature")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def verify(text, chain, directory=None):
    """Raises Wrong unless the text is exactly what the chain says; returns how many pieces are confirmed.

    With a directory to work in, the last signature is checked too.
    """
    before = ZERO
    position = confirmed = count = 0
    last = None
    public_key = ZERO
    for kind, body, digest in records(chain):
        if sha(before, kind.encode(), body) != digest:
            raise Wrong("the chain was changed")
        if kind == "H":
            position, public_key = struct.unpack_from("<Q", body, 33)[0], body[73:105]
        elif kind == "B":
            offset, size, _, number, _ = struct.unpack_from("<QQQIq", body)
            leaves, prefixes = body[36:68], body[68:]
            found = pieces(text[offset:offset + size])
            if offset != position or len(found) != number:
                raise Wrong(f"behind byte {position}")
            digests = [sha(piece) for piece in found]
            if b"".join(d[:8] for d in digests) != prefixes or sha(*digests) != leaves:
                raise Wrong(f"bytes {offset} to {offset + size} differ")
            position, count = offset + size, count + number
        elif kind == "C":
            end, number = struct.unpack_from("<8xQ8xQ", body)
            if end != position or number != count:
                raise Wrong("a checkpoint is about something else")
            confirmed, last = number, (b"logboom checkpoint 1\n" + before + body[:32], body[32:96])
        elif kind == "R":
            raise Wrong("the chain tells of a crash; this verifier knows none")
        before = digest
    if position != len(text):
        raise Wrong("there is more text, or less")
    if directory is not None and public_key != ZERO and not openssl_verifies(public_key, *last, directory):
        raise Wrong("the signature is not right")
    return confirmed
