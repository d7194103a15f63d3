"""A real rsyslog, beside logboom."""

import contextlib
import os
import shutil
import subprocess


@contextlib.contextmanager
def rsyslog(directory, text, port, **env):
    """Runs rsyslog in the directory with this configuration, of which `{dir}` and `{port}` are filled in."""
    rsyslogd = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
    assert rsyslogd, "rsyslog is not installed"
    with open(f"{directory}/rsyslog.conf", "w", encoding="ascii") as config:
        config.write(text.format(dir=directory, port=port))
    with subprocess.Popen([rsyslogd, "-n", "-f", f"{directory}/rsyslog.conf", "-i", f"{directory}/pid"],
                          env={**os.environ, **env}) as process:
        try:
            yield
        finally:
            process.terminate()
