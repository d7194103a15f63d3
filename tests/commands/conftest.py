import subprocess

import pytest

from support.logboom import binary


@pytest.fixture
def command(tmp_path):
    """Runs a command of logboom in a folder of its own; `files` are written there first."""

    def run(*args, files=None, expect=0, stdin=None):
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([binary(), *args], cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=60)
        assert done.returncode == expect, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
