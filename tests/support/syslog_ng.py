"""A real syslog-ng, beside logboom."""

import contextlib
import os
import subprocess

import pytest

from support import debian


@contextlib.contextmanager
def syslog_ng(directory, text):
    """Runs syslog-ng in the directory with this configuration."""
    found = debian.syslog_ng()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("syslog-ng is not installed, and apt can't give its package")
        pytest.skip("syslog-ng is not installed, and apt can't give its package")
    program, arguments = found
    with open(f"{directory}/ng.conf", "w", encoding="ascii") as config:
        config.write('@version: 3.38\noptions { stats-freq(0); keep-hostname(yes); time-reopen(1); };\n' + text)
    with subprocess.Popen([*program, "-F", "--no-caps", "-f", f"{directory}/ng.conf", "-R", f"{directory}/ng.persist",
                           "-p", f"{directory}/ng.pid", "-c", f"{directory}/ng.ctl", *arguments]) as process:
        try:
            yield process
        finally:
            process.terminate()
