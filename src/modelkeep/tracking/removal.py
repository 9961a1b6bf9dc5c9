"""Taking runs and experiments away: for a while, or for good."""

import sqlalchemy as sa

from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, runs
from modelkeep.storage.transaction import Transaction

_MARK_RUNS = Query(
    sa.update(runs)
    .where(runs.c.experiment_id == sa.bindparam("experiment"))
    .values(lifecycle_stage=sa.bindparam("stage"), deleted_at=sa.bindparam("at"))
)
_REMOVE_EXPERIMENT = Query(sa.delete(experiments).where(experiments.c.id == sa.bindparam("experiment")))
_REMOVE_RUN = Query(sa.delete(runs).where(runs.c.id == sa.bindparam("run")))


def mark_runs(tx: Transaction, experiment: int, stage: str, at: int | None) -> None:
    """Give all runs of an experiment the stage that it has."""
    tx.run(_MARK_RUNS, experiment=experiment, stage=stage, at=at)


def remove_experiment(tx: Transaction, experiment: int, now: int) -> None:
    """Delete an experiment and all that belongs to it."""
    tx.run(_REMOVE_EXPERIMENT, experiment=experiment)


def remove_run(tx: Transaction, run: int, now: int) -> None:
    """Delete a run and all that was logged to it."""
    tx.run(_REMOVE_RUN, run=run)
