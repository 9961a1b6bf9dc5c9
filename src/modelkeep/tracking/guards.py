"""Where permission is asked in tracking: on an experiment, which holds for its runs and logged models as well."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import (
    ApiError,
    experiment_not_found,
    experiment_not_named,
    logged_model_not_found,
    missing_parameter,
    run_not_found,
)
from modelkeep.core.guard import Held
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS, caller_ids
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, logged_models, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_ids import experiment_number

_e, _r, _m = experiments.c, runs.c, logged_models.c


def _held_in(table: sa.Table, experiment: sa.Column[int], which: sa.ColumnElement[bool]) -> Query:
    here = table.c.workspace_id == sa.bindparam("workspace")
    return Query(sa.select(EXPERIMENT_GRANTS.held(experiment)).where(here, which))


_NUMBERED = _held_in(experiments, _e.id, _e.number == sa.bindparam("which"))
_NAMED = _held_in(experiments, _e.id, _e.name == sa.bindparam("which"))
_OF_RUN = _held_in(runs, _r.experiment_id, _r.key == sa.bindparam("which"))
_OF_MODEL = _held_in(logged_models, _m.experiment_id, _m.key == sa.bindparam("which"))
_OF_RUNS = Query(
    sa.select(_r.key, EXPERIMENT_GRANTS.held(_r.experiment_id)).where(
        _r.workspace_id == sa.bindparam("workspace"), _r.key.in_(one_of("keys"))
    )
)


def _level(tx: Transaction, scope: Scope, query: Query, which: str | int) -> int | None:
    row = tx.one(query, workspace=scope.home, which=which, **caller_ids(scope))
    return None if row is None else max(row[0], scope.access.on_workspace(scope.home))


def level_on_experiment(tx: Transaction, scope: Scope, number: int) -> int | None:
    """What the caller has on an experiment of its workspace; None where there is no such."""
    return _level(tx, scope, _NUMBERED, number)


def level_on_run(tx: Transaction, scope: Scope, key: str) -> int | None:
    """What the caller has on a run of its workspace; None where there is no such."""
    return _level(tx, scope, _OF_RUN, key)


def level_on_logged_model(tx: Transaction, scope: Scope, key: str) -> int | None:
    """What the caller has on a logged model of its workspace; None where there is no such."""
    return _level(tx, scope, _OF_MODEL, key)


class _InWorkspace:
    """What belongs to the workspace of the path."""

    __slots__ = ()

    def flows(self, scope: Scope) -> int:
        return scope.access.on_workspace(scope.workspace)


@dataclass(frozen=True, slots=True)
class ExperimentGuard(_InWorkspace):
    """The experiment whose id the request has; `otherwise` is the one that a request without any means."""

    otherwise: str = ""
    what: str = "experiment"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        number = experiment_number(self.named(scope, request))
        level = level_on_experiment(tx, scope, number)
        return Held(level or 0, level is not None, experiment_not_found(number))

    def named(self, scope: Scope, request: Any) -> str:
        return str(request.experiment_id or self.otherwise)


@dataclass(frozen=True, slots=True)
class NamedExperiment(_InWorkspace):
    """The experiment whose name the request has."""

    what: str = "experiment"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        name = request.experiment_name
        missing = experiment_not_named(name) if name else missing_parameter("experiment_name")
        level = _level(tx, scope, _NAMED, name)
        return Held(level or 0, level is not None, missing)

    def named(self, scope: Scope, request: Any) -> str:
        return str(request.experiment_name)


@dataclass(frozen=True, slots=True)
class RunGuard(_InWorkspace):
    """The experiment of the run that the request names."""

    what: str = "run"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        key = self.named(scope, request)
        missing = run_not_found(key[:80]) if key else missing_parameter("run_id")
        level = level_on_run(tx, scope, key)
        return Held(level or 0, level is not None, missing)

    def named(self, scope: Scope, request: Any) -> str:
        return request.run_id or getattr(request, "run_uuid", None) or ""


@dataclass(frozen=True, slots=True)
class RunsGuard(_InWorkspace):
    """The experiments of all runs that the request names: the least that the caller has on any of them."""

    field: str
    what: str = "run"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        keys = dict.fromkeys(getattr(request, self.field))
        if not keys:
            return Held(0, False, missing_parameter(self.field))
        found = tx.all(_OF_RUNS, workspace=scope.home, keys=json_array(list(keys)), **caller_ids(scope))
        levels = {key: max(held, self.flows(scope)) for key, held in found}
        fault = next((key for key in keys if not levels.get(key)), None)
        if fault is not None:
            return Held(0, fault in levels, run_not_found(fault[:80]))
        return Held(min(levels.values()))

    def named(self, scope: Scope, request: Any) -> str:
        return ", ".join(getattr(request, self.field)[:10])


@dataclass(frozen=True, slots=True)
class LoggedModelGuard(_InWorkspace):
    """The experiment of the logged model that the request names."""

    what: str = "logged model"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        key = request.model_id
        missing: ApiError = logged_model_not_found(key[:80]) if key else missing_parameter("model_id")
        level = level_on_logged_model(tx, scope, key)
        return Held(level or 0, level is not None, missing)

    def named(self, scope: Scope, request: Any) -> str:
        return str(request.model_id)


@dataclass(frozen=True, slots=True)
class OwnerGuard(_InWorkspace):
    """The run or the logged model that the request names, whichever it does."""

    what: str = "run or logged model"
    personal: bool = False

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        return (LOGGED_MODEL if request.model_id else RUN).ask(tx, scope, request)

    def named(self, scope: Scope, request: Any) -> str:
        return request.model_id or request.run_id or ""


EXPERIMENT = ExperimentGuard()
NEW_RUN = ExperimentGuard(otherwise="0")
EXPERIMENT_NAMED = NamedExperiment()
RUN = RunGuard()
LOGGED_MODEL = LoggedModelGuard()
OWNER = OwnerGuard()
