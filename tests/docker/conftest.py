import os

import pytest

from support import docker_engine


@pytest.fixture(scope="session")
def engine_process():
    why = docker_engine.missing()
    if why:
        if os.environ.get("CI"):
            pytest.fail(f"no Docker Engine in CI: {why}")
        pytest.skip(f"no Docker Engine here: {why}")
    engine = docker_engine.Engine()
    try:
        engine.start()
        yield engine
    finally:
        if engine.daemon is not None:
            engine.stop()


@pytest.fixture
def engine(engine_process):
    """The engine, with no container left over after the test."""
    yield engine_process
    engine_process.remove_containers()
