"""What stands in the way of an import. An object of an earlier run of it does not: it is known by when it was made."""

from functools import partial

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import Experiment, Model
from modelkeep.importing.source import Source
from modelkeep.importing.tracking_rows import rows_of_runs
from modelkeep.storage.engine import Engine
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiment_tags, experiments, logged_models, registered_models, runs
from modelkeep.storage.transaction import Transaction

_e, _m = experiments.c, registered_models.c
_HERE = _e.workspace_id == sa.bindparam("workspace")
_EXPERIMENTS = Query(
    sa.select(_e.number, _e.name, _e.created_at).where(
        _HERE, sa.or_(_e.number.in_(one_of("numbers", numbers=True)), _e.name.in_(one_of("names")))
    )
)
_USED = [
    sa.select(sa.literal(1)).where(table.c.experiment_id == _e.id).exists()
    for table in (runs, logged_models, experiment_tags)
]
_DEFAULT_USED = Query(sa.select(_e.id).where(_HERE, _e.number == 0, sa.or_(*_USED)))
_WITH_RUNS = Query(
    sa.select(_e.number).where(_HERE, sa.select(sa.literal(1)).where(runs.c.experiment_id == _e.id).exists())
)
_MODELS = Query(
    sa.select(_m.name, _m.created_at).where(_m.platform_id == sa.bindparam("platform"), _m.name.in_(one_of("names")))
)


async def find_clashes(engine: Engine, target: Target, source: Source) -> list[str]:
    """A few words for each."""
    found: list[str] = []
    numbers: set[int] = set()
    for experiments_batch in source.experiments(""):
        records = experiments_batch.records
        numbers.update(record.number for record in records)
        found += await engine.read(partial(_of_experiments, target, records))
    for models_batch in source.models(""):
        found += await engine.read(partial(_of_models, target, models_batch.records))
    if found:
        return found
    # Runs and logged models are unique in their workspace. Only those of other experiments can be in the way.
    others = {row[0] for row in await engine.read(lambda tx: tx.all(_WITH_RUNS, workspace=target.workspace))}
    if others - numbers:
        for runs_batch in source.runs(""):
            keys = {record.key: record.experiment for record in runs_batch.records}
            there = await engine.read(partial(_of_runs, target, keys, others - numbers))
            found += [f"the run {key} is in another experiment" for key in there]
    return found


def _of_experiments(target: Target, records: list[Experiment], tx: Transaction) -> list[str]:
    found = tx.all(
        _EXPERIMENTS,
        workspace=target.workspace,
        numbers=json_array([record.number for record in records]),
        names=json_array([record.name for record in records]),
    )
    by_number = {row[0]: row for row in found}
    by_name = {row[1]: row[0] for row in found}
    default_used = tx.one(_DEFAULT_USED, workspace=target.workspace) is not None
    clashes = []
    for record in records:
        there = by_number.get(record.number)
        if (
            there
            and not _same(there[2], record.created_at, there[1] == record.name)
            and (record.number or default_used)
        ):
            clashes.append(f"experiment {record.number} is {there[1]!r} there and {record.name!r} in the source")
        elif by_name.get(record.name, record.number) != record.number:
            number = by_name[record.name]
            clashes.append(
                f"experiment {record.name!r} has the number {number} there and {record.number} in the source"
            )
    return clashes


def _of_models(target: Target, records: list[Model], tx: Transaction) -> list[str]:
    names = json_array([record.name for record in records])
    there: dict[str, int] = dict(tx.all(_MODELS, platform=target.platform, names=names))
    return [
        f"the registered model {record.name!r} was made there by itself"
        for record in records
        if record.name in there and not _same(there[record.name], record.created_at, True)
    ]


def _of_runs(target: Target, keys: dict[str, int], others: set[int], tx: Transaction) -> list[str]:
    rows: dict[int, int] = dict(tx.all(_EXPERIMENT_ROWS, workspace=target.workspace))
    return [key for key, (_, experiment) in rows_of_runs(tx, target, keys).items() if rows[experiment] in others]


def _same(there: int, source: int, names_agree: bool) -> bool:
    """Old sources do not say when an experiment was made, and then what was imported does not either."""
    return there == source and (source != 0 or names_agree)


_EXPERIMENT_ROWS = Query(sa.select(_e.id, _e.number).where(_HERE))
