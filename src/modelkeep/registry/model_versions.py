"""Model versions: create, get, update, delete, and where their artifacts are.

A version belongs to a registered model of the platform and remembers the workspace that it came from. Its number
is one more than the last that the model ever had, so none is used twice.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import model_version_not_found, registered_model_not_found
from modelkeep.core.fields import Tag, Timestamp, check_length, check_tags
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import WATCHED, announce, of_created_version
from modelkeep.registry.guards import MODEL, VERSION
from modelkeep.registry.rules import check_model_name, is_prompt, version_number
from modelkeep.registry.sources import resolve_origin
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.expressions import json_values
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    model_version_tags,
    model_versions,
    registered_model_aliases,
    registered_models,
)
from modelkeep.storage.tag_table import TagTable, pairs
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.model_metrics import ModelMetric
from modelkeep.tracking.origin_data import ModelParam
from modelkeep.tracking.origins import Named, link_version, logged_of

KIND = "model_version"


class DeploymentJobState(msgspec.Struct, frozen=True):
    """The deployment job of a version. This server runs none."""

    job_id: str = ""
    run_id: str = ""
    job_state: str = "NOT_SET_UP"
    run_state: str = "NO_VALID_DEPLOYMENT_JOB_FOUND"
    current_task_name: str = ""


class ModelVersion(msgspec.Struct):
    """A version of a registered model, as both dialects answer it."""

    name: str
    version: str
    creation_timestamp: Timestamp
    last_updated_timestamp: Timestamp
    user_id: str
    current_stage: str
    description: str
    source: str
    run_id: str
    run_link: str
    model_id: str
    tags: list[Tag]
    aliases: list[str]
    status: str = "READY"
    status_message: str = ""
    model_metrics: list[ModelMetric] = []
    model_params: list[ModelParam] = []
    deployment_job_state: DeploymentJobState = DeploymentJobState()


class ModelVersionAnswer(msgspec.Struct):
    """One model version."""

    model_version: ModelVersion


class NamedVersion(msgspec.Struct):
    """Which version: its model's name and its number."""

    name: str
    version: str


_v, _m, _t, _a = model_versions.c, registered_models.c, model_version_tags.c, registered_model_aliases.c

_TAGS = pairs(model_version_tags, _t.model_id == _v.model_id, _t.version == _v.version)
_ALIASES = (
    sa.select(json_values(_a.alias))
    .where(_a.model_id == _v.model_id, _a.version == _v.version)
    .correlate(model_versions)
    .scalar_subquery()
)
COLUMNS = (
    _v.name,
    _v.version,
    _v.created_at,
    _v.updated_at,
    _v.user_id,
    _v.stage,
    _v.description,
    _v.source,
    _v.run_id,
    _v.run_link,
    _v.logged_model_id,
    _TAGS,
    _ALIASES,
    _v.workspace_id,
)
"""What `versions_from` reads, in its order."""
_WORKSPACE = COLUMNS.index(_v.workspace_id)

_tags_of = msgspec.json.Decoder(list[Tag]).decode
_aliases_of = msgspec.json.Decoder(list[str]).decode

_NAMED = (_m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name"))
_OF_MODEL = sa.join(registered_models, model_versions, _v.model_id == _m.id)
_GET = Query(
    sa.select(*COLUMNS, _v.model_id, _v.revision)
    .select_from(_OF_MODEL)
    .where(*_NAMED, _v.version == sa.bindparam("version"))
)
_naming = registered_model_aliases.alias("naming")
_GET_BY_ALIAS = Query(
    sa.select(*COLUMNS, _v.model_id, _v.revision)
    .select_from(_OF_MODEL.join(_naming, sa.and_(_naming.c.model_id == _v.model_id, _naming.c.version == _v.version)))
    .where(*_NAMED, _naming.c.model_id == _m.id, _naming.c.alias == sa.bindparam("alias"))
)
_LOCATE = Query(
    sa.select(_v.model_id, _v.revision, _m.is_prompt, WATCHED)
    .select_from(_OF_MODEL)
    .where(*_NAMED, _v.version == sa.bindparam("version"))
    .with_for_update(of=(registered_models, model_versions))
)
_DOWNLOAD_URI = Query(
    sa.select(_v.storage_location).select_from(_OF_MODEL).where(*_NAMED, _v.version == sa.bindparam("version"))
)
_by = sa.bindparam("by", type_=sa.BigInteger)
_VERSIONS = Counter(
    Query(
        sa.update(registered_models)
        .where(*_NAMED)
        .values(last_version=_m.last_version + 1, revision=_m.revision + 1, updated_at=sa.bindparam("now"))
        .returning(_m.id, _m.last_version, _m.is_prompt, WATCHED)
    ),
    Query(
        sa.update(registered_models)
        .where(_m.id == sa.bindparam("row"))
        .values(last_version=_m.last_version + _by, revision=_m.revision + _by, updated_at=sa.bindparam("now"))
    ),
    "platform",
    "name",
)
_INSERT = BulkInsert(model_versions, [column.name for column in model_versions.columns])
_SET_TAGS = TagTable(model_version_tags, "model_id", "version")
_ONE = (_v.model_id == sa.bindparam("model"), _v.version == sa.bindparam("number"))
_DESCRIBE = Query(
    sa.update(model_versions)
    .where(*_ONE)
    .values(description=sa.bindparam("text"), updated_at=sa.bindparam("now"), revision=_v.revision + 1)
)
_DELETE = Query(sa.delete(model_versions).where(*_ONE))
_TOUCH = Query(sa.update(model_versions).where(*_ONE).values(revision=_v.revision + 1))
_TOUCH_MODEL = Query(
    sa.update(registered_models)
    .where(_m.id == sa.bindparam("model"))
    .values(
        revision=_m.revision + 1,
        updated_at=sa.func.coalesce(sa.bindparam("now", type_=sa.BigInteger), _m.updated_at),
    )
)


class CreateModelVersion(msgspec.Struct):
    """`run_id` and `model_id` name what made the version; they may be of another server."""

    name: str
    source: str
    run_id: str | None = None
    tags: list[Tag] | None = None
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


@operation("mlflow/model-versions/create", verb="POST", writes=True, needs=Permission.MANAGE, on=MODEL)
def create_model_version(tx: Transaction, scope: Scope, request: CreateModelVersion) -> ModelVersionAnswer:
    """Create the next version of a registered model.

    The source must not lead out of the artifacts of the run or logged model that it names. The version is READY
    at once.
    """
    limits, tags = scope.limits, request.tags or []
    description, run_link = request.description or "", request.run_link or ""
    check_model_name(request.name, limits)
    check_tags(tags, limits)
    check_length("description", description, limits.description_length)
    check_length("run_link", run_link, limits.source_length)
    prompt = is_prompt(tags)
    origin = resolve_origin(tx, scope, request.source, request.run_id, request.model_id, prompt=prompt)

    counted = tx.next_number(_VERSIONS, platform=scope.platform, name=request.name, now=scope.now)
    if counted is None:
        raise registered_model_not_found(request.name)
    model, number, of_prompt, watched = counted
    row = (
        *(model, number, scope.platform, request.name, origin.workspace, scope.now, scope.now, scope.principal.name),
        *("None", description, origin.source, origin.location, origin.run_id, run_link, origin.model_id),
        *(int(prompt or of_prompt), 1),
    )
    tx.insert(_INSERT, [row])
    if tags:
        _SET_TAGS.put(tx, tags, model, number)
    if origin.model_id and origin.workspace == scope.workspace and not prompt:
        link_version(tx, scope, origin.model_id, request.name, number)
    if watched:
        event, data = of_created_version(
            request.name, number, origin.source, origin.run_id, tags, description, prompt=prompt
        )
        announce(tx, scope, event, model, data)
    tx.about(KIND, identity(model, number), etag(model, number, 1))
    logged = logged_of(tx, [Named(origin.workspace, origin.model_id, origin.run_id)])[0]
    return ModelVersionAnswer(
        ModelVersion(
            name=request.name,
            version=str(number),
            creation_timestamp=scope.now,
            last_updated_timestamp=scope.now,
            user_id=scope.principal.name,
            current_stage="None",
            description=description,
            source=origin.source,
            run_id=origin.run_id,
            run_link=run_link,
            model_id=origin.model_id,
            tags=sorted(tags, key=lambda tag: tag.key),
            aliases=[],
            model_metrics=logged.metrics,
            model_params=logged.params,
        )
    )


@operation("mlflow/model-versions/get", needs=Permission.READ, on=VERSION)
def get_model_version(tx: Transaction, scope: Scope, request: NamedVersion) -> ModelVersionAnswer:
    """Get one version by its model's name and its number."""
    check_model_name(request.name, scope.limits)
    return ModelVersionAnswer(load_model_version(tx, scope, request.name, version_number(*_key(request))))


class UpdateModelVersion(NamedVersion):
    """What is absent stays as it is."""

    description: str | None = None


@operation("mlflow/model-versions/update", verb="PATCH", writes=True, needs=Permission.MANAGE, on=VERSION)
def update_model_version(tx: Transaction, scope: Scope, request: UpdateModelVersion) -> ModelVersionAnswer:
    """Change the description of a version."""
    check_length("description", request.description or "", scope.limits.description_length)
    model, number, *_ = locate_model_version(tx, scope, request.name, request.version)
    if request.description is not None:
        tx.run(_DESCRIBE, model=model, number=number, text=request.description, now=scope.now)
        tx.run(_TOUCH_MODEL, model=model, now=None)
    return ModelVersionAnswer(load_model_version(tx, scope, request.name, number))


@operation("mlflow/model-versions/delete", verb="DELETE", writes=True, needs=Permission.MANAGE, on=VERSION)
def delete_model_version(tx: Transaction, scope: Scope, request: NamedVersion) -> Empty:
    """Delete a version, its tags and the aliases that point to it. Its number is not used again."""
    model, number, *_ = locate_model_version(tx, scope, request.name, request.version)
    tx.run(_DELETE, model=model, number=number)
    tx.run(_TOUCH_MODEL, model=model, now=scope.now)
    tx.about(KIND, identity(model, number), "")
    return Empty()


class DownloadUri(msgspec.Struct):
    """Where the artifacts of a version are."""

    artifact_uri: str


@operation("mlflow/model-versions/get-download-uri", needs=Permission.READ, on=VERSION)
def get_model_version_download_uri(tx: Transaction, scope: Scope, request: NamedVersion) -> DownloadUri:
    """Get the URI that a version's artifacts are read from."""
    check_model_name(request.name, scope.limits)
    number = version_number(*_key(request))
    row = tx.one(_DOWNLOAD_URI, platform=scope.platform, name=request.name, version=number)
    if row is None:
        raise model_version_not_found(request.name, number)
    return DownloadUri(row[0])


def versions_from(tx: Transaction, rows: Sequence[Row]) -> list[ModelVersion]:
    """Rows that start with `COLUMNS`, with what was logged to the runs or logged models behind them."""
    versions = [_from_row(row) for row in rows]
    if any(version.run_id or version.model_id for version in versions):
        named = [
            Named(row[_WORKSPACE], version.model_id, version.run_id)
            for row, version in zip(rows, versions, strict=True)
        ]
        for version, logged in zip(versions, logged_of(tx, named), strict=True):
            version.model_metrics, version.model_params = logged
    return versions


def _from_row(row: Row) -> ModelVersion:
    name, number, created, updated, user, stage, description, source, run, link, model, tags, aliases, *_ = row
    return ModelVersion(
        name,
        str(number),
        created,
        updated,
        user,
        stage,
        description,
        source,
        run,
        link,
        model,
        _tags_of(tags),
        sorted(_aliases_of(aliases)),
    )


def load_model_version(tx: Transaction, scope: Scope, name: str, number: int) -> ModelVersion:
    """The version as it stands now; what is answered is about it."""
    row = tx.one(_GET, platform=scope.platform, name=name, version=number)
    if row is None:
        raise model_version_not_found(name, number)
    return _answered(tx, row)


def load_aliased_version(tx: Transaction, scope: Scope, name: str, alias: str) -> ModelVersion | None:
    """The version that an alias of a model names, None where there is no such alias."""
    row = tx.one(_GET_BY_ALIAS, platform=scope.platform, name=name, alias=alias)
    return None if row is None else _answered(tx, row)


def _answered(tx: Transaction, row: Row) -> ModelVersion:
    *_, model, revision = row
    version = versions_from(tx, [row])[0]
    number = int(version.version)
    tx.about(KIND, identity(model, number), etag(model, number, revision))
    return version


class LocatedVersion(NamedTuple):
    """A version that is about to change: its model's row id, its number, and whether webhooks are to be told."""

    model: int
    number: int
    prompt: bool
    watched: bool


def locate_model_version(tx: Transaction, scope: Scope, name: str, version: str) -> LocatedVersion:
    """The version of this model and number, held until the transaction ends, if-match held."""
    check_model_name(name, scope.limits)
    number = version_number(name, version)
    row = tx.one(_LOCATE, platform=scope.platform, name=name, version=number)
    if row is None:
        raise model_version_not_found(name, number)
    model, revision, prompt, watched = row
    tx.expect(etag(model, number, revision))
    return LocatedVersion(model, number, bool(prompt), bool(watched))


def touch_model_version(tx: Transaction, model: int, number: int) -> None:
    """Give a version, and with it its model, a new etag."""
    tx.run(_TOUCH, model=model, number=number)
    tx.run(_TOUCH_MODEL, model=model, now=None)


def identity(model: int, number: int) -> str:
    return f"{model}.{number}"


def etag(model: int, number: int, revision: int) -> str:
    return f'"{model}.{number}.{revision}"'


def _key(request: NamedVersion) -> tuple[str, str]:
    return request.name, request.version


_REVISION = Query(sa.select(_v.revision).where(*_ONE))


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the version with this identity has now, "" where it is gone."""
    model, _, number = key.partition(".")
    row = tx.one(_REVISION, model=int(model), number=int(number))
    return etag(int(model), int(number), row[0]) if row else ""
