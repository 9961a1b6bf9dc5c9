"""From the database's rows to runs: what is selected, and how it is read."""

from typing import cast

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import Tag
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    datasets,
    experiments,
    latest_metrics,
    metric_keys,
    params,
    run_dataset_tags,
    run_datasets,
    run_models,
    run_tags,
    runs,
)
from modelkeep.storage.tag_table import pairs
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.run_records import (
    Dataset,
    DatasetInput,
    Metric,
    ModelInput,
    ModelOutput,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    metric_value,
)

_r, _e = runs.c, experiments.c
_d, _rd, _rdt, _rm = datasets.c, run_datasets.c, run_dataset_tags.c, run_models.c
_DATASET_TAGS = (
    pairs(run_dataset_tags, _rdt.run_id == _rd.run_id, _rdt.dataset_id == _rd.dataset_id)
    # Text inside the outer JSON, for both engines: only SQLite would know it for JSON, and not always.
    .concat(sa.literal_column("''"))
)
_DATASET_FIELDS: list[sa.ColumnElement[str]] = []
for _name in ("name", "digest", "source_type", "source", "schema", "profile"):
    _DATASET_FIELDS += (sa.literal_column(f"'{_name}'"), _d[_name])
_DATASETS = (
    sa.select(json_objects(*_DATASET_FIELDS, sa.literal_column("'tags'"), _DATASET_TAGS))
    .select_from(sa.join(run_datasets, datasets, _d.id == _rd.dataset_id))
    .where(_rd.run_id == _r.id)
    .correlate(runs)
    .scalar_subquery()
)
_MODELS = (
    sa.select(
        json_objects(
            sa.literal_column("'direction'"),
            _rm.direction,
            sa.literal_column("'model_id'"),
            _rm.model_key,
            sa.literal_column("'step'"),
            _rm.step,
        )
    )
    .where(_rm.run_id == _r.id)
    .correlate(runs)
    .scalar_subquery()
)
INFO_COLUMNS = (
    _r.key,
    _r.name,
    _e.number,
    _r.user_id,
    _r.status,
    _r.start_time,
    _r.end_time,
    _r.artifact_uri,
    _r.lifecycle_stage,
)
COLUMNS = (
    _r.id,
    *INFO_COLUMNS,
    pairs(params, params.c.run_id == _r.id),
    pairs(run_tags, run_tags.c.run_id == _r.id),
    _DATASETS,
    _MODELS,
)
"""What `from_row` reads, in its order; selected from `RUNS`."""
RUNS = sa.join(runs, experiments, _e.id == _r.experiment_id)
_l = latest_metrics.c
_METRICS = Query(
    sa.select(metric_keys.c.name, _l.value, _l.is_nan, _l.timestamp, _l.step)
    .join_from(latest_metrics, metric_keys, metric_keys.c.id == _l.key_id)
    .where(_l.run_id == sa.bindparam("row"))
    .order_by(_l.key_id)
)


def load_whole(tx: Transaction, row: Row) -> Run:
    """The run of a row of `COLUMNS`, with the latest value of each of its metrics."""
    return from_row(row, [metric_of(metric) for metric in tx.all(_METRICS, row=row[0])])


def metric_of(row: Row) -> Metric:
    """A row of name, value, whether it is NaN, timestamp and step."""
    name, value, is_nan, timestamp, step = row
    return Metric(name, metric_value(value, is_nan), timestamp, step)


class _Model(msgspec.Struct):
    direction: str
    model_id: str
    step: int


class _DatasetRow(Dataset, kw_only=True):
    tags: str


_models_of = msgspec.json.Decoder(list[_Model]).decode
_datasets_of = msgspec.json.Decoder(list[_DatasetRow]).decode
_tags_of = msgspec.json.Decoder(list[Tag]).decode
NOTHING = "[]"


def from_row(row: Row, metrics: list[Metric]) -> Run:
    """A row of `COLUMNS` and the latest metrics of its run."""
    *info, params_text, tags_text, datasets_text, models_text = row[1 : 1 + len(COLUMNS) - 1]
    # Params and tags leave the database as the answer has them: they are copied, not read and written again.
    data = RunData(
        metrics,
        cast("list[Param]", msgspec.Raw(params_text.encode())),
        cast("list[Tag]", msgspec.Raw(tags_text.encode())),
    )
    inputs, outputs = RunInputs([], []), RunOutputs([])
    if datasets_text != NOTHING:
        inputs.dataset_inputs = [_dataset_input(dataset) for dataset in _datasets_of(datasets_text)]
    if models_text != NOTHING:
        for model in _models_of(models_text):
            if model.direction == "input":
                inputs.model_inputs.append(ModelInput(model.model_id))
            else:
                outputs.model_outputs.append(ModelOutput(model.model_id, model.step))
    return Run(info_from_row(tuple(info)), data, inputs, outputs)


def _dataset_input(row: _DatasetRow) -> DatasetInput:
    dataset = Dataset(row.name, row.digest, row.source_type, row.source, row.schema or None, row.profile or None)
    return DatasetInput(dataset, _tags_of(row.tags))


def info_from_row(row: Row) -> RunInfo:
    """A row of `INFO_COLUMNS`."""
    key, name, experiment, user, status, start, end, uri, stage = row
    return RunInfo(
        key,
        key,
        name,
        str(experiment),
        user,
        RunStatus(status),
        start,
        uri,
        stage,
        msgspec.UNSET if end is None else end,
    )
