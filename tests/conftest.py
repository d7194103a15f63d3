"""Fixtures of all end-to-end tests: see support/ for what they are made of."""

import os
import shutil
import tempfile

import pytest

from support.logboom import Logboom, binary


@pytest.fixture(scope="session", autouse=True)
def built():
    """A missing binary is a failure with a name, not hundreds of tracebacks."""
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"no program under test at {binary()}: build it, or set LOGBOOM", returncode=3)


@pytest.fixture
def logboom(tmp_path):
    """Starts logboom with a configuration text; whatever still runs at the end of the test is killed."""
    started = []

    def start(config, *, name="run", wait=True, **options):
        program = Logboom(config, tmp_path / name, **options)
        started.append(program)
        return program.start() if wait else program.launch()

    yield start
    for program in started:
        program.kill()


@pytest.fixture
def short_dir():
    """A directory whose path leaves room for a unix socket's name (107 bytes in all)."""
    path = tempfile.mkdtemp(prefix="lb.", dir="/tmp")
    yield path
    shutil.rmtree(path, ignore_errors=True)
