"""Registered models: create, get, update, rename, delete, and the latest version of each stage.

A model belongs to a platform; all its workspaces see it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import (
    ApiError,
    missing_parameter,
    platform_not_found,
    registered_model_exists,
    registered_model_not_found,
)
from modelkeep.core.fields import Tag, Timestamp, check_length, check_tags
from modelkeep.core.guard import NEW_MODEL
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import MODEL_GRANTS
from modelkeep.registry.events import WATCHED, announce, of_created_model
from modelkeep.registry.guards import MODEL
from modelkeep.registry.model_version_stages import STAGES, StagesOf, canonical_stage
from modelkeep.registry.model_versions import COLUMNS as VERSION_COLUMNS
from modelkeep.registry.model_versions import ModelVersion, versions_from
from modelkeep.registry.rules import check_model_name, is_prompt
from modelkeep.storage.errors import ForeignKeyViolation, UniqueViolation
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    model_versions,
    registered_model_aliases,
    registered_model_tags,
    registered_models,
)
from modelkeep.storage.tag_table import TagTable
from modelkeep.storage.transaction import Row, Transaction

KIND = "registered_model"
_NOT_STAGED = "None"


class RegisteredModelAlias(msgspec.Struct):
    """A name for one version of the model."""

    alias: str
    version: str


class DeploymentSummary(msgspec.Struct, frozen=True):
    """How often the model is deployed. This server deploys nothing."""

    total_deployment: int = 0
    active_deployment: int = 0


class RegisteredModel(msgspec.Struct):
    """A registered model, as both dialects answer it. `latest_versions` has the newest of each stage."""

    name: str
    creation_timestamp: Timestamp
    last_updated_timestamp: Timestamp
    user_id: str
    description: str
    deployment_job_id: str
    tags: list[Tag]
    aliases: list[RegisteredModelAlias]
    latest_versions: list[ModelVersion] = []
    deployment_job_state: str = "NOT_SET_UP"
    deployment_summary: DeploymentSummary | msgspec.UnsetType = DeploymentSummary()


class RegisteredModelAnswer(msgspec.Struct):
    """One registered model."""

    registered_model: RegisteredModel


class NamedModel(msgspec.Struct):
    """Which model, by its name."""

    name: str


_m, _t, _a, _v = (
    registered_models.c,
    registered_model_tags.c,
    registered_model_aliases.c,
    model_versions.c,
)


def _quoted(word: str) -> sa.ColumnClause[str]:
    return sa.literal_column(f"'{word}'")


COLUMNS = (
    _m.name,
    _m.created_at,
    _m.updated_at,
    _m.user_id,
    _m.description,
    _m.deployment_job_id,
    sa.select(json_objects(_quoted("key"), _t.key, _quoted("value"), _t.value))
    .where(_t.model_id == _m.id)
    .correlate(registered_models)
    .scalar_subquery(),
    sa.select(json_objects(_quoted("alias"), _a.alias, _quoted("version"), sa.cast(_a.version, sa.Text)))
    .where(_a.model_id == _m.id)
    .correlate(registered_models)
    .scalar_subquery(),
    _m.id,
    _m.revision,
)
"""What `model_of` reads, in its order; then the row id and the revision."""

_tags_of = msgspec.json.Decoder(list[Tag]).decode
_aliases_of = msgspec.json.Decoder(list[RegisteredModelAlias]).decode

_NAMED = (_m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name"))
_ONE = _m.id == sa.bindparam("model")
_GET = Query(sa.select(*COLUMNS).where(*_NAMED))
_LOCATE = Query(sa.select(_m.id, _m.revision, _m.is_prompt, WATCHED).where(*_NAMED).with_for_update())
_INSERT = Query(
    sa.insert(registered_models)
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in registered_models.columns
            if column.name not in ("id", "updated_at", "last_version", "revision")
        }
        | {"updated_at": sa.bindparam("created_at"), "last_version": 0, "revision": 1}
    )
    .returning(_m.id, WATCHED)
)
_TAGS = TagTable(registered_model_tags, "model_id")
_UPDATE = Query(
    sa.update(registered_models)
    .where(_ONE)
    .values(
        description=sa.func.coalesce(sa.bindparam("text", type_=sa.Text), _m.description),
        deployment_job_id=sa.func.coalesce(sa.bindparam("job", type_=sa.Text), _m.deployment_job_id),
        updated_at=sa.bindparam("now"),
        revision=_m.revision + 1,
    )
)
_RENAME = Query(
    sa.update(registered_models)
    .where(_ONE)
    .values(name=sa.bindparam("new_name"), updated_at=sa.bindparam("now"), revision=_m.revision + 1)
)
_RENAME_VERSIONS = Query(
    sa.update(model_versions)
    .where(_v.model_id == sa.bindparam("model"))
    .values(name=sa.bindparam("new_name"), updated_at=sa.bindparam("now"), revision=_v.revision + 1)
)
_DELETE = Query(sa.delete(registered_models).where(_ONE))


def _newest_in(stage: str) -> sa.ScalarSelect[int]:
    other = model_versions.alias()
    conditions = [other.c.model_id == _m.id, other.c.stage == _quoted(stage)]
    if stage != _NOT_STAGED:
        # Said once more: only so is their index taken, and not every version of a model read for a stage without one.
        conditions.append(other.c.stage != _quoted(_NOT_STAGED))
    return (
        sa.select(other.c.version)
        .where(*conditions)
        .order_by(other.c.version.desc())
        .limit(1)
        .correlate(registered_models)
        .scalar_subquery()
    )


_LATEST = (
    sa.select(*VERSION_COLUMNS, _v.model_id)
    .join_from(
        registered_models,
        model_versions,
        sa.and_(_v.model_id == _m.id, _v.version.in_([_newest_in(stage) for stage in STAGES])),
    )
    .order_by(_v.model_id, _v.version)
)
_LATEST_OF_ONE = Query(_LATEST.where(_ONE))


class CreateRegisteredModel(msgspec.Struct):
    """`deployment_job_id` is kept as given; no deployment job runs here."""

    name: str
    tags: list[Tag] | None = None
    description: str | None = None
    deployment_job_id: str | None = None


@operation("mlflow/registered-models/create", verb="POST", writes=True, needs=Permission.MANAGE, on=NEW_MODEL)
def create_registered_model(tx: Transaction, scope: Scope, request: CreateRegisteredModel) -> RegisteredModelAnswer:
    """Create a registered model. Its versions are created one by one."""
    tags = request.tags or []
    check_model_name(request.name, scope.limits)
    check_tags(tags, scope.limits)
    _check_texts(scope, request.description, request.deployment_job_id)
    prompt = is_prompt(tags)
    try:
        created = tx.one(
            _INSERT,
            platform=scope.platform,
            platform_id=scope.platform,
            name=request.name,
            description=request.description or "",
            deployment_job_id=request.deployment_job_id or "",
            user_id=scope.principal.name,
            created_at=scope.now,
            is_prompt=int(prompt),
            workspace_id=scope.workspace,
        )
    except UniqueViolation:
        raise registered_model_exists(request.name) from None
    except ForeignKeyViolation:
        raise platform_gone(scope) from None
    model, watched = created or (0, False)
    MODEL_GRANTS.give_creator(tx, scope, model)
    if tags:
        _TAGS.put(tx, tags, model)
    if watched:
        event, data = of_created_model(request.name, tags, request.description, prompt=prompt)
        announce(tx, scope, event, model, data)
    return RegisteredModelAnswer(load_registered_model(tx, scope, request.name))


@operation("mlflow/registered-models/get", needs=Permission.READ, on=MODEL)
def get_registered_model(tx: Transaction, scope: Scope, request: NamedModel) -> RegisteredModelAnswer:
    """Get a model by its name, with its tags, aliases and latest versions."""
    check_model_name(request.name, scope.limits)
    return RegisteredModelAnswer(load_registered_model(tx, scope, request.name))


class UpdateRegisteredModel(NamedModel):
    """What is absent stays as it is."""

    description: str | None = None
    deployment_job_id: str | None = None


@operation("mlflow/registered-models/update", verb="PATCH", writes=True, needs=Permission.MANAGE, on=MODEL)
def update_registered_model(tx: Transaction, scope: Scope, request: UpdateRegisteredModel) -> RegisteredModelAnswer:
    """Change a model's description or deployment job."""
    _check_texts(scope, request.description, request.deployment_job_id)
    model = locate_registered_model(tx, scope, request.name).id
    tx.run(_UPDATE, model=model, text=request.description, job=request.deployment_job_id, now=scope.now)
    return RegisteredModelAnswer(load_registered_model(tx, scope, request.name))


class RenameRegisteredModel(NamedModel):
    """The model's present name and its new one."""

    new_name: str


@operation("mlflow/registered-models/rename", verb="POST", writes=True, needs=Permission.MANAGE, on=MODEL)
def rename_registered_model(tx: Transaction, scope: Scope, request: RenameRegisteredModel) -> RegisteredModelAnswer:
    """Give a model, and so all its versions, another name."""
    if not request.new_name.strip():
        raise missing_parameter("new_name")
    check_model_name(request.new_name, scope.limits, "new_name")
    model = locate_registered_model(tx, scope, request.name).id
    try:
        tx.run(_RENAME, model=model, new_name=request.new_name, now=scope.now)
    except UniqueViolation:
        raise registered_model_exists(request.new_name) from None
    tx.run(_RENAME_VERSIONS, model=model, new_name=request.new_name, now=scope.now)
    return RegisteredModelAnswer(load_registered_model(tx, scope, request.new_name))


@operation("mlflow/registered-models/delete", verb="DELETE", writes=True, needs=Permission.MANAGE, on=MODEL)
def delete_registered_model(tx: Transaction, scope: Scope, request: NamedModel) -> Empty:
    """Delete a model with its versions, tags and aliases."""
    model = locate_registered_model(tx, scope, request.name).id
    MODEL_GRANTS.end(tx, model)
    tx.run(_DELETE, model=model)
    tx.about(KIND, str(model), "")
    return Empty()


class LatestVersions(msgspec.Struct):
    """The newest version of each stage asked for."""

    model_versions: list[ModelVersion]


@operation("mlflow/registered-models/get-latest-versions", needs=Permission.READ, on=MODEL)
@operation("mlflow/registered-models/get-latest-versions", verb="POST", needs=Permission.READ, on=MODEL)
def get_latest_versions(tx: Transaction, scope: Scope, request: StagesOf) -> LatestVersions:
    """Get the newest version of each stage."""
    check_model_name(request.name, scope.limits)
    wanted = [canonical_stage(stage, "stages") for stage in request.stages or STAGES]
    model = load_registered_model(tx, scope, request.name)
    tx.subject = None
    return LatestVersions([version for version in model.latest_versions if version.current_stage in wanted])


def _check_texts(scope: Scope, description: str | None, job: str | None) -> None:
    check_length("description", description or "", scope.limits.description_length)
    check_length("deployment_job_id", job or "", scope.limits.source_length)


def model_of(row: Row) -> RegisteredModel:
    """A row that starts with `COLUMNS`, its latest versions still missing."""
    name, created, updated, user, description, job, tags, aliases, *_ = row
    model = RegisteredModel(name, created, updated, user, description, job, _tags_of(tags), _aliases_of(aliases))
    if job:
        # Where its jobs run is not known here, so neither is whether this one is connected.
        model.deployment_job_state = "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED"
    return model


def load_registered_model(tx: Transaction, scope: Scope, name: str) -> RegisteredModel:
    """The model as it stands now; what is answered is about it."""
    tx.several()
    row = tx.one(_GET, platform=scope.platform, name=name)
    if row is None:
        raise registered_model_not_found(name)
    *_, model_id, revision = row
    model = model_of(row)
    model.latest_versions = versions_from(tx, tx.all(_LATEST_OF_ONE, model=model_id))
    tx.about(KIND, str(model_id), etag(model_id, revision))
    return model


def latest_versions_of(tx: Transaction, models: Sequence[int]) -> dict[int, list[ModelVersion]]:
    """The newest version of each stage, for many models in one statement."""
    found: dict[int, list[ModelVersion]] = {model: [] for model in models}
    rows = tx.search(_LATEST.where(_m.id.in_(models))) if models else []
    for row, version in zip(rows, versions_from(tx, rows), strict=True):
        found[row[-1]].append(version)
    return found


class LocatedModel(NamedTuple):
    """A model that is about to change: its row id, and whether its platform has webhooks to be told."""

    id: int
    prompt: bool
    watched: bool


def locate_registered_model(tx: Transaction, scope: Scope, name: str) -> LocatedModel:
    """The model of this name, held until the transaction ends, if-match held."""
    check_model_name(name, scope.limits)
    row = tx.one(_LOCATE, platform=scope.platform, name=name)
    if row is None:
        raise registered_model_not_found(name)
    model, revision, prompt, watched = row
    tx.expect(etag(model, revision))
    tx.about(KIND, str(model), etag(model, revision))
    return LocatedModel(model, bool(prompt), bool(watched))


def platform_gone(scope: Scope) -> ApiError:
    """The platform was deleted between the look-up of the path and this write."""
    return platform_not_found(scope.tenancy.platform_key if scope.tenancy else "")


_TOUCH = Query(sa.update(registered_models).where(_ONE).values(revision=_m.revision + 1).returning(_m.revision))
_REVISION = Query(sa.select(_m.revision).where(_ONE))


def touch_registered_model(tx: Transaction, model: int) -> None:
    """Give a model a new etag; what is answered is about it."""
    row = tx.one(_TOUCH, model=model)
    tx.about(KIND, str(model), etag(model, row[0]) if row else "")


def etag(model: int, revision: int) -> str:
    return f'"{model}.{revision}"'


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the model with this row id has now, "" where it is gone."""
    row = tx.one(_REVISION, model=int(key))
    return etag(int(key), row[0]) if row else ""
