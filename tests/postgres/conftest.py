"""A database of its own for each test, on the PostgreSQL that all tests share, or a PostgreSQL of its own."""

from collections.abc import Iterator

import pytest

from tests.support.own_postgres import OwnPostgres
from tests.support.postgres import new_database


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database."""
    with new_database() as url:
        yield url


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    """A PostgreSQL that may be stopped and killed."""
    with OwnPostgres() as own:
        yield own


@pytest.fixture(scope="module")
def shared_database() -> Iterator[str]:
    """The URL of a database for all tests of a module."""
    with new_database() as url:
        yield url
