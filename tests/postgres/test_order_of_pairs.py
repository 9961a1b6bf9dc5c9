"""What is answered as a list has one order, in which order PostgreSQL ever comes upon its rows."""

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from modelkeep.storage.schema import run_tags
from modelkeep.storage.tag_table import pairs

_LIST = pairs(run_tags, run_tags.c.run_id == sa.literal_column("1"))


def _listed(url: str, *keys: str) -> str:
    """The list of tags that were written in this order, where no index gives them another."""
    sql = str(sa.select(_LIST).compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TEMPORARY TABLE run_tags (run_id bigint, key text, value text)")
        for key in keys:
            connection.execute("INSERT INTO run_tags VALUES (1, %s, '')", [key])
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_tags_are_listed_by_their_keys_however_they_were_written(database: str) -> None:
    assert _listed(database, "a", "b", "c") == _listed(database, "c", "a", "b")
