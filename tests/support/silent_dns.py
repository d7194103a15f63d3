"""Name servers that don't answer: a library of the tests' own that is preloaded into logboom (dns_shim.c)."""

from support.faults import compiled


def environment(note="", seconds=60):
    """Whoever asks for a name below "silent.test", or for that of an address other than 127.0.0.1, waits for so long.
    The file `note` gets a byte for each question."""
    return {"LD_PRELOAD": compiled("dns_shim"), "SILENT_SECONDS": str(seconds), "SILENT_NOTE": str(note)}
