import pytest

from support.upgrade import become_subreaper


@pytest.fixture(scope="session", autouse=True)
def subreaper():
    become_subreaper()
