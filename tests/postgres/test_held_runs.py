"""Runs whose points are being imported cannot be deleted meanwhile: nobody else looks whether they are there."""

import psycopg
import pytest

from modelkeep.importing.journal import Target
from modelkeep.importing.tracking_rows import hold_runs
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.transaction import Transaction
from tests.support.command import run

# The workspace that it is in is of no interest here, and not there.
_RUN = """
    SET session_replication_role = replica;
    INSERT INTO runs (id, workspace_id, experiment_id, key, name, user_id, status, start_time, lifecycle_stage,
                      artifact_uri, recent_points)
    VALUES (1, 1, 1, 'a', '', '', 'FINISHED', 1, 'active', '', 0);
    RESET session_replication_role
"""


def test_a_run_that_is_held_is_not_deleted(database: str) -> None:
    assert run("db", "upgrade", MODELKEEP_DATABASE=database).code == 0
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(_RUN)
        driver: psycopg.Connection[tuple[object, ...]] = psycopg.connect(database, autocommit=True)
        holder = PostgresConnection(driver, prepare=True)
        holder.control(b"BEGIN")
        assert hold_runs(Transaction(holder), Target(1, 1), {"a", "gone"}) == {"a": 1}
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("DELETE FROM runs WHERE id = 1")
        holder.control(b"COMMIT")
        other.execute("SET lock_timeout = 0")
        assert other.execute("DELETE FROM runs WHERE id = 1").rowcount == 1
        holder.close()
