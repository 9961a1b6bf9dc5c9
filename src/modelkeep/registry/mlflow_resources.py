"""What MLflow's own API of permissions grants something on: a type and an id."""

from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.guard import Held
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS, MODEL_GRANTS, PLATFORM_GRANTS, WORKSPACE_GRANTS, Grants
from modelkeep.identity.permissions import Granted
from modelkeep.registry.guards import MODEL
from modelkeep.registry.permissions import model_granted
from modelkeep.storage.expressions import one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, platforms, principals, registered_models, workspaces
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.experiment_permissions import experiment_granted
from modelkeep.tracking.guards import EXPERIMENT

_EXPERIMENT, _WORKSPACE, _EVERYTHING = "experiment", "workspace", "*"
_MODELS = ("registered_model", "prompt")
_TYPES = (_EXPERIMENT, *_MODELS, _WORKSPACE)


class _Named(msgspec.Struct):
    """A request that names a model and an experiment at once: guards read the one that they know."""

    name: str
    experiment_id: str


def check_resource(kind: str, identity: str, field: str) -> None:
    """Raise unless grants can be on this: one experiment, one model or prompt, or an MLflow workspace as a whole."""
    if kind not in _TYPES:
        raise invalid_parameter("resource_type", f"{kind[:40]!r} cannot be granted; {', '.join(_TYPES)} can.")
    if not identity:
        raise missing_parameter(field)
    if (identity == _EVERYTHING) != (kind == _WORKSPACE):
        raise invalid_parameter(
            field,
            "'*' is a whole workspace: grant it with the resource_type 'workspace'. Of other types one is granted.",
        )


def resource_granted(tx: Transaction, scope: Scope, kind: str, identity: str) -> Granted:
    """The resource of the request's platform on which something is granted; an MLflow workspace is the platform."""
    if kind == _WORKSPACE:
        key = scope.tenancy.platform_key if scope.tenancy else ""
        return Granted(PLATFORM_GRANTS, scope.platform, key, scope.platform, None)
    if kind == _EXPERIMENT:
        return experiment_granted(tx, scope, identity)
    return model_granted(tx, scope, identity)


@dataclass(frozen=True, slots=True)
class ResourceGuard:
    """The resource that `resource_type` and `resource_id` name."""

    what: str = "resource"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return scope.access.platform

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        kind, identity = request.resource_type, request.resource_id
        check_resource(kind, identity, "resource_id")
        if kind == _WORKSPACE:
            return Held(scope.access.platform)
        return (EXPERIMENT if kind == _EXPERIMENT else MODEL).ask(tx, scope, _Named(identity, identity))

    def named(self, scope: Scope, request: Any) -> str:
        return f"{request.resource_type} {request.resource_id}"


RESOURCE = ResourceGuard()

_KINDS: tuple[tuple[Grants, str], ...] = (
    (PLATFORM_GRANTS, _WORKSPACE),
    (WORKSPACE_GRANTS, "workspace_of_platform"),
    (MODEL_GRANTS, "registered_model"),
    (EXPERIMENT_GRANTS, _EXPERIMENT),
)
"""Each has a number by its place, which ids of grants begin with."""
_RESOURCE_BITS, _KIND_BITS = 33, 2
_MOST = 10_000


class GrantRow(msgspec.Struct):
    """A grant as MLflow lists it. `workspace` is the platform, with the workspace where that is not `default`."""

    id: int
    principal: int
    workspace: str
    resource_type: str
    resource_pattern: str
    level: int


def grant_id(grants: Grants, resource: int, principal: int) -> int:
    """One number for a grant, which has none of its own."""
    number = next(place for place, (known, _) in enumerate(_KINDS) if known is grants)
    return (principal << _RESOURCE_BITS | resource) << _KIND_BITS | number


def read_grant_id(number: int) -> tuple[Grants, int, int]:
    """The grants, the resource and the principal of a number."""
    kind, rest = number & (1 << _KIND_BITS) - 1, number >> _KIND_BITS
    return _KINDS[kind][0], rest & (1 << _RESOURCE_BITS) - 1, rest >> _RESOURCE_BITS


def _listed(place: int) -> sa.Select[Any]:
    grants = _KINDS[place][0]
    g, p, w, m, e = grants.table.c, platforms.c, workspaces.c, registered_models.c, experiments.c
    if grants is PLATFORM_GRANTS:
        source: Any = sa.join(grants.table, platforms, p.id == g.platform_id)
        pattern: Any = sa.literal_column("'*'", sa.Text)
    elif grants is WORKSPACE_GRANTS:
        source = sa.join(grants.table, workspaces, w.id == g.workspace_id).join(platforms, p.id == w.platform_id)
        pattern = w.key
    elif grants is MODEL_GRANTS:
        source = sa.join(grants.table, registered_models, m.id == g.model_id).join(platforms, p.id == m.platform_id)
        pattern = m.name
    else:
        source = sa.join(grants.table, experiments, e.id == g.experiment_id).join(workspaces, w.id == e.workspace_id)
        source = source.join(platforms, p.id == w.platform_id)
        pattern = sa.cast(e.number, sa.Text)
    workspace = w.key if grants in (WORKSPACE_GRANTS, EXPERIMENT_GRANTS) else sa.literal_column("''", sa.Text)
    columns: tuple[Any, ...] = (
        sa.literal_column(str(place)),
        grants.resource,
        g.principal_id,
        p.key,
        workspace,
        pattern,
        g.permission,
    )
    return (
        sa.select(*columns)
        .select_from(source)
        .where(g.principal_id.in_(one_of("principals", numbers=True)))
        .limit(sa.literal_column(str(_MOST)))
    )


_OF_PRINCIPALS = tuple(Query(_listed(place)) for place in range(len(_KINDS)))
_NAMES = Query(
    sa.select(principals.c.id, principals.c.kind, principals.c.name).where(
        principals.c.id.in_(one_of("principals", numbers=True))
    )
)


def grants_of(tx: Transaction, listed: str) -> list[GrantRow]:
    """What these principals were granted, given by the JSON array of their row ids; at most 10,000 of each kind."""
    return [_row(row) for query in _OF_PRINCIPALS for row in tx.all(query, principals=listed)]


def names_of(tx: Transaction, listed: str) -> dict[int, tuple[str, str]]:
    """The kinds and names of principals."""
    return {row: (kind, name) for row, kind, name in tx.all(_NAMES, principals=listed)}


def _row(row: Row) -> GrantRow:
    place, resource, principal, platform, workspace, pattern, level = row
    grants, kind = _KINDS[place]
    within = platform if workspace in ("", "default") or grants is WORKSPACE_GRANTS else f"{platform}/{workspace}"
    return GrantRow(grant_id(grants, resource, principal), principal, within, kind, pattern, level)
