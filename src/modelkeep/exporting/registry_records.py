"""Registered models, versions and aliases of a platform as records, by name.

`home` narrows them to what came from one workspace: models that were made in it, versions that came from it with their
models, and the aliases of these versions.
"""

from collections.abc import Callable, Iterator
from operator import itemgetter

import sqlalchemy as sa

from modelkeep.exporting.paging import Owned, pages
from modelkeep.exporting.tracking_records import of_owners, owners_of, pairs
from modelkeep.importing.records import Alias, Model, Pair, Version, record
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    model_version_tags,
    model_versions,
    registered_model_aliases,
    registered_model_tags,
    registered_models,
    workspaces,
)
from modelkeep.storage.transaction import Row, Transaction

_AT_ONCE = 200
_VERSIONS_AT_ONCE = 1_000
_m, _v, _a, _t = registered_models.c, model_versions.c, registered_model_aliases.c, model_version_tags.c
_OWNERS = one_of("owners", numbers=True)
# Absent where all are wanted.
_HOME: sa.BindParameter[int | None] = sa.bindparam("home", type_=sa.BigInteger)
_FROM_HOME = sa.or_(sa.cast(_HOME, sa.BigInteger).is_(None), _v.workspace_id == _HOME)
_MODELS = Query(
    sa.select(
        _m.name,
        _m.description,
        _m.created_at,
        _m.updated_at,
        _m.deployment_job_id,
        _m.last_version,
        _m.user_id,
        _m.workspace_id,
        _m.revision,
        _m.id,
    )
    .where(
        _m.platform_id == sa.bindparam("platform"),
        _m.name > sa.bindparam("after", type_=_m.name.type),
        sa.or_(
            sa.cast(_HOME, sa.BigInteger).is_(None),
            _m.workspace_id == _HOME,
            sa.exists().where(_v.model_id == _m.id, _v.workspace_id == _HOME),
        ),
    )
    .order_by(_m.name)
    .limit(_AT_ONCE)
)
_MODEL_TAGS = of_owners(registered_model_tags, "model_id", "key", "value")
_VERSION = sa.select(
    _v.model_id,
    _v.version,
    _v.name,
    _v.created_at,
    _v.updated_at,
    _v.user_id,
    _v.stage,
    _v.description,
    _v.source,
    _v.storage_location,
    _v.run_id,
    _v.run_link,
    _v.logged_model_id,
    _v.workspace_id,
    _v.revision,
)
_VERSION_TAGS = Query(
    sa.select(_t.model_id, _t.version, _t.key, _t.value)
    .where(
        _t.model_id.in_(_OWNERS),
        _t.version.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(_t.model_id, _t.version, _t.key)
)
_ALIASES = Query(
    sa.select(_m.name, _a.alias, _a.version)
    .join_from(registered_model_aliases, registered_models, _m.id == _a.model_id)
    .join(model_versions, sa.and_(_v.model_id == _a.model_id, _v.version == _a.version))
    .where(_a.model_id.in_(_OWNERS), _FROM_HOME)
    .order_by(_m.name, _a.alias)
)
_WORKSPACES = Query(
    sa.select(workspaces.c.id, workspaces.c.key).where(workspaces.c.platform_id == sa.bindparam("platform"))
)
_OF_MODELS = Owned(
    Query(_VERSION.where(_v.model_id.in_(_OWNERS)).limit(_VERSIONS_AT_ONCE + 1)),
    Query(
        _VERSION.where(_v.model_id == sa.bindparam("owner"), _v.version > sa.bindparam("version"))
        .order_by(_v.version)
        .limit(_VERSIONS_AT_ONCE)
    ),
    ("version",),
    (0,),
    _VERSIONS_AT_ONCE,
)


def models(tx: Transaction, platform: int, home: int | None) -> Iterator[list[Model]]:
    """By name."""
    keys = _workspaces(tx, platform)
    for rows in _pages_of_models(tx, platform, home):
        tags = pairs(tx, _MODEL_TAGS, rows)
        yield [
            record(Model, *values, tags.get(row, []), user, keys.get(home_of, ""), revision)
            for *values, user, home_of, revision, row in rows
        ]


def versions(tx: Transaction, platform: int, home: int | None) -> Iterator[list[Version]]:
    """By model and number."""
    keys = _workspaces(tx, platform)
    for models_page in _pages_of_models(tx, platform, home):
        for found in _OF_MODELS.read(tx, [row[-1] for row in models_page]):
            rows = [row for row in found if home in (None, row[-2])]
            if rows:
                tags = _tags(tx, rows)
                yield [
                    record(
                        Version, name, number, *values, tags.get((model, number), []), keys.get(workspace, ""), revision
                    )
                    for model, number, name, *values, workspace, revision in rows
                ]


def aliases(tx: Transaction, platform: int, home: int | None) -> Iterator[list[Alias]]:
    """By model and name."""
    for rows in _pages_of_models(tx, platform, home):
        yield [Alias(*row) for row in tx.all(_ALIASES, owners=owners_of(rows), home=home)]


def _pages_of_models(tx: Transaction, platform: int, home: int | None) -> Iterator[list[Row]]:
    position: Callable[[Row], str] = itemgetter(0)
    return pages(tx, _MODELS, "", position, platform=platform, home=home)


def _workspaces(tx: Transaction, platform: int) -> dict[int | None, str]:
    """Their keys by row id."""
    return dict(tx.all(_WORKSPACES, platform=platform))


def _tags(tx: Transaction, rows: list[Row]) -> dict[tuple[int, int], list[Pair]]:
    numbers = [row[1] for row in rows]
    owners = json_array(sorted({row[0] for row in rows}))
    found: dict[tuple[int, int], list[Pair]] = {}
    for model, number, *tag in tx.all(_VERSION_TAGS, owners=owners, first=min(numbers), last=max(numbers)):
        found.setdefault((model, number), []).append((tag[0], tag[1]))
    return found
