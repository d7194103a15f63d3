"""The settings of the image's last stage, as `docker import --change` takes them."""

import pathlib

CONF = pathlib.Path(__file__).resolve().parents[2] / "conf" / "docker"
FILES = {"COPY"}
SETTINGS = {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "USER"}


def _instructions(text):
    pending = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not line.strip():
            continue
        pending += line.rstrip("\\").strip() + " "
        if not line.endswith("\\"):
            yield pending.strip()
            pending = ""


def last_stage(text=None):
    """(what it starts from, its instructions)."""
    instructions = list(_instructions(text or (CONF / "Dockerfile").read_text()))
    start = max(i for i, line in enumerate(instructions) if line.startswith("FROM "))
    return instructions[start].split()[1], instructions[start + 1:]


def changes():
    """Arguments of `docker import`. An instruction that neither copies nor sets anything would be lost: refused."""
    base, instructions = last_stage()
    assert base == "scratch", f"the image has more in it than rootfs.sh lays out: FROM {base}"
    found = []
    for line in instructions:
        word = line.split()[0]
        assert word in FILES | SETTINGS, f"not known to the test: {line}"
        if word in SETTINGS:
            found += ["--change", line]
    return found
