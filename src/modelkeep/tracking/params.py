"""Params of runs: set once. The same value again is no error, another is."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import check_key
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.query import Query
from modelkeep.storage.schema import params as table
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.run_records import Param
from modelkeep.tracking.runs import RunId, locate_active_run, run_key, wrote_to
from modelkeep.tracking.values import fitted

_INSERT = BulkInsert(table, ("run_id", "key", "value"))
_OF_RUN = Query(sa.select(table.c.key, table.c.value).where(table.c.run_id == sa.bindparam("row")))


class LogParam(RunId):
    """A param of a run."""

    key: str
    value: str = ""


@operation(
    "mlflow/runs/log-parameter", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE
)
def log_parameter(tx: Transaction, scope: Scope, request: LogParam) -> Empty:
    """Set a param of a run. What is set already keeps its value."""
    check_key(request.key, scope.limits)
    value = fitted("value", request.value, scope.limits.param_value_length, scope.limits)
    run = locate_active_run(tx, scope, run_key(request))
    store_params(tx, run.row, [Param(request.key, value)], "")
    wrote_to(tx, run)
    return Empty()


def check_params(params: Sequence[Param], limits: Limits, field: str = "params") -> list[Param]:
    """Params as they will be stored; no key twice, since which value should count is not for the server to guess."""
    kept: dict[str, Param] = {}
    for place, param in enumerate(params):
        check_key(param.key, limits, f"{field}[{place}].key")
        if param.key in kept:
            raise invalid_parameter(f"{field}[{place}].key", f"the key {param.key!r} is given twice.")
        value = fitted(f"{field}[{place}].value", param.value, limits.param_value_length, limits)
        kept[param.key] = Param(param.key, value)
    return list(kept.values())


def store_params(tx: Transaction, run: int, params: Sequence[Param], field: str = "params") -> None:
    """Store params of a run. Raises where one has another value already, and says which.

    `field` is where the params stand in the request.
    """
    if not params:
        return
    known: dict[str, str] = dict(tx.all(_OF_RUN, row=run))
    new = []
    for place, param in enumerate(params):
        value = known.get(param.key)
        if value is None:
            new.append((run, param.key, param.value))
        elif value != param.value:
            where = f"{field}[{place}]" if field else "value"
            raise invalid_parameter(
                where,
                f"changing params is not allowed: {param.key!r} was logged with {value[:200]!r} already, "
                f"and is now {param.value[:200]!r}.",
            )
    # Where another server logs one of them at the same moment, the database says so later: a second attempt finds it.
    tx.insert(_INSERT, sorted(new))
