"""Registered models, their versions and aliases from an MLflow database."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa

from modelkeep.importing.mlflow_tables import MlflowTables, Part
from modelkeep.importing.records import Alias, Model, Version, record
from modelkeep.importing.server_records import model_in
from modelkeep.importing.source import Batch
from modelkeep.storage.transaction import Row

_AT_ONCE = 1_000
# MLflow keeps a deleted version as a row of this stage: its number is not used again.
_DELETED = "Deleted_Internal"


def models(tables: MlflowTables, after: str) -> Iterator[Batch[Model]]:
    """By name."""
    part, versions_part = tables.part("registered_models"), tables.part("model_versions")
    if not part.exists:
        return
    name = part["name"]
    of_model = versions_part["name"] == name
    last = (
        sa.select(sa.func.coalesce(sa.func.max(versions_part["version"]), 0))
        .where(of_model, *tables.here(versions_part))
        .correlate(part.table)
        .scalar_subquery()
    )
    created = part.get("creation_time", 0)
    columns = [
        name,
        part.get("description", ""),
        created,
        sa.func.coalesce(part["last_updated_time"], created),
        sa.literal(""),
        last,
    ]
    statement = _tagged(tables, part, tables.part("registered_model_tags"), ["name"], columns)
    statement = statement.where(name > after, *tables.here(part)).order_by(name)
    for rows in _grouped(tables, statement, keys=1):
        yield Batch(rows[-1][0][0], [record(Model, *row, tags) for row, tags in rows])


def versions(tables: MlflowTables, after: str) -> Iterator[Batch[Version]]:
    """By model and number. A position is the JSON of both."""
    part = tables.part("model_versions")
    if not part.exists:
        return
    name, number = part["name"], part["version"]
    created, source = part.get("creation_time", 0), part.get("source", "")
    columns = [
        name,
        number,
        created,
        sa.func.coalesce(part["last_updated_time"], created),
        part.get("user_id", ""),
        part.get("current_stage", "None"),
        part.get("description", ""),
        source,
        sa.func.coalesce(part.get("storage_location"), source),
        part.get("run_id", ""),
        part.get("run_link", ""),
    ]
    statement = _tagged(tables, part, tables.part("model_version_tags"), ["name", "version"], columns)
    statement = statement.where(part.get("current_stage", "None") != _DELETED, *tables.here(part))
    if after:
        of, last = msgspec.json.decode(after, type=tuple[str, int])
        statement = statement.where(sa.or_(name > of, sa.and_(name == of, number > last)))
    for rows in _grouped(tables, statement.order_by(name, number), keys=2):
        records = [record(Version, *row, model_in(row[7]), tags) for row, tags in rows]
        yield Batch(msgspec.json.encode(rows[-1][0][:2]).decode(), records)


def aliases(tables: MlflowTables, after: str) -> Iterator[Batch[Alias]]:
    """By model."""
    part, of = tables.part("registered_model_aliases"), tables.part("model_versions")
    if not part.exists:
        return
    there = sa.select(sa.literal(1)).where(
        of["name"] == part["name"],
        of["version"] == part["version"],
        of.get("current_stage", "None") != _DELETED,
        *tables.here(of),
    )
    statement = sa.select(part["name"], part["alias"], part["version"]).where(*tables.here(part), there.exists())
    for rows in tables.rows(statement.order_by(part["name"], part["alias"]), _AT_ONCE):
        yield Batch("", [Alias(*row) for row in rows])


def _tagged(
    tables: MlflowTables, part: Part, tags: Part, keys: list[str], columns: list[sa.ColumnElement[Any]]
) -> sa.Select[Any]:
    """A row for each tag, and one for what has none."""
    if not tags.exists:
        return sa.select(*columns, sa.null(), sa.null())
    same = [tags[key] == part[key] for key in keys]
    if part.has("workspace"):
        same.append(tags["workspace"] == part["workspace"])
    joined = sa.outerjoin(part.table, tags.table, sa.and_(*same))
    return sa.select(*columns, tags["key"], tags.get("value", "")).select_from(joined)


def _grouped(
    tables: MlflowTables, statement: sa.Select[Any], keys: int
) -> Iterator[list[tuple[Row, list[tuple[str, str]]]]]:
    rows = (row for part in tables.rows(statement, _AT_ONCE) for row in part)
    together: list[tuple[Row, list[tuple[str, str]]]] = []
    for _, same in groupby(rows, key=lambda row: row[:keys]):
        of_one = list(same)
        together.append((of_one[0][:-2], [(row[-2], row[-1]) for row in of_one if row[-2] is not None]))
        if len(together) == _AT_ONCE:
            yield together
            together = []
    if together:
        yield together
