"""What a model version comes from: the run or logged model that made it, as far as this server knows it.

The registry asks here and nowhere else.
"""

from typing import NamedTuple

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_models, runs
from modelkeep.storage.transaction import Transaction

_FIND_RUN = Query(
    sa.select(runs.c.artifact_uri).where(
        runs.c.workspace_id == sa.bindparam("workspace"), runs.c.key == sa.bindparam("run")
    )
)
_FIND_MODEL = Query(
    sa.select(logged_models.c.artifact_location, logged_models.c.source_run_id).where(
        logged_models.c.workspace_id == sa.bindparam("workspace"), logged_models.c.key == sa.bindparam("model")
    )
)


class Run(NamedTuple):
    """A run that is kept here."""

    artifact_uri: str


class LoggedModel(NamedTuple):
    """A logged model that is kept here."""

    artifact_location: str
    source_run_id: str


def find_run(tx: Transaction, scope: Scope, run_id: str) -> Run | None:
    """The run of this workspace, or None where it is not kept here: it may live on another server."""
    if scope.workspace is None:
        return None
    row = tx.one(_FIND_RUN, workspace=scope.workspace, run=run_id)
    return Run(*row) if row else None


def find_logged_model(tx: Transaction, scope: Scope, model_id: str) -> LoggedModel | None:
    """The logged model of this workspace, or None where it is not kept here."""
    if scope.workspace is None:
        return None
    row = tx.one(_FIND_MODEL, workspace=scope.workspace, model=model_id)
    return LoggedModel(*row) if row else None
