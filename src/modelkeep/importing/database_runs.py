"""Experiments, runs and the history of metrics from an MLflow database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from modelkeep.importing.mlflow_tables import MlflowTables, Part
from modelkeep.importing.records import Experiment, Latest, Pair, Point, ReadDataset, Run, record
from modelkeep.importing.source import LARGE, Batch, PointSum

_RUNS_AT_ONCE = 200
_POINTS_AT_ONCE = 20_000


def experiments(tables: MlflowTables, after: str) -> Iterator[Batch[Experiment]]:
    """By number."""
    part, tags = tables.part("experiments"), tables.part("experiment_tags")
    key = part["experiment_id"]
    statement = sa.select(
        key,
        part["name"],
        part.get("artifact_location", ""),
        part.get("lifecycle_stage", "active"),
        part.get("creation_time", 0),
        part.get("last_update_time", 0),
    ).where(key > int(after or -1), *tables.here(part))
    for rows in tables.rows(statement.order_by(key), 1_000):
        of_each = pairs(tables, tags, "experiment_id", rows[0][0], rows[-1][0])
        yield Batch(str(rows[-1][0]), [record(Experiment, *row, of_each[row[0]]) for row in rows])


def runs(tables: MlflowTables, after: str) -> Iterator[Batch[Run]]:
    """By id."""
    part = tables.part("runs")
    key = part["run_uuid"]
    statement = sa.select(
        key,
        part["experiment_id"],
        part.get("name", ""),
        part.get("user_id", ""),
        part.get("status", "RUNNING"),
        part.get("start_time", 0),
        part.get("end_time"),
        part.get("lifecycle_stage", "active"),
        part.get("deleted_time"),
        part.get("artifact_uri", ""),
    ).where(key > after, *_here(tables, part))
    for rows in tables.rows(statement.order_by(key), _RUNS_AT_ONCE):
        ends = rows[0][0], rows[-1][0]
        params = pairs(tables, tables.part("params"), "run_uuid", *ends)
        tags = pairs(tables, tables.part("tags"), "run_uuid", *ends)
        latest = _latest(tables, *ends)
        datasets = _datasets(tables, *ends)
        models = _models(tables, *ends)
        records = [Run._make((*row, *(of[row[0]] for of in (params, tags, latest, datasets, models)))) for row in rows]
        yield Batch(ends[1], records)


def points(tables: MlflowTables, after: str) -> Iterator[Batch[Point]]:
    """By run, name and time. One statement reads them all: sorted as they are wanted, run by run."""
    part = tables.part("metrics")
    run = part["run_uuid"]
    columns = [run, part["key"], part["timestamp"], part["step"], part["value"], part["is_nan"]]
    of_workspace = _of_runs(tables, run)
    statement = sa.select(*columns).where(run > after, *of_workspace).order_by(*columns)
    position = after
    last = ""
    for rows in tables.rows(statement, _POINTS_AT_ONCE):
        if last and rows[0][0] != last:
            position = last
        last = rows[-1][0]
        # All that came before the last run of these is whole.
        whole = next((row[0] for row in reversed(rows) if row[0] != last), position)
        yield Batch(whole, [(key, name, at, step, value, int(nan)) for key, name, at, step, value, nan in rows])
        position = whole


def sums(tables: MlflowTables) -> Iterator[Batch[PointSum]]:
    """By run; the database adds them up."""
    part, of = tables.part("metrics"), tables.part("runs")
    value = part["value"]
    added = sa.func.sum(sa.case((sa.func.abs(value) < LARGE, value), else_=0.0))
    run = part["run_uuid"]
    statement = (
        sa.select(run, sa.func.count(), sa.func.sum(sa.cast(part["step"], sa.Double)), added)
        .where(run.in_(sa.select(of["run_uuid"]).where(*_here(tables, of))))
        .group_by(run)
        .order_by(run)
    )
    for rows in tables.rows(statement, _RUNS_AT_ONCE):
        yield Batch("", [PointSum(*row) for row in rows])


def pairs(
    tables: MlflowTables,
    part: Part,
    owner: str,
    first: Any,
    last: Any,
    names: tuple[str, str] = ("key", "value"),
) -> dict[Any, list[Pair]]:
    """Tags or params of the owners in a range, by owner."""
    found: dict[Any, list[Pair]] = defaultdict(list)
    if part.exists:
        key, value = part[names[0]], part.get(names[1], "")
        for rows in tables.rows(_ranged(part, owner, first, last, key, value), 5_000):
            for of, name, text in rows:
                found[of].append((name, text))
    return found


def _ranged(
    part: Part, owner: str, first: Any, last: Any, *columns: sa.ColumnElement[Any], where: Sequence[Any] = ()
) -> sa.Select[Any]:
    return sa.select(part[owner], *columns).where(part[owner] >= first, part[owner] <= last, *where)


def _latest(tables: MlflowTables, first: str, last: str) -> dict[str, list[Latest]]:
    part = tables.part("latest_metrics")
    found: dict[str, list[Latest]] = defaultdict(list)
    columns = [part[name] for name in ("key", "timestamp", "step", "value", "is_nan")]
    for rows in tables.rows(_ranged(part, "run_uuid", first, last, *columns), 5_000):
        for run, key, timestamp, step, value, nan in rows:
            found[run].append(Latest(key, timestamp, step, value, int(nan)))
    return found


def _datasets(tables: MlflowTables, first: str, last: str) -> dict[str, list[ReadDataset]]:
    found: dict[str, list[ReadDataset]] = defaultdict(list)
    inputs, datasets, tags = tables.part("inputs"), tables.part("datasets"), tables.part("input_tags")
    if not inputs.exists or not datasets.exists:
        return found
    of_datasets = (inputs["source_type"] == "DATASET", inputs["destination_type"] == "RUN")
    read = tables.all(
        _ranged(
            inputs, "destination_id", first, last, inputs["source_id"], inputs["input_uuid"], where=of_datasets
        ).order_by(inputs["input_uuid"])
    )
    if not read:
        return found
    texts = ("name", "digest", "dataset_source_type", "dataset_source", "dataset_schema", "dataset_profile")
    columns = [datasets.get(name, "") for name in texts]
    known = {}
    # Many runs read the same data: its texts, which may be long, are held once.
    for one in sorted({row[1] for row in read}):
        for row in tables.all(sa.select(*columns).where(datasets["dataset_uuid"] == one)):
            known[one] = row
    of_inputs: dict[str, list[Pair]] = defaultdict(list)
    if tags.exists:
        wanted = sa.select(inputs["input_uuid"]).where(
            inputs["destination_id"] >= first, inputs["destination_id"] <= last, *of_datasets
        )
        for uuid, key, value in tables.all(
            sa.select(tags["input_uuid"], tags["name"], tags["value"]).where(tags["input_uuid"].in_(wanted))
        ):
            of_inputs[uuid].append((key, value))
    for run, dataset, uuid in read:
        if dataset in known:
            found[run].append(ReadDataset._make((*known[dataset], of_inputs[uuid])))
    return found


def _models(tables: MlflowTables, first: str, last: str) -> dict[str, list[tuple[str, str, int]]]:
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    inputs = tables.part("inputs")
    if inputs.exists:
        columns = (inputs["source_type"], inputs["destination_id"], inputs.get("step", 0))
        of_models = (inputs["source_type"].in_(("RUN_INPUT", "RUN_OUTPUT")),)
        for run, kind, model, step in tables.all(_ranged(inputs, "source_id", first, last, *columns, where=of_models)):
            made = kind == "RUN_OUTPUT"
            found[run].append(("output" if made else "input", model, step if made else 0))
    return found


def _here(tables: MlflowTables, part: Part) -> list[sa.ColumnElement[bool]]:
    """Of an experiment that is there, in the workspace."""
    of = tables.part("experiments")
    return [part["experiment_id"].in_(sa.select(of["experiment_id"]).where(*tables.here(of)))]


def _of_runs(tables: MlflowTables, run: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    """Of a run of the workspace. Asked of every point, so only where there are other workspaces."""
    experiments_part = tables.part("experiments")
    if not experiments_part.has("workspace"):
        return []
    elsewhere = sa.select(sa.literal(1)).where(experiments_part["workspace"] != tables.workspace).limit(1)
    if not tables.all(elsewhere):
        return []
    part = tables.part("runs")
    return [run.in_(sa.select(part["run_uuid"]).where(*_here(tables, part)))]
