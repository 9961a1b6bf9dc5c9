"""Where artifacts are said to be: rewritten once they are in the workspace's own root."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import Experiment, LoggedModel, Run, Version
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, logged_models, model_versions, registered_models, runs
from modelkeep.storage.transaction import Transaction

_PROXY = "mlflow-artifacts"
_r, _l, _v, _e, _m = runs.c, logged_models.c, model_versions.c, experiments.c, registered_models.c
_KEYS = one_of("keys")
_OLD: sa.BindParameter[str] = sa.bindparam("old")
_NEW: sa.BindParameter[str] = sa.bindparam("new")


def _found(table: sa.Table, location: sa.Column[str]) -> Query:
    return Query(
        sa.select(table.c.key, location).where(
            table.c.workspace_id == sa.bindparam("workspace"), table.c.key.in_(_KEYS)
        )
    )


_LOCATIONS = {Run: _found(runs, _r.artifact_uri), LoggedModel: _found(logged_models, _l.artifact_location)}
_OF_VERSIONS = Query(
    sa.select(_v.name, _v.version, _v.storage_location)
    .join_from(registered_models, model_versions, _v.model_id == _m.id)
    .where(_m.platform_id == sa.bindparam("platform"), _m.name.in_(_KEYS))
)
_HERE: sa.BindParameter[int] = sa.bindparam("workspace")
_MOVE_RUN = Query(
    sa.update(runs).where(_r.workspace_id == _HERE, _r.key == sa.bindparam("which")).values(artifact_uri=_NEW)
)
_MOVE_MODEL = Query(
    sa.update(logged_models)
    .where(_l.workspace_id == _HERE, _l.key == sa.bindparam("which"))
    .values(artifact_location=_NEW)
)
_MOVE_EXPERIMENT = Query(
    sa.update(experiments)
    .where(_e.workspace_id == _HERE, _e.number == sa.bindparam("which"), _e.artifact_location == _OLD)
    .values(artifact_location=_NEW)
)
_VERSIONS_OF_RUN = Query(
    sa.select(_v.model_id, _v.version, _v.source, _v.storage_location).where(
        _v.platform_id == sa.bindparam("platform"), _v.run_id == sa.bindparam("which"), _v.run_id != ""
    )
)
_VERSION = Query(
    sa.select(_v.model_id, _v.version, _v.source, _v.storage_location)
    .join_from(registered_models, model_versions, _v.model_id == _m.id)
    .where(
        _m.platform_id == sa.bindparam("platform"),
        _m.name == sa.bindparam("which"),
        _v.version == sa.bindparam("number"),
    )
)
_MOVE_VERSION = Query(
    sa.update(model_versions)
    .where(_v.model_id == sa.bindparam("model"), _v.version == sa.bindparam("number"))
    .values(source=sa.bindparam("_source"), storage_location=_NEW)
)


def not_moved(target: Target, records: Sequence[Any], tx: Transaction) -> list[Any]:
    """Those that are here and still say that their artifacts are where the source has them."""
    if not records:
        return []
    if isinstance(records[0], Version):
        names = json_array(sorted({record.model for record in records}))
        found = {
            (name, number): location
            for name, number, location in tx.all(_OF_VERSIONS, platform=target.platform, keys=names)
        }
        # What a run or logged model has moved is no longer where the source says, but for the old server's own places.
        return [
            record
            for record in records
            if found.get((record.model, record.number)) == record.location
            and "/" in record.location
            and urlsplit(record.location).scheme not in (_PROXY, "runs", "models")
        ]
    keys = json_array([record.key for record in records])
    there: dict[str, str] = dict(tx.all(_LOCATIONS[type(records[0])], workspace=target.workspace, keys=keys))
    return [record for record in records if record.key in there and there[record.key] == record.location]


def move_run(tx: Transaction, target: Target, run: Run, new: str) -> None:
    tx.run(_MOVE_RUN, workspace=target.workspace, which=run.key, new=new)
    _move_versions(tx, target, run.key, run.location, new)


def move_logged_model(tx: Transaction, target: Target, model: LoggedModel, new: str) -> None:
    tx.run(_MOVE_MODEL, workspace=target.workspace, which=model.key, new=new)
    _move_versions(tx, target, model.source_run, model.location, new)


def move_version(tx: Transaction, target: Target, version: Version, new: str) -> None:
    for row in tx.all(_VERSION, platform=target.platform, which=version.model, number=version.number):
        _move(tx, row, version.location, new)


def move_experiments(target: Target, records: Sequence[Experiment], tx: Transaction) -> None:
    """New runs of these experiments keep their artifacts here as well."""
    for record in records:
        new = f"{_PROXY}:/{record.number}"
        tx.run(_MOVE_EXPERIMENT, workspace=target.workspace, which=record.number, old=record.location, new=new)


def _move_versions(tx: Transaction, target: Target, run: str, old: str, new: str) -> None:
    for row in tx.all(_VERSIONS_OF_RUN, platform=target.platform, which=run):
        _move(tx, row, old, new)


def _move(tx: Transaction, row: tuple[Any, ...], old: str, new: str) -> None:
    model, number, source, location = row
    moved = _moved(location, old, new)
    if moved != location:
        tx.run(_MOVE_VERSION, model=model, number=number, _source=_moved(source, old, new), new=moved)


def _moved(location: str, old: str, new: str) -> str:
    if location == old or location.startswith(f"{old.rstrip('/')}/"):
        return new + location[len(old.rstrip("/")) :]
    return location
