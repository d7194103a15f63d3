"""What README.md shows is true: its configurations load, its commands run, its links lead somewhere."""

import os
import re
import subprocess

import pytest

from support.logboom import CHECKOUT, binary

README = (CHECKOUT / "README.md").read_text()
BLOCK = re.compile(r"^```(\S+)( run)?\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def blocks(language, *, marked=False):
    found = [text for name, run, text in BLOCK.findall(README) if name == language and (run or not marked)]
    assert found, f"no block of {language} in README.md"
    return found


@pytest.mark.parametrize("config", blocks("conf"))
def test_a_configuration_loads(config, tmp_path):
    path = tmp_path / "fluent.conf"
    path.write_text(config)
    done = subprocess.run([binary(), "--dry-run", "-c", path], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.parametrize("commands", blocks("bash", marked=True))
def test_commands_run(commands):
    commands = commands.replace("build/release/logboom", binary())
    done = subprocess.run(["bash", "-e", "-c", commands], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", blocks("bash"))
def test_commands_are_bash(script):
    subprocess.run(["bash", "-n", "-c", script], check=True, timeout=10)


def test_dev_run_prints_the_command_of_the_readme():
    command = next(block for block in blocks("bash") if block.startswith("docker run --rm --log-driver fluentd"))
    assert command.strip() in (CHECKOUT / "dev").read_text()


@pytest.mark.parametrize("document", ["README.md", "docs/reference/README.md"])
def test_links_lead_somewhere(document):
    path = CHECKOUT / document
    broken = [link for link in LINK.findall(path.read_text()) if not os.path.exists(path.parent / link)]
    assert not broken


def test_every_example_configuration_loads():
    configs = sorted((CHECKOUT / "conf").rglob("fluent.conf")) + sorted((CHECKOUT / "conf").glob("*.conf"))
    for path in configs:
        done = subprocess.run([binary(), "--dry-run", "-c", path], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"{path}: {done.stderr}"
