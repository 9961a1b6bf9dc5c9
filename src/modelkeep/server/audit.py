"""Who did what: the records of writes and of refused attempts, newest first."""

from enum import Enum
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import Int64, Timestamp, page_size
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.guards import MODEL
from modelkeep.registry.role_guards import ROLES_OF_PLATFORM
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, registered_models, workspaces, write_records
from modelkeep.storage.transaction import Row, Transaction

_MILLISECONDS_A_DAY = 86_400_000
_SCANNED_FOR_ONE = 50_000
"""How many of a model's platform's latest records are looked through for those of the model."""

_r, _p, _w, _m = write_records.c, platforms.c, workspaces.c, registered_models.c
_PLATFORM = sa.select(_p.key).where(_p.id == _r.platform_id).correlate(write_records).scalar_subquery()
_WORKSPACE = sa.select(_w.key).where(_w.id == _r.workspace_id).correlate(write_records).scalar_subquery()
_COLUMNS = (
    _r.id,
    _r.at,
    _r.principal,
    _r.caller,
    _r.operation,
    _r.subject_kind,
    _r.subject_id,
    _r.subject_name,
    _PLATFORM,
    _WORKSPACE,
    _r.request_id,
    _r.address,
    _r.refusal,
)
_OLD = sa.select(_r.id, _r.at).order_by(_r.id).limit(sa.bindparam("most", type_=sa.Integer)).subquery("oldest")
_FORGET = Query(
    sa.delete(write_records).where(_r.id.in_(sa.select(_OLD.c.id).where(_OLD.c.at < sa.bindparam("before"))))
)
_FIND_PLATFORM = Query(sa.select(_p.id).where(_p.key == sa.bindparam("name")))


class Outcome(Enum):
    """Whether it was done."""

    DONE = "done"
    REFUSED = "refused"


class AuditRecord(msgspec.Struct):
    """One write or refused attempt. `caller` called on behalf of `principal`, "" where that called itself.

    `refusal` is the code of the error that was answered, "" where it was done.
    """

    id: int
    at: Timestamp
    principal: str
    caller: str
    operation: str
    subject_kind: str
    subject_id: str
    subject_name: str
    platform: str
    workspace: str
    request_id: str
    address: str
    refusal: str


_FIELDS = AuditRecord.__struct_fields__
"""In the order of `_COLUMNS`."""


class AuditPage(msgspec.Struct):
    """Records, the newest first. `next_page_token` is absent on the last page."""

    records: list[AuditRecord]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


class SearchAudit(msgspec.Struct):
    """What is absent is not asked for. `subject` is a subject's name or id; `workspace` names a platform.

    Times are milliseconds since 1970: `since` is included, `until` is not.
    """

    workspace: Annotated[str, msgspec.Meta(description="A platform; without it, all of the server.")] = ""
    since: Int64 | None = None
    until: Int64 | None = None
    principal: str | None = None
    operation: str | None = None
    subject_kind: str | None = None
    subject: str | None = None
    outcome: Outcome | None = None
    max_results: Annotated[int, page_size(10_000)] = 100
    page_token: str | None = None


@operation("modelkeep/audit", needs=Permission.ADMIN, on=ROLES_OF_PLATFORM, reach=Reach.SERVER, scans=True)
def search_audit(tx: Transaction, scope: Scope, request: SearchAudit) -> AuditPage:
    """Search the records of writes and refused attempts: administrators all, a platform's ADMIN those of it."""
    values = {
        name: getattr(request, name)
        for name in ("since", "until", "principal", "operation", "subject_kind", "subject")
        if getattr(request, name) is not None
    }
    if request.workspace:
        row = tx.one(_FIND_PLATFORM, name=request.workspace)
        values["platform"] = row[0] if row else None
    asked, outcome = frozenset(values), request.outcome
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(asked, outcome, further),
        within={},
        values={f"_{name}": value for name, value in values.items()},
        max_results=check_max_results(request.max_results, scope.limits.audit_page),
        page_token=request.page_token or "",
        bound_to=("audit", repr(sorted(values.items())), str(outcome)),
    )
    return AuditPage([_from_row(row) for row in page.rows], page.next_page_token or msgspec.UNSET)


@lru_cache(128)
def _search(asked: frozenset[str], outcome: Outcome | None, further: bool) -> Search:
    def given(name: str, column: Any) -> Any:
        return sa.bindparam(f"_{name}", type_=column.type)

    conditions: dict[str, Any] = {
        "platform": _r.platform_id == given("platform", _r.platform_id),
        "since": _r.at >= given("since", _r.at),
        "until": _r.at < given("until", _r.at),
        "principal": _r.principal == given("principal", _r.principal),
        "operation": _r.operation == given("operation", _r.operation),
        "subject_kind": _r.subject_kind == given("subject_kind", _r.subject_kind),
        "subject": sa.or_(
            _r.subject_name == given("subject", _r.subject_name), _r.subject_id == given("subject", _r.subject_id)
        ),
    }
    statement = sa.select(*_COLUMNS).where(*(conditions[name] for name in sorted(asked)))
    if outcome is not None:
        nothing: sa.ColumnElement[str] = sa.literal_column("''")
        statement = statement.where(_r.refusal == nothing if outcome is Outcome.DONE else _r.refusal != nothing)
    return make_search(statement, [Order("id", _r.id, descending=True)], further=further)


def _from_row(row: Row) -> AuditRecord:
    named = {name: "" if value is None else value for name, value in zip(_FIELDS, row, strict=False)}
    return msgspec.convert(named, AuditRecord)


class ModelChange(msgspec.Struct):
    """One write."""

    at: Timestamp
    principal: str
    operation: str
    subject_kind: str
    subject_name: str


class ModelHistory(msgspec.Struct):
    """What was done to a model and its versions. `complete` is whether older records were looked through as well."""

    changes: list[ModelChange]
    complete: bool


class ModelHistoryOf(msgspec.Struct):
    """Which model, and how many of its changes."""

    name: str
    max_results: Annotated[int, page_size(10_000)] = 50


_LATEST = sa.select(sa.func.max(_r.id)).scalar_subquery()
_RECENT = Query(
    sa.select(_r.at, _r.principal, _r.operation, _r.subject_kind, _r.subject_name)
    .where(
        _r.id > _LATEST - sa.literal_column(str(_SCANNED_FOR_ONE)),
        _r.platform_id == sa.bindparam("platform"),
        _r.refusal == sa.literal_column("''"),
        sa.or_(
            sa.and_(_r.subject_kind == "registered_model", _r.subject_id == sa.bindparam("model", type_=sa.Text)),
            sa.and_(
                _r.subject_kind == "model_version",
                _r.subject_id >= sa.bindparam("first", type_=sa.Text),
                _r.subject_id < sa.bindparam("beyond", type_=sa.Text),
            ),
        ),
    )
    .order_by(_r.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_MODEL_ROW = Query(sa.select(_m.id).where(_m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name")))
_FIRST = Query(sa.select(sa.func.min(_r.id), sa.func.max(_r.id)))


@operation("mlflow/internal/registered-models/history", needs=Permission.READ, on=MODEL, scans=True)
def get_registered_model_history(tx: Transaction, scope: Scope, request: ModelHistoryOf) -> ModelHistory:
    """What was done to a registered model and its versions, the newest first.

    The latest 50,000 records of the server are looked through, for an index of them would slow every write.
    """
    most = check_max_results(request.max_results, scope.limits.audit_page)
    row = tx.one(_MODEL_ROW, platform=scope.platform, name=request.name)
    model = str(row[0]) if row else ""
    rows = tx.all(_RECENT, platform=scope.platform, model=model, first=f"{model}.", beyond=f"{model}/", most=most)
    first, last = tx.one(_FIRST) or (None, None)
    complete = first is None or last - first < _SCANNED_FOR_ONE or len(rows) == most
    return ModelHistory([ModelChange(*change) for change in rows], complete)


def forget_records(tx: Transaction, now: int, days: int, most: int) -> int:
    """Delete records whose time is over, looking at so many of the oldest; none where they are kept for ever."""
    return tx.run(_FORGET, before=now - days * _MILLISECONDS_A_DAY, most=most) if days else 0
