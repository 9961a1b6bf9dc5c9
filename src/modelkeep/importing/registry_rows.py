"""Registered models, versions and aliases as rows."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from modelkeep.core.fields import Tag
from modelkeep.importing.journal import Target
from modelkeep.importing.records import Alias, Model, Pair, Version
from modelkeep.importing.tracking_rows import insert_into
from modelkeep.registry.rules import is_prompt
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
from modelkeep.storage.transaction import Transaction

_m, _v, _w = registered_models.c, model_versions.c, workspaces.c
_MODELS = insert_into(registered_models, "id")
_NAMED = Query(
    sa.select(_m.name, _m.id, _m.is_prompt).where(
        _m.platform_id == sa.bindparam("platform"), _m.name.in_(one_of("names"))
    )
)
_COUNT_ON = Query(
    sa.update(registered_models)
    .where(_m.id == sa.bindparam("row"), _m.last_version < sa.bindparam("most", type_=sa.BigInteger))
    .values(last_version=sa.bindparam("most", type_=sa.BigInteger))
)
_MODEL_TAGS = insert_into(registered_model_tags)
_VERSIONS = insert_into(model_versions)
_OF_PLATFORM = Query(
    sa.select(_w.key, _w.id).where(_w.platform_id == sa.bindparam("platform"), _w.key.in_(one_of("keys")))
)
_VERSION_TAGS = insert_into(model_version_tags)
_ALIASES = insert_into(registered_model_aliases)


def write_models(tx: Transaction, target: Target, records: Sequence[Model]) -> None:
    """Registered models. The next version is counted after the last that the source ever had."""
    homes = _workspaces(tx, target, records)
    tx.insert(
        _MODELS,
        [
            (
                target.platform,
                record.name,
                record.description,
                record.job,
                record.user,
                record.created_at,
                record.updated_at,
                record.last_version,
                _prompt(record.tags),
                record.revision,
                target.workspace if record.workspace is None else homes.get(record.workspace),
            )
            for record in records
        ],
    )
    rows = rows_of_models(tx, target, (record.name for record in records))
    for record in records:
        tx.run(_COUNT_ON, row=rows[record.name][0], most=record.last_version)
    tx.insert(
        _MODEL_TAGS, sorted((rows[record.name][0], *tag) for record in records for tag in dict(record.tags).items())
    )


def rows_of_models(tx: Transaction, target: Target, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Row ids of models and whether they are prompts, by name."""
    found = tx.all(_NAMED, platform=target.platform, names=json_array(sorted(set(names))))
    return {name: (row, prompt) for name, row, prompt in found}


def write_versions(tx: Transaction, target: Target, records: Sequence[Version]) -> None:
    """Versions under their numbers. They remember the workspace that they say, or else the one imported into."""
    homes = _workspaces(tx, target, records)
    rows = rows_of_models(tx, target, (record.model for record in records))
    kept = [(*rows[record.model], record) for record in records if record.model in rows]
    tx.insert(
        _VERSIONS,
        [
            (
                model,
                record.number,
                target.platform,
                record.model,
                target.workspace if record.workspace is None else homes.get(record.workspace),
                record.created_at,
                record.updated_at,
                record.user,
                record.stage,
                record.description,
                record.source,
                record.location,
                record.run,
                record.run_link,
                record.logged_model,
                int(bool(prompt or _prompt(record.tags))),
                record.revision,
            )
            for model, prompt, record in kept
        ],
    )
    tx.insert(
        _VERSION_TAGS,
        sorted((model, record.number, *tag) for model, _, record in kept for tag in dict(record.tags).items()),
    )


def _workspaces(tx: Transaction, target: Target, records: Sequence[Model] | Sequence[Version]) -> dict[str, int]:
    """Row ids of the workspaces that the records say, by key."""
    keys = sorted({record.workspace for record in records if record.workspace})
    return dict(tx.all(_OF_PLATFORM, platform=target.platform, keys=json_array(keys))) if keys else {}


def write_aliases(tx: Transaction, target: Target, records: Sequence[Alias]) -> None:
    rows = rows_of_models(tx, target, (record.model for record in records))
    tx.insert(
        _ALIASES,
        sorted((rows[record.model][0], record.name, record.version) for record in records if record.model in rows),
    )


def _prompt(tags: Iterable[Pair]) -> int:
    return int(is_prompt([Tag(*tag) for tag in tags]))
