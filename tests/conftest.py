"""Real platforms, started as a user would start them, for every test that needs one."""

from collections.abc import Iterator
from typing import Any

import pytest

from lambent.testing.process import Running, started


@pytest.fixture(scope="session")
def lambent() -> Iterator[Running]:
    """One platform for all tests; each makes functions of its own names."""
    yield from started()


@pytest.fixture
def own_lambent() -> Iterator[Running]:
    """A platform for one test alone, which may stop or kill it."""
    yield from started()


@pytest.fixture
def client(lambent: Running) -> Iterator[Any]:
    """A Lambda client of the shared platform."""
    made = lambent.client("lambda")
    yield made
    made.close()
