"""Faults of disks and clocks: a library of the tests' own that is preloaded into logboom (fault_shim.c)."""

import contextlib
import errno
import functools
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile

FIELDS = ["active", "write_error", "write_every", "write_limit", "write_delay", "sync_error", "sync_every", "sync_delay",
          "space", "open_error", "read_error", "clock_offset", "writes", "syncs", "faults"]
NOTHING = {"space": -1}


@functools.cache
def compiled(name):
    """The path of the library that this file in C makes, once a run."""
    source = pathlib.Path(__file__).with_name(f"{name}.c")
    path = pathlib.Path(tempfile.mkdtemp(prefix="lbf.", dir="/tmp")) / f"{name}.so"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", str(path), str(source), "-ldl"], check=True)
    return str(path)


class Faults:
    """What goes wrong with the files below `prefix`, in every process that is started with `environment`."""

    def __init__(self, directory, prefix):
        path = pathlib.Path(directory) / "faults"
        path.write_bytes(bytes(8 * len(FIELDS)))
        self.environment = {"LD_PRELOAD": compiled("fault_shim"), "FAULT_CONTROL": str(path), "FAULT_PREFIX": str(prefix)}
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self.set()

    def set(self, **fields):
        """These faults and no others; errors by name, as in write_error="ENOSPC"."""
        fields = {name: getattr(errno, value) if isinstance(value, str) else value for name, value in fields.items()}
        counted = {name: self.get(name) for name in ("writes", "syncs", "faults")}
        values = {**dict.fromkeys(FIELDS, 0), **NOTHING, **counted, **fields, "active": int(bool(fields))}
        for name in FIELDS:
            struct.pack_into("<q", self._memory, 8 * FIELDS.index(name), int(values[name]))

    def get(self, name):
        return struct.unpack_from("<q", self._memory, 8 * FIELDS.index(name))[0]

    @contextlib.contextmanager
    def during(self, **fields):
        self.set(**fields)
        try:
            yield
        finally:
            self.set()
