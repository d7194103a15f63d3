"""Reading a pipeline case's files: README.md beside this file describes the format."""

import gzip
import json
import pathlib
import re
import struct
import subprocess

import msgpack

from support import forward


def encode(value):
    """A JSON value of input.json as msgpack; objects with a `$` key stand for what JSON has no word for."""
    if isinstance(value, list):
        return forward.array_header(len(value)) + b"".join(encode(item) for item in value)
    if not isinstance(value, dict):
        return msgpack.packb(value, use_bin_type=True)
    special = next((key for key in value if key.startswith("$")), None)
    if special:
        return SPECIAL[special](value)
    return encode_map(value.items())


def encode_map(pairs):
    pairs = list(pairs)
    header = bytes([0x80 | len(pairs)]) if len(pairs) < 16 else b"\xde" + struct.pack(">H", len(pairs))
    return header + b"".join(encode(key) + encode(value) for key, value in pairs)


def encode_entries(value):
    parts = [encode(entry) for entry in value["$entries"]]
    body = b"".join(parts)
    kind = value.get("compress")
    if kind == "gzip":
        body = gzip.compress(body)
    elif kind == "gzip members":
        body = b"".join(gzip.compress(part) for part in parts)
    elif kind == "zstd":
        body = forward.zstd(body)
    if "cut" in value:
        body = body[:-value["cut"]]
    body += bytes.fromhex(value.get("append", ""))
    if value.get("as") == "str":
        return b"\xdb" + struct.pack(">I", len(body)) + body
    return msgpack.packb(body, use_bin_type=True)


def encode_time8(value):
    return b"\xc7\x08\x00" + struct.pack(">II", *value["$time8"])


SPECIAL = {
    "$hex": lambda value: bytes.fromhex(value["$hex"]),
    "$bin": lambda value: msgpack.packb(bytes.fromhex(value["$bin"]), use_bin_type=True),
    "$time": lambda value: forward.event_time(*value["$time"]),
    "$time8": encode_time8,
    "$map": lambda value: encode_map(value["$map"]),
    "$entries": encode_entries,
}


def decode(value):
    """What the server should answer: the value that `encode` would give, as msgpack's reader shows it."""
    return msgpack.unpackb(encode(value), raw=False, strict_map_key=False)


class Case:
    """One folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.name = self.folder.name

    def __repr__(self):
        return self.name

    def text(self, name, default=None):
        path = self.folder / name
        return path.read_text() if path.exists() else default

    def lines(self, name):
        return [line for line in self.text(name, "").splitlines() if line and not line.startswith("#")]

    def steps(self):
        return json.loads(self.text("input.json", "[]"))

    def environment(self):
        return dict(line.split("=", 1) for line in self.lines("env"))

    def arguments(self):
        return self.lines("args")

    def exit_code(self):
        return int(self.text("expected_exit", "0"))

    def fixed_ports(self):
        """Ports that fluent.conf asks for by number (24224 where forward is not told one)."""
        text = self.text("fluent.conf")
        ports = [int(port) for port in re.findall(r"^\s*port\s+(\d+)", text, re.M) if port != "0"]
        if re.search(r"^\s*@type\s+forward", text, re.M) and not re.search(r"^\s*port\s", text, re.M):
            ports.append(24224)
        return ports


def contents(path):
    """A file's bytes, uncompressed when its name says that it is compressed."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix in (".zst", ".zstd"):
        return subprocess.run(["zstd", "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data
