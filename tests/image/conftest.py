"""The image under test: the root file system of conf/docker/rootfs.sh with the settings of conf/docker/Dockerfile."""

import os
import subprocess

import pytest

import dockerfile
from containers import IMAGE, Containers
from support import docker_engine
from support.logboom import binary


def _require_engine():
    why = docker_engine.missing()
    if why and os.environ.get("CI"):
        pytest.fail(f"no Docker Engine in CI: {why}")
    if why:
        pytest.skip(f"no Docker Engine here: {why}")


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("rootfs.sh needs root")
    root = tmp_path_factory.mktemp("image") / "root"
    subprocess.run([str(dockerfile.CONF / "rootfs.sh"), binary(), str(root)], check=True, timeout=60)
    return root


@pytest.fixture(scope="session")
def imported(rootfs):
    _require_engine()
    engine = docker_engine.Engine()
    try:
        engine.start()
        archive = rootfs.parent / "root.tar"
        subprocess.run(["tar", "-C", str(rootfs), "-cf", str(archive), "."], check=True, timeout=60)
        engine.cli("import", *dockerfile.changes(), str(archive), IMAGE)
        archive.unlink()
        yield engine
    finally:
        if engine.daemon is not None:
            engine.stop()


@pytest.fixture
def engine(imported):
    """The engine that has the image, with no container left over after the test."""
    yield imported
    imported.remove_containers()


@pytest.fixture
def containers(engine):
    return Containers(engine)


@pytest.fixture
def etc(tmp_path):
    """A directory of the host to mount as /fluentd/etc, for any user to read."""
    path = tmp_path / "etc"
    path.mkdir()
    path.chmod(0o755)
    return path
