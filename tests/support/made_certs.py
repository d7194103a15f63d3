"""What `logboom certs` makes, as a test needs it."""

import json
import pathlib
import subprocess

from support.logboom import binary


class Certs:
    """`logboom certs` with a directory of its own."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def run(self, action, *args, expect=0, **options):
        done = subprocess.run([binary(), "certs", action, "--dir", str(self.directory), *map(str, args)],
                              capture_output=True, text=True, timeout=60, **options)
        assert done.returncode == expect, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, action, *args, expect=0):
        return json.loads(self.run(action, "--json", *args, expect=expect).stdout)

    def show(self, *args, expect=0):
        return {row["file"].removeprefix(f"{self.directory}/"): row for row in self.json("show", *args, expect=expect)}

    def path(self, name):
        return self.directory / name

    def pair(self, folder, name):
        return self.path(f"{folder}/{name}.pem"), self.path(f"{folder}/{name}-key.pem")


def openssl(*args, check=True):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
