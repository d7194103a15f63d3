import pytest

from support import docker_engine


@pytest.fixture(scope="session")
def engine_process():
    with docker_engine.running() as engine:
        yield engine


@pytest.fixture
def engine(engine_process):
    """The engine, with no container left over after the test."""
    yield engine_process
    engine_process.remove_containers()
