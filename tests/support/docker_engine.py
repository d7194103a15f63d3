"""A Docker Engine of the tests' own: Debian's dockerd, without networks, in a temporary directory."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from support.wait import wait_until

IMAGE = "busybox:test"
BUSYBOX = pathlib.Path("/bin/busybox")


def missing():
    """Why no engine can run here, or None."""
    if os.geteuid() != 0:
        return "dockerd needs root"
    for program in ("dockerd", "containerd", "runc", "docker"):
        if not shutil.which(program, path=_path()):
            return f"{program} is not installed (docker.io)"
    if not BUSYBOX.exists():
        return f"{BUSYBOX} is not installed (busybox-static)"
    return None


def require():
    """Ends the test where no engine can run: as failed in CI, as skipped on a person's machine."""
    why = missing()
    if why and os.environ.get("CI"):
        pytest.fail(f"no Docker Engine in CI: {why}")
    if why:
        pytest.skip(f"no Docker Engine here: {why}")


@contextlib.contextmanager
def running(*arguments, config=None):
    """An engine that runs within the block; `arguments`: more of dockerd's, `config`: what its daemon.json says."""
    require()
    engine = Engine(arguments, config)
    try:
        engine.start()
        yield engine
    finally:
        if engine.daemon is not None:
            engine.stop()


def _path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Engine:
    """start(), then cli() and run(); stop() ends exactly the daemon that start() started."""

    def __init__(self, arguments=(), config=None):
        self.arguments = arguments
        self.config = config or {}
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lbd.", dir="/tmp"))
        self.socket = self.directory / "docker.sock"
        self.pid_file = self.directory / "pid"
        self.environment = {**os.environ, "PATH": _path(), "DOCKER_HOST": f"unix://{self.socket}"}
        self.environment["DOCKER_CONFIG"] = str(self.directory / "client")
        self.daemon = None

    def _write_config(self):
        """Its daemon.json, with a unix socket of the engine's own. dockerd wants hosts there or in -H, not in both."""
        path = self.directory / "daemon.json"
        hosts = [host for host in self.config.get("hosts", []) if not host.startswith("unix:")]
        path.write_text(json.dumps({**self.config, "hosts": [f"unix://{self.socket}", *hosts]}))
        return path

    def start(self):
        log = open(self.directory / "log", "wb")
        self.daemon = subprocess.Popen(
            ["dockerd", "--data-root", str(self.directory / "d"), "--exec-root", str(self.directory / "x"),
             "--config-file", str(self._write_config()), "--pidfile", str(self.pid_file), "--bridge=none", "--iptables=false",
             *self.arguments],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_until(self._answers, 60, "dockerd", interval=0.2)
        self._import_image()

    def _answers(self):
        assert self.daemon.poll() is None, "dockerd ended: " + (self.directory / "log").read_text()[-3000:]
        return self.socket.exists() and self.cli("info", check=False).returncode == 0

    def _import_image(self):
        root = self.directory / "rootfs"
        (root / "bin").mkdir(parents=True)
        (root / "tmp").mkdir()
        shutil.copy(BUSYBOX, root / "bin" / "busybox")
        applets = subprocess.run([str(BUSYBOX), "--list"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        for applet in set(applets) - {"busybox"}:
            (root / "bin" / applet).symlink_to("busybox")
        archive = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["docker", "import", "-", IMAGE], stdin=archive.stdout, stdout=subprocess.DEVNULL,
                       env=self.environment, check=True, timeout=60)
        archive.wait(10)

    def cli(self, *arguments, check=True, deadline=60):
        done = subprocess.run(["docker", *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                              timeout=deadline)
        if check:
            assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
        return done

    def run(self, script, address, *options, log=None, check=True, deadline=60):
        """`docker run` of a shell script with the fluentd log driver; `log`: more log options, `options`: arguments."""
        log_options = {"fluentd-address": address, **(log or {})}
        arguments = [part for key, value in log_options.items() for part in ("--log-opt", f"{key}={value}")]
        return self.cli("run", "--network", "none", "--log-driver", "fluentd", *arguments, *options, IMAGE, "sh", "-c",
                        script, check=check, deadline=deadline)

    def remove_containers(self):
        names = self.cli("ps", "-aq").stdout.split()
        for start in range(0, len(names), 50):
            self.cli("rm", "-f", *names[start:start + 50], check=False, deadline=120)

    def stop(self):
        try:
            self.remove_containers()
        finally:
            if self.pid_file.exists():
                os.kill(int(self.pid_file.read_text()), signal.SIGTERM)
            try:
                self.daemon.wait(60)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait(10)
            self._unmount()
            shutil.rmtree(self.directory, ignore_errors=True)

    def _unmount(self):
        """dockerd leaves what it mounted over its own directory."""
        mounted = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
        for place in reversed(mounted):
            if place.startswith(f"{self.directory}/"):
                subprocess.run(["umount", "-l", place], stderr=subprocess.DEVNULL, check=False)
