"""logboom verify, and the hash chains of out_file, also by a verifier that shares nothing with them."""

import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

import pytest

from support import integrity
from support.configs import forward_source
from support.forward import Client, entries_bytes, event_time, packed
from support.logboom import Logboom
from support.wait import wait_until

CONFIG = """
<match **>
  @type file
  path {path}
  append {append}
  integrity sha256
  {more}
  <format>
    @type single_value
    message_key m
  </format>
  <buffer []>
    flush_interval 20ms
  </buffer>
</match>
"""


class Writer:
    """A logboom that writes the lines that it is given, each call in a chunk of its own at least."""

    def __init__(self, directory, append="true", more=""):
        self.directory = directory
        self.log = directory / "logs" / "app"
        config = forward_source() + CONFIG.format(path=self.log, append=append, more=more)
        self.program = Logboom(config, directory)
        self.count = 0

    def __enter__(self):
        self.program.start()
        self.client = Client(self.program.address())
        return self

    def __exit__(self, kind, *_):
        self.client.close()
        if kind is None and self.program.alive():
            self.program.stop()
        self.program.kill()

    def write(self, lines):
        entries = [(event_time(1700000000), {"m": line}) for line in lines]
        self.count += 1
        self.client.send_and_wait(packed("t", entries_bytes(entries), {"chunk": str(self.count)}), str(self.count))
        wait_until(lambda: any(self.has(file, lines[-1]) for file in self.log.parent.glob("app*")), 5, "the lines")

    @staticmethod
    def has(file, line):
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return False
        return line.encode() in (gzip.decompress(data) if file.suffix == ".gz" else data)


def numbered(first, count):
    return [f"line {n} {'x' * (n % 17)}" for n in range(first, first + count)]


@pytest.fixture
def verify(command):
    def run(*paths, expect=0, key=None):
        done = command("verify", "--json", *(["--key", str(key)] if key else []), *map(str, paths), expect=expect)
        return json.loads(done.stdout)["files"]

    return run


@pytest.fixture
def key(command, tmp_path):
    command("verify", "--make-key", "key")
    assert os.stat(tmp_path / "key").st_mode & 0o777 == 0o600
    command("verify", "--make-key", "key", expect=2)
    return tmp_path / "key"


@pytest.fixture
def signed(tmp_path, key):
    """A file of 60 lines in several chunks, with its chain."""
    with Writer(tmp_path, more=f"integrity_key {key}") as writer:
        for start in (0, 20, 40):
            writer.write(numbered(start, 20))
    return writer.log.with_suffix(".log")


def chain_of(path):
    return pathlib.Path(f"{path}.integrity")


def test_a_file_is_proven_and_by_an_independent_verifier_too(signed, verify, key, tmp_path):
    report = verify(signed, key=f"{key}.pub")[0]
    assert (report["lines"], report["proven_lines"], report["findings"], report["notes"]) == (60, 60, [], [])
    assert integrity.verify(signed.read_bytes(), chain_of(signed).read_bytes(), tmp_path) == 60
    assert chain_of(signed).stat().st_mode & 0o777 == signed.stat().st_mode & 0o777


def mutations(lines, rng):
    """(name, lines that somebody made of them, the number of the first line that differs)"""
    n = rng.randrange(len(lines))
    yield "changed", lines[:n] + [lines[n][:-1] + "!"] + lines[n + 1:], n + 1
    yield "removed", lines[:n] + lines[n + 1:], n + 1
    yield "inserted", lines[:n] + ["foreign"] + lines[n:], n + 1
    yield "repeated", lines[:n] + [lines[n]] + lines[n:], None
    k = rng.randrange(len(lines) - 1)
    yield "swapped", lines[:k] + [lines[k + 1], lines[k]] + lines[k + 2:], k + 1
    yield "moved", lines[1:] + [lines[0]], 1
    yield "cut", lines[:rng.randrange(len(lines))], None
    yield "joined", lines[:k] + [lines[k] + lines[k + 1]] + lines[k + 2:], k + 1


def name_of_first(report):
    """The first line that a finding speaks of."""
    numbers = [finding["line"] for finding in report["findings"]]
    moved_from = [re.search("as line ([0-9]+)", finding["text"]) for finding in report["findings"]]
    return min(numbers + [int(found.group(1)) for found in moved_from if found])


def test_any_single_change_is_found_with_its_line(signed, command, verify, tmp_path):
    rng = random.Random(7)
    lines = signed.read_text().splitlines()
    copies, expected = [], {}
    for number in range(25):
        for name, changed, line in mutations(lines, rng):
            copy = tmp_path / "copies" / f"{number}-{name}.log"
            copy.parent.mkdir(exist_ok=True)
            copy.write_text("".join(line + "\n" for line in changed))
            shutil.copy(chain_of(signed), chain_of(copy))
            copies.append(copy)
            expected[str(copy)] = line
    reports = {report["file"]: report for report in verify(tmp_path / "copies", expect=1)}
    assert set(reports) == set(expected)
    for file, line in expected.items():
        report = reports[file]
        assert report["findings"], file
        if line:
            assert report["proven_lines"] == line - 1, (file, report)
            assert name_of_first(report) == line, (file, report)
        with pytest.raises(integrity.Wrong):
            integrity.verify(pathlib.Path(file).read_bytes(), chain_of(file).read_bytes())


def test_several_changes_are_told_apart(signed, verify):
    lines = signed.read_text().splitlines()
    lines[50] = "changed"
    del lines[40:42]
    lines[10], lines[11] = lines[11], lines[10]
    lines.insert(5, "inserted")
    signed.write_text("\n".join(lines) + "\n")
    found = [(finding["kind"], finding["line"]) for finding in verify(signed, expect=1)[0]["findings"]]
    assert found == [("inserted", 6), ("moved", 12), ("moved", 13), ("removed", 42), ("changed", 50)]


def test_any_changed_byte_of_the_chain_is_found(signed, verify, tmp_path):
    chain = chain_of(signed).read_bytes()
    rng = random.Random(3)
    for number, at in enumerate(rng.sample(range(len(chain)), 60)):
        copy = tmp_path / "bytes" / f"{number}.log"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(signed, copy)
        chain_of(copy).write_bytes(chain[:at] + bytes([chain[at] ^ (1 << rng.randrange(8))]) + chain[at + 1:])
    reports = verify(tmp_path / "bytes", expect=1)
    assert len(reports) == 60
    assert [report["file"] for report in reports if report["right"]] == []




def test_a_chain_that_was_made_anew_has_another_key(signed, verify, key, command, tmp_path):
    command("verify", "--make-key", "other")
    with Writer(tmp_path / "forger", more=f"integrity_key {tmp_path / 'other'}") as writer:
        writer.write(["nothing happened"])
    copy = writer.log.with_suffix(".log")
    assert verify(copy)[0]["right"]
    report = verify(copy, expect=1, key=f"{key}.pub")[0]
    assert report["findings"][0]["kind"] == "signature"
    assert report["proven_lines"] == 0


def test_the_chain_goes_on_after_a_restart_and_after_kill_9(tmp_path, verify, key):
    lines = []
    for number in range(4):
        with Writer(tmp_path, more=f"integrity_key {key}") as writer:
            for part in range(3):
                lines += (more := numbered(1000 * number + 10 * part, 10))
                writer.write(more)
            if number % 2:
                writer.program.send_signal(signal.SIGKILL)
                writer.program.wait_exit()
    log = writer.log.with_suffix(".log")
    assert log.read_text().splitlines() == lines
    report = verify(log, key=f"{key}.pub")[0]
    assert report["lines"] == len(lines) and not report["findings"]


def cut_announced(log):
    """As a crash leaves a file: something announced is not written, and not confirmed."""
    chain = chain_of(log).read_bytes()
    kinds = [(kind, len(body) + 37) for kind, body, _ in integrity.records(chain)]
    assert kinds[-1][0] == "C" and kinds[-2][0] == "B"
    chain_of(log).write_bytes(chain[:-kinds[-1][1]])


@pytest.mark.parametrize("left", [0, 3, 12, 150])
def test_what_a_crash_did_not_finish_is_no_damage_and_the_next_run_goes_on(signed, verify, key, tmp_path, left):
    lines = signed.read_text().splitlines(keepends=True)
    cut_announced(signed)
    text = "".join(lines[:40]) + "".join(lines[40:])[:left]
    signed.write_text(text)
    report = verify(signed)[0]
    assert report["right"] and report["proven_lines"] == 40, report
    with Writer(tmp_path, more=f"integrity_key {key}") as writer:
        writer.write(["after the crash"])
    torn = text if text.endswith("\n") else text + "\n"
    assert signed.read_text() == torn + "after the crash\n"
    report = verify(signed, key=f"{key}.pub")[0]
    assert report["right"] and report["proven_lines"] == report["lines"] == len(torn.splitlines()) + 1, report
    changed = signed.read_text().replace("line 40", "lime 40") if left > 6 else "x" + signed.read_text()[1:]
    signed.write_text(changed)
    assert verify(signed, expect=1)[0]["findings"]


def test_a_tail_that_was_cut_while_nothing_ran_stays_known(signed, verify, key, tmp_path):
    text = signed.read_text()
    signed.write_text("".join(text.splitlines(keepends=True)[:33]))
    assert [(f["kind"], f["line"]) for f in verify(signed, expect=1)[0]["findings"]] == [("cut", 34)]
    with Writer(tmp_path, more=f"integrity_key {key}") as writer:
        writer.write(["goes on"])
        writer.program.wait_for_log("lines were removed")
    findings = verify(signed, expect=1)[0]["findings"]
    assert [(f["kind"], f["line"]) for f in findings] == [("cut", 34)]
    assert "27 lines are missing" in findings[0]["text"]


def test_lines_that_others_append_are_found(signed, verify, key, tmp_path):
    with Writer(tmp_path, more=f"integrity_key {key}") as writer:
        with open(signed, "a") as file:
            file.write("foreign 1\nforeign 2\n")
        writer.write(["goes on"])
    findings = verify(signed, expect=1)[0]["findings"]
    assert [(f["kind"], f["line"]) for f in findings] == [("inserted", 61)]


def has_open(pid, path):
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(link) == str(path):
                return True
    return False


def test_rotated_and_compressed_files_are_verified(tmp_path, verify, key):
    log = tmp_path / "logs" / "app.log"
    with Writer(tmp_path, more=f"integrity_key {key}") as writer:
        writer.write(numbered(0, 30))
        for number in (1, 2):
            log.rename(log.with_name(f"app.log.{number}"))
            seen = writer.program.stderr.line_count()
            writer.program.send_signal(signal.SIGUSR1)
            writer.program.wait_for_log("SIGUSR1", 5, seen)
            wait_until(lambda: not has_open(writer.program.pid, log.with_name(f"app.log.{number}")), what="the renamed file's end")
            writer.write(numbered(1000 * number, 5))
    assert chain_of(log.with_name("app.log.1")).exists()
    subprocess.run(["gzip", str(log.with_name("app.log.1"))], check=True)
    reports = verify(tmp_path / "logs", key=f"{key}.pub")
    assert sorted((pathlib.Path(r["file"]).name, r["lines"], tuple(r["notes"])) for r in reports) == [
        ("app.log", 5, ()), ("app.log.1.gz", 30, ()), ("app.log.2", 5, ())]
    chain_of(log.with_name("app.log.2")).unlink()
    log.with_name("app.log.2").unlink()
    assert any("app.log" in note for report in verify(tmp_path / "logs") for note in report["notes"])
    log.with_name("app.log.1.gz").unlink()
    assert {f["kind"] for report in verify(tmp_path / "logs", expect=1) for f in report["findings"]} == {"file"}


@pytest.mark.parametrize("append", ["true", "false"])
def test_compressed_files_have_chains_of_their_text(tmp_path, verify, key, append):
    with Writer(tmp_path, append, f"compress gzip\n  integrity_key {key}") as writer:
        for start in (0, 20):
            writer.write(numbered(start, 20))
    reports = verify(tmp_path / "logs", key=f"{key}.pub")
    assert sum(report["lines"] for report in reports) == 40 and not any(report["notes"] for report in reports)
    file = pathlib.Path(reports[0]["file"])
    text = gzip.decompress(file.read_bytes())
    integrity.verify(text, chain_of(file).read_bytes(), tmp_path)
    file.write_bytes(gzip.compress(text.replace(b"line 7", b"lime 7")))
    assert verify(file, expect=1)[0]["findings"][0]["line"] == 8


def test_a_file_without_a_chain_can_not_be_verified(command, tmp_path):
    command("verify", "some.log", files={"some.log": "x\n"}, expect=2)
    command("verify", "nowhere.log", expect=2)
    assert "which file" in command("verify", expect=1).stderr
    command("verify", "--key", "some.log", "some.log", expect=2)
