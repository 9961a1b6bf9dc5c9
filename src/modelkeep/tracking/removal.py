"""Taking runs, logged models and experiments away: for a while, or for good.

What goes for good leaves a note of the artifacts that it had in this server's keeping; they are removed after the
transaction, and again after a crash until they are gone.
"""

from typing import Any

import sqlalchemy as sa

from modelkeep.identity.grants import EXPERIMENT_GRANTS
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    artifact_removals,
    experiments,
    logged_models,
    runs,
    workspaces,
)
from modelkeep.storage.transaction import Transaction

_KEPT_HERE = "mlflow-artifacts:/"

_MARK_RUNS = Query(
    sa.update(runs)
    .where(runs.c.experiment_id == sa.bindparam("experiment"))
    .values(lifecycle_stage=sa.bindparam("stage"), deleted_at=sa.bindparam("at"))
)
_AT = sa.bindparam("now", type_=sa.BigInteger)
_ROW = sa.bindparam("row", type_=sa.BigInteger)


def _note(table: sa.Table, location: sa.Column[Any], which: sa.ColumnElement[bool]) -> Query:
    """Note the artifacts of these rows, where this server keeps them."""
    path = sa.func.substr(location, sa.literal_column(str(len(_KEPT_HERE) + 1)))
    kept = sa.func.substr(location, 1, len(_KEPT_HERE)) == _KEPT_HERE
    return Query(
        sa.insert(artifact_removals).from_select(
            ["workspace_id", "path", "at"],
            sa.select(table.c.workspace_id, path, _AT).where(which, kept, path != "", ~path.like("/%")),
        )
    )


_NOTE_RUN = _note(runs, runs.c.artifact_uri, runs.c.id == _ROW)
_REMOVE_RUN = Query(sa.delete(runs).where(runs.c.id == _ROW))
_NOTE_MODEL = _note(logged_models, logged_models.c.artifact_location, logged_models.c.id == _ROW)
_REMOVE_MODEL = Query(sa.delete(logged_models).where(logged_models.c.id == _ROW))
# Not the experiment's own place: another's may have been put inside it.
_NOTE_RUNS = _note(runs, runs.c.artifact_uri, runs.c.experiment_id == _ROW)
_NOTE_MODELS = _note(logged_models, logged_models.c.artifact_location, logged_models.c.experiment_id == _ROW)
_REMOVE_EXPERIMENT = Query(sa.delete(experiments).where(experiments.c.id == _ROW))


def _note_workspaces(which: sa.ColumnElement[bool]) -> Query:
    return Query(
        sa.insert(artifact_removals).from_select(
            ["workspace_id", "path", "at"], sa.select(workspaces.c.id, sa.literal_column("''"), _AT).where(which)
        )
    )


_NOTE_WORKSPACE = _note_workspaces(workspaces.c.id == _ROW)
_NOTE_PLATFORM = _note_workspaces(workspaces.c.platform_id == _ROW)
# A workspace is made with experiment 0: it holds something once there is another, or a run or model.
_COUNT_EXPERIMENTS = Query(
    sa.select(sa.func.count())
    .select_from(sa.join(experiments, workspaces, workspaces.c.id == experiments.c.workspace_id))
    .where(
        workspaces.c.platform_id == _ROW,
        sa.or_(
            experiments.c.number != 0,
            sa.exists().where(runs.c.experiment_id == experiments.c.id),
            sa.exists().where(logged_models.c.experiment_id == experiments.c.id),
        ),
    )
)


def mark_runs(tx: Transaction, experiment: int, stage: str, at: int | None) -> None:
    """Give all runs of an experiment the stage that it has."""
    tx.run(_MARK_RUNS, experiment=experiment, stage=stage, at=at)


def remove_run(tx: Transaction, run: int, now: int) -> None:
    """Delete a run and all that was logged to it."""
    tx.run(_NOTE_RUN, row=run, now=now)
    tx.run(_REMOVE_RUN, row=run)


def remove_logged_model(tx: Transaction, model: int, now: int) -> None:
    """Delete a logged model and all that belongs to it."""
    tx.run(_NOTE_MODEL, row=model, now=now)
    tx.run(_REMOVE_MODEL, row=model)


def remove_experiment(tx: Transaction, experiment: int, now: int) -> None:
    """Delete an experiment with its runs and logged models."""
    tx.run(_NOTE_RUNS, row=experiment, now=now)
    tx.run(_NOTE_MODELS, row=experiment, now=now)
    EXPERIMENT_GRANTS.end(tx, experiment)
    tx.run(_REMOVE_EXPERIMENT, row=experiment)


def remove_artifacts_of_workspace(tx: Transaction, workspace: int, now: int) -> None:
    """Note the artifacts of a workspace that is about to be deleted."""
    tx.run(_NOTE_WORKSPACE, row=workspace, now=now)


def remove_artifacts_of_platform(tx: Transaction, platform: int, now: int) -> None:
    """Note the artifacts of all workspaces of a platform that is about to be deleted."""
    tx.run(_NOTE_PLATFORM, row=platform, now=now)


def count_experiments(tx: Transaction, platform: int) -> int:
    """How many experiments a platform has that hold something."""
    row = tx.one(_COUNT_EXPERIMENTS, row=platform)
    return row[0] if row else 0
