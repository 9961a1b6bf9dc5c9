"""Platforms, as MLflow's API of workspaces and as this server's own.

An MLflow workspace isolates everything, the registry too, so it is a platform here, with one workspace in it.
"""

from enum import Enum

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, not_authorized
from modelkeep.core.fields import check_length
from modelkeep.core.guard import SERVER, VISIBLE
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.access import load_access
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.grants import EXPERIMENT_GRANTS, MODEL_GRANTS, PLATFORM_GRANTS, WORKSPACE_GRANTS, caller_ids
from modelkeep.registry.guards import NAMED_PLATFORM
from modelkeep.registry.platform_rules import check_location, check_mlflow_name, check_platform_key, check_retention
from modelkeep.registry.workspaces import add_default_workspace
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, model_versions, platforms, registered_models, workspaces
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.removal import count_experiments, remove_artifacts_of_platform

DEFAULT_PLATFORM = "default"
KIND = "platform"

_p, _m, _v, _w = platforms.c, registered_models.c, model_versions.c, workspaces.c
_COLUMNS = (
    _p.key,
    _p.description,
    _p.default_artifact_root,
    _p.trace_archival_location,
    _p.trace_archival_retention,
    _p.id,
    _p.revision,
)
_ALL = Query(sa.select(*_COLUMNS).order_by(_p.key))
# Those on which the caller was granted anything, or on anything in which it was.
_SEEN = Query(
    sa.select(*_COLUMNS)
    .where(
        _p.id.in_(
            sa.union(
                PLATFORM_GRANTS.resources(),
                sa.select(_w.platform_id).where(_w.id.in_(WORKSPACE_GRANTS.resources())),
                sa.select(_m.platform_id).where(_m.id.in_(MODEL_GRANTS.resources())),
                sa.select(_w.platform_id)
                .join_from(experiments, workspaces, _w.id == experiments.c.workspace_id)
                .where(experiments.c.id.in_(EXPERIMENT_GRANTS.resources())),
            )
        )
    )
    .order_by(_p.key)
)
_GET = Query(sa.select(*_COLUMNS).where(_p.key == sa.bindparam("name")))
_INSERT = Query(
    sa.insert(platforms)
    .values(
        {column: sa.bindparam(column) for column in ("key", "created_at", "created_by", "description")}
        | {column.name: sa.bindparam(column.name) for column in _COLUMNS[2:5]}
        | {"updated_at": sa.bindparam("created_at"), "revision": 1}
    )
    .returning(_p.id)
)
_UPDATE = Query(
    sa.update(platforms)
    .where(_p.id == sa.bindparam("platform"))
    .values(
        {
            column.name: sa.func.coalesce(sa.bindparam(f"_{column.name}", type_=sa.Text), column)
            for column in _COLUMNS[1:5]
        }
        | {"updated_at": sa.bindparam("now"), "revision": _p.revision + 1}
    )
)
_DELETE = Query(sa.delete(platforms).where(_p.id == sa.bindparam("platform")))
_OF_PLATFORM = _m.platform_id == sa.bindparam("platform")
_COUNT_MODELS = Query(sa.select(sa.func.count()).where(_OF_PLATFORM))
_CLASHES = Query(
    sa.select(_m.name)
    .where(_OF_PLATFORM)
    .where(_m.name.in_(sa.select(_m.name).where(_m.platform_id == sa.bindparam("to"))))
    .order_by(_m.name)
    .limit(20)
)
_MOVE_MODELS = Query(sa.update(registered_models).where(_OF_PLATFORM).values(platform_id=sa.bindparam("to")))
_MOVE_VERSIONS = Query(
    sa.update(model_versions).where(_v.platform_id == sa.bindparam("platform")).values(platform_id=sa.bindparam("to"))
)


class TraceArchivalConfig(msgspec.Struct, omit_defaults=True):
    """Where traces are archived and after how long, such as `30d`. Kept for clients; no trace is kept here."""

    location: str | None = None
    retention: str | None = None


class MlflowWorkspace(msgspec.Struct, omit_defaults=True):
    """An MLflow workspace."""

    name: str
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: TraceArchivalConfig | None = None


class MlflowWorkspaceAnswer(msgspec.Struct):
    """One MLflow workspace."""

    workspace: MlflowWorkspace


class MlflowWorkspaceList(msgspec.Struct):
    """All of them."""

    workspaces: list[MlflowWorkspace]


@operation("mlflow/workspaces", needs=Permission.READ, on=VISIBLE, reach=Reach.SERVER, scans=True)
def list_mlflow_workspaces(tx: Transaction, scope: Scope, request: Empty) -> MlflowWorkspaceList:
    """List the workspaces that the caller may see, by name."""
    return MlflowWorkspaceList([_from_row(row) for row in _visible(tx, scope)])


@operation(
    "mlflow/workspaces", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, status=201
)
def create_mlflow_workspace(tx: Transaction, scope: Scope, request: MlflowWorkspace) -> MlflowWorkspaceAnswer:
    """Create a workspace: a platform with one workspace in it, `default`."""
    check_mlflow_name(request.name)
    if request.name == DEFAULT_PLATFORM:
        raise invalid_parameter("name", f"'{DEFAULT_PLATFORM}' is reserved and cannot be created.")
    return MlflowWorkspaceAnswer(_create(tx, scope, request))


class WorkspaceName(msgspec.Struct):
    """Which workspace."""

    workspace_name: str


@operation("mlflow/workspaces/{workspace_name}", needs=Permission.READ, on=NAMED_PLATFORM, reach=Reach.SERVER)
def get_mlflow_workspace(tx: Transaction, scope: Scope, request: WorkspaceName) -> MlflowWorkspaceAnswer:
    """Get a workspace by its name."""
    return MlflowWorkspaceAnswer(_load(tx, request.workspace_name))


class UpdateMlflowWorkspace(WorkspaceName):
    """What is absent stays as it is; "" takes away."""

    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: TraceArchivalConfig | None = None


@operation(
    "mlflow/workspaces/{workspace_name}",
    verb="PATCH",
    writes=True,
    needs=Permission.ADMIN,
    on=NAMED_PLATFORM,
    reach=Reach.SERVER,
)
def update_mlflow_workspace(tx: Transaction, scope: Scope, request: UpdateMlflowWorkspace) -> MlflowWorkspaceAnswer:
    """Change a workspace's description or its places for artifacts and traces."""
    changed = MlflowWorkspace(
        request.workspace_name,
        request.description,
        request.default_artifact_root,
        request.trace_archival_config,
    )
    places = _places(scope, changed)
    if all(place is None for place in places):
        raise invalid_parameter("body", "an update must have at least one key to change.")
    platform = _locate(tx, request.workspace_name)
    named = {f"_{column.name}": value for column, value in zip(_COLUMNS[1:5], places, strict=True)}
    tx.run(_UPDATE, platform=platform, now=scope.now, **named)
    return MlflowWorkspaceAnswer(_load(tx, request.workspace_name))


class DeletionMode(Enum):
    """What becomes of a workspace's models."""

    RESTRICT = "RESTRICT"
    CASCADE = "CASCADE"
    SET_DEFAULT = "SET_DEFAULT"


class DeleteMlflowWorkspace(WorkspaceName):
    """RESTRICT refuses while models or experiments are left, CASCADE deletes them.

    SET_DEFAULT moves the models to `default`, but not experiments: their artifacts would have to move with them.
    """

    mode: DeletionMode = DeletionMode.RESTRICT


@operation(
    "mlflow/workspaces/{workspace_name}",
    verb="DELETE",
    writes=True,
    needs=Permission.ADMIN,
    on=NAMED_PLATFORM,
    reach=Reach.SERVER,
    status=204,
)
def delete_mlflow_workspace(tx: Transaction, scope: Scope, request: DeleteMlflowWorkspace) -> Empty:
    """Delete a workspace, and what is in it as the mode says."""
    name = request.workspace_name
    if name == DEFAULT_PLATFORM:
        raise invalid_parameter("workspace_name", f"'{DEFAULT_PLATFORM}' is reserved and cannot be deleted.")
    platform = _locate(tx, name)
    if request.mode is not DeletionMode.CASCADE and (experiments := count_experiments(tx, platform)):
        raise _not_deletable(name, f"it still has {experiments} experiments, and only CASCADE deletes these.")
    if request.mode is DeletionMode.RESTRICT:
        left = tx.one(_COUNT_MODELS, platform=platform)
        if left and left[0]:
            raise _not_deletable(name, f"it still has {left[0]} registered models.")
    elif request.mode is DeletionMode.SET_DEFAULT:
        _move_to_default(tx, scope, name, platform)
    remove_artifacts_of_platform(tx, platform, scope.now)
    tx.run(_DELETE, platform=platform)
    # With it go the grants on it and on what was in it.
    note_identity_change(tx)
    tx.about(KIND, str(platform), "")
    return Empty()


def _move_to_default(tx: Transaction, scope: Scope, name: str, platform: int) -> None:
    default = _locate(tx, DEFAULT_PLATFORM)
    if min(load_access(tx, scope.principal, default).platform, scope.principal.ceiling) < Permission.MANAGE:
        deed = f"move registered models to '{DEFAULT_PLATFORM}'"
        raise not_authorized(scope.principal.name, deed, f"MANAGE on the platform '{DEFAULT_PLATFORM}'")
    if clashes := [row[0] for row in tx.all(_CLASHES, platform=platform, to=default)]:
        raise _not_deletable(name, f"'{DEFAULT_PLATFORM}' has models of these names already: {clashes}.")
    tx.run(_MOVE_VERSIONS, platform=platform, to=default)
    tx.run(_MOVE_MODELS, platform=platform, to=default)


def _not_deletable(name: str, problem: str) -> ApiError:
    return ApiError(ErrorKind.INCORRECT_STATE, f"Workspace '{name}' cannot be deleted: {problem}")


class CreatePlatform(msgspec.Struct):
    """`id` is the `aiDataPlatformId` of paths: 1 to 500 characters, an OCID or any name."""

    id: str
    description: str | None = None


class Platform(msgspec.Struct):
    """A platform."""

    id: str
    description: str


class PlatformCollection(msgspec.Struct):
    """All platforms."""

    items: list[Platform]


@operation("aiDataPlatforms", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def create_platform(tx: Transaction, scope: Scope, request: CreatePlatform) -> Platform:
    """Create a platform, with one workspace in it, `default`. Oracle's SDK has no such operation."""
    check_platform_key(request.id, "id")
    created = _create(tx, scope, MlflowWorkspace(request.id, request.description))
    return Platform(created.name, created.description or "")


@operation("aiDataPlatforms", needs=Permission.READ, on=VISIBLE, reach=Reach.SERVER, scans=True)
def list_platforms(tx: Transaction, scope: Scope, request: Empty) -> PlatformCollection:
    """List the platforms that the caller may see, by id."""
    return PlatformCollection([Platform(row[0], row[1]) for row in _visible(tx, scope)])


def _visible(tx: Transaction, scope: Scope) -> list[Row]:
    """The rows of the platforms on which the caller may see anything, as far as its credential reaches."""
    principal = scope.principal
    rows = tx.all(_ALL) if principal.administrator else tx.all(_SEEN, **caller_ids(scope))
    return [row for row in rows if principal.only_platform in (None, row[-2])]


def _places(scope: Scope, workspace: MlflowWorkspace) -> tuple[str | None, str | None, str | None, str | None]:
    """Description, artifact root, archive location and retention, checked; None where not given."""
    archive = workspace.trace_archival_config or TraceArchivalConfig()
    check_length("description", workspace.description or "", scope.limits.description_length)
    check_location("default_artifact_root", workspace.default_artifact_root)
    check_location("trace_archival_config.location", archive.location)
    check_retention("trace_archival_config.retention", archive.retention)
    return workspace.description, workspace.default_artifact_root, archive.location, archive.retention


def _create(tx: Transaction, scope: Scope, workspace: MlflowWorkspace) -> MlflowWorkspace:
    description, root, location, retention = _places(scope, workspace)
    try:
        row = tx.one(
            _INSERT,
            key=workspace.name,
            description=description or "",
            default_artifact_root=root or "",
            trace_archival_location=location or "",
            trace_archival_retention=retention or "",
            created_at=scope.now,
            created_by=scope.principal.name,
        )
    except UniqueViolation:
        raise ApiError(ErrorKind.ALREADY_EXISTS, f"Workspace '{workspace.name}' already exists.") from None
    platform = row[0] if row else 0
    if PLATFORM_GRANTS.give_creator(tx, scope, platform):
        note_identity_change(tx)
    add_default_workspace(tx, scope, platform)
    return _load(tx, workspace.name)


def _locate(tx: Transaction, name: str) -> int:
    row = tx.one(_GET, name=name)
    if row is None:
        raise _not_found(name)
    tx.expect(platform_etag(row[-2], row[-1]))
    platform: int = row[-2]
    return platform


def _load(tx: Transaction, name: str) -> MlflowWorkspace:
    row = tx.one(_GET, name=name)
    if row is None:
        raise _not_found(name)
    tx.about(KIND, str(row[-2]), platform_etag(row[-2], row[-1]))
    return _from_row(row)


def _not_found(name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Workspace '{name[:80]}' not found")


def _from_row(row: tuple[str, ...]) -> MlflowWorkspace:
    name, description, root, location, retention, *_ = row
    archive = TraceArchivalConfig(location or None, retention or None) if location or retention else None
    return MlflowWorkspace(name, description or None, root or None, archive)


def platform_etag(platform: int, revision: int) -> str:
    return f'"p{platform}.{revision}"'


_REVISION = Query(sa.select(_p.revision).where(_p.id == sa.bindparam("platform")))


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the platform with this row id has now, "" where it is gone."""
    row = tx.one(_REVISION, platform=int(key))
    return platform_etag(int(key), row[0]) if row else ""


def ensure_default_platform(tx: Transaction, scope: Scope) -> None:
    """A new database has one platform, `default`: the one that MLflow's clients reach without saying so."""
    if tx.one(_GET, name=DEFAULT_PLATFORM) is None:
        _create(tx, scope, MlflowWorkspace(DEFAULT_PLATFORM))
