"""The image under test: the root file system of conf/docker/rootfs.sh with the settings of conf/docker/Dockerfile."""

import subprocess

import pytest

import dockerfile
from containers import IMAGE, Containers
from support import docker_engine
from support.logboom import binary


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory):
    docker_engine.require()
    root = tmp_path_factory.mktemp("image") / "root"
    subprocess.run([str(dockerfile.CONF / "rootfs.sh"), binary(), str(root)], check=True, timeout=60)
    return root


@pytest.fixture(scope="session")
def imported(rootfs):
    with docker_engine.running() as engine:
        archive = rootfs.parent / "root.tar"
        subprocess.run(["tar", "-C", str(rootfs), "-cf", str(archive), "."], check=True, timeout=60)
        engine.cli("import", *dockerfile.changes(), str(archive), IMAGE)
        archive.unlink()
        yield engine


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
