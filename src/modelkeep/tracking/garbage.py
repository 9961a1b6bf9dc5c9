"""Collecting what was deleted some time ago: runs, logged models and experiments go for good."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.guard import WORKSPACE
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, logged_models, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_ids import experiment_number
from modelkeep.tracking.lifecycle import DELETED
from modelkeep.tracking.removal import remove_experiment, remove_logged_model, remove_run

_AGE = re.compile(r"(?:(?P<d>[\d.]+)d)?(?:(?P<h>[\d.]+)h)?(?:(?P<m>[\d.]+)m)?(?:(?P<s>[\d.]+)s)?", re.ASCII)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MOST = 200


class CollectGarbage(msgspec.Struct):
    """Without ids, all that was deleted. `older_than` is how long ago, such as 30d or 1d12h30m."""

    older_than: str = ""
    run_ids: list[str] = []
    experiment_ids: list[str] = []
    model_ids: list[str] = []
    max_results: Annotated[int, msgspec.Meta(ge=1, le=1_000, description="Most removed by one request.")] = _MOST


class Collected(msgspec.Struct):
    """What is gone for good. `more`: the same request would remove more."""

    run_ids: list[str]
    model_ids: list[str]
    experiment_ids: list[str]
    more: bool


def _deleted(table: sa.Table, key: Any, at: Any) -> tuple[Query, Query]:
    """Rows that were deleted before a time, and the stage and time of the one with a key."""
    here = table.c.workspace_id == sa.bindparam("workspace")
    old = sa.select(table.c.id, key).where(here, table.c.lifecycle_stage == DELETED, at <= sa.bindparam("before"))
    named = sa.select(table.c.id, key, table.c.lifecycle_stage, at).where(here, key == sa.bindparam("key"))
    return Query(old.order_by(table.c.id).limit(sa.bindparam("most", type_=sa.Integer))), Query(named)


_RUNS = _deleted(runs, runs.c.key, runs.c.deleted_at)
_MODELS = _deleted(logged_models, logged_models.c.key, logged_models.c.deleted_at)
_EXPERIMENTS = _deleted(experiments, experiments.c.number, experiments.c.updated_at)


@operation("mlflow/internal/gc", verb="POST", writes=True, needs=Permission.ADMIN, on=WORKSPACE, reach=Reach.WORKSPACE)
def collect_garbage(tx: Transaction, scope: Scope, request: CollectGarbage) -> Collected:
    """Remove deleted runs, logged models and experiments for good, with their artifacts (`modelkeep gc`).

    What is not deleted, or not long enough ago, is refused where it is named. Experiment 0 stays.
    """
    before = scope.now - _milliseconds(request.older_than)
    named = bool(request.run_ids or request.model_ids or request.experiment_ids)
    left = request.max_results

    def collect(kind: str, queries: tuple[Query, Query], keys: list[Any], remove: Callable[..., None]) -> list[str]:
        nonlocal left
        if named:
            found = [_named(tx, scope, queries[1], kind, key, before) for key in keys]
        else:
            found = [
                (row, key)
                for row, key in tx.all(queries[0], workspace=scope.home, before=before, most=left)
                if key != 0
            ]
        for row, _ in found:
            remove(tx, row, scope.now)
        left -= len(found)
        return [str(key) for _, key in found]

    numbers = [experiment_number(key, "experiment_ids") for key in request.experiment_ids]
    removed = Collected(
        collect("run", _RUNS, request.run_ids, remove_run),
        collect("logged model", _MODELS, request.model_ids, remove_logged_model),
        collect("experiment", _EXPERIMENTS, numbers, remove_experiment),
        more=False,
    )
    removed.more = not named and left <= 0
    return removed


def _named(tx: Transaction, scope: Scope, query: Query, kind: str, key: Any, before: int) -> tuple[int, Any]:
    row = tx.one(query, workspace=scope.home, key=key)
    if row is None:
        raise ApiError(ErrorKind.NOT_FOUND, f"The {kind} {key} does not exist.")
    identity, key, stage, at = row
    if stage != DELETED or key == 0:
        raise ApiError(ErrorKind.INCORRECT_STATE, f"The {kind} {key} is not deleted, and so cannot be removed.")
    if at > before:
        raise ApiError(ErrorKind.INCORRECT_STATE, f"The {kind} {key} was deleted less long ago than 'older_than'.")
    return identity, key


def _milliseconds(age: str) -> int:
    match = _AGE.fullmatch(age)
    try:
        parts = {unit: float(value) for unit, value in match.groupdict().items() if value} if match else {}
    except ValueError:
        parts = {}
    if age and not parts:
        raise invalid_parameter("older_than", f"{age[:40]!r} is no age; one such as 30d or 1d12h30m5s is.")
    return int(sum(value * _SECONDS[unit] for unit, value in parts.items()) * 1000)
