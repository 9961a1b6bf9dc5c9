"""Two PostgreSQL, the second a synchronous standby of the first: the first is killed, the second takes its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.load import MODEL, Load, check
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer


@pytest.fixture
def pair() -> Iterator[tuple[OwnPostgres, OwnPostgres]]:
    with (
        OwnPostgres("synchronous_standby_names = 'standby'") as primary,
        OwnPostgres("synchronous_standby_names = ''", follows=primary) as standby,
    ):
        yield primary, standby


def _url_of(pair: tuple[OwnPostgres, OwnPostgres]) -> str:
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in pair)
    return f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"


def test_no_answered_write_is_lost_when_the_standby_takes_over(
    data_directory: Path, pair: tuple[OwnPostgres, OwnPostgres]
) -> None:
    primary, standby = pair
    with RunningServer(data_directory, "--database", _url_of(pair), "--workers", "2", "--no-access-log") as server:
        Api(server.url).post("/api/2.0/mlflow/registered-models/create", name=MODEL)
        with Load(server) as load:
            load.wait_for(200)
            primary.kill()
            standby.promote()
            load.wait_for(200)
        check(server, load)
