"""Datasets: what runs read. One of its experiment by name and digest, kept as it was first logged.

What a run used it for, its tags, belongs to the run's reading of it.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import Tag, check_length
from modelkeep.core.guard import VISIBLE
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.query import Query
from modelkeep.storage.schema import datasets, experiments, run_dataset_tags, run_datasets
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.in_experiments import experiments_asked, in_experiments
from modelkeep.tracking.run_records import DatasetInput
from modelkeep.tracking.runs import LocatedRun

_CONTEXT_TAG = "mlflow.data.context"
_MOST_EXPERIMENTS = 20
_MOST_SUMMARIES = 1_000

_d, _rd, _t, _e = datasets.c, run_datasets.c, run_dataset_tags.c, experiments.c
_INSERT = BulkInsert(
    datasets, ("experiment_id", "name", "digest", "source_type", "source", "schema", "profile"), ignore_known
)
_FIND = Query(
    sa.select(_d.id).where(
        _d.experiment_id == sa.bindparam("experiment"),
        _d.name == sa.bindparam("name"),
        _d.digest == sa.bindparam("digest"),
    )
)
_OF_RUN = Query(sa.select(_rd.dataset_id).where(_rd.run_id == sa.bindparam("row")))
_READ = BulkInsert(run_datasets, ("run_id", "dataset_id"), ignore_known)
_TAG = BulkInsert(run_dataset_tags, ("run_id", "dataset_id", "key", "value"), ignore_known)
_SUMMARIES = Query(
    sa.select(_e.number, _d.name, _d.digest, _t.value)
    .distinct()
    .join_from(datasets, experiments, _e.id == _d.experiment_id)
    .join(run_datasets, _rd.dataset_id == _d.id)
    .outerjoin(
        run_dataset_tags,
        sa.and_(_t.run_id == _rd.run_id, _t.dataset_id == _rd.dataset_id, _t.key == _CONTEXT_TAG),
    )
    .where(in_experiments(_e.id))
    .order_by(_e.number, _d.name, _d.digest, _t.value.nulls_first())
    .limit(_MOST_SUMMARIES)
)


class SearchDatasets(msgspec.Struct):
    """Whose datasets."""

    experiment_ids: Annotated[list[str], msgspec.Meta(description="1 to 20.")]


class DatasetSummary(msgspec.Struct, omit_defaults=True):
    """A dataset that runs of an experiment read, and what for, where they said so."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class DatasetSummaries(msgspec.Struct):
    """At most 1,000."""

    dataset_summaries: list[DatasetSummary]


@operation(
    "mlflow/experiments/search-datasets",
    verb="POST",
    needs=Permission.READ,
    on=VISIBLE,
    reach=Reach.WORKSPACE,
    scans=True,
)
def search_datasets(tx: Transaction, scope: Scope, request: SearchDatasets) -> DatasetSummaries:
    """Which datasets the runs of some experiments read, each once for each context."""
    if not request.experiment_ids:
        raise missing_parameter("experiment_ids")
    if len(request.experiment_ids) > _MOST_EXPERIMENTS:
        problem = f"{len(request.experiment_ids)} were given, {_MOST_EXPERIMENTS} are allowed."
        raise invalid_parameter("experiment_ids", problem)
    asked = experiments_asked(scope, request.experiment_ids)
    found = tx.all(_SUMMARIES, **asked.within, **asked.sight)
    return DatasetSummaries([DatasetSummary(str(number), *summary) for number, *summary in found])


def check_dataset_inputs(inputs: Sequence[DatasetInput], limits: Limits, field: str) -> None:
    """Each dataset and its tags, and how many. `field` is where they stand in the request."""
    if len(inputs) > limits.datasets_per_request:
        raise invalid_parameter(field, f"{len(inputs)} were given, {limits.datasets_per_request} are allowed.")
    for place, item in enumerate(inputs):
        dataset, where = item.dataset, f"{field}[{place}].dataset"
        for name, value, longest in (
            ("name", dataset.name, limits.dataset_name_length),
            ("digest", dataset.digest, limits.dataset_digest_length),
            # It has no limit of its own: a kind of source is a word.
            ("source_type", dataset.source_type, limits.dataset_name_length),
            ("source", dataset.source, limits.dataset_source_length),
            ("schema", dataset.schema or "", limits.dataset_schema_length),
            ("profile", dataset.profile or "", limits.dataset_profile_length),
        ):
            check_length(f"{where}.{name}", value, longest)
        for name, value in (("name", dataset.name), ("digest", dataset.digest)):
            if not value:
                raise missing_parameter(f"{where}.{name}")
        _check_tags(item.tags, limits, f"{field}[{place}].tags")


def _check_tags(tags: Sequence[Tag], limits: Limits, field: str) -> None:
    if len(tags) > limits.tags_per_request:
        raise invalid_parameter(field, f"{len(tags)} tags were given, {limits.tags_per_request} are allowed.")
    seen: set[str] = set()
    for place, tag in enumerate(tags):
        if not tag.key:
            raise missing_parameter(f"{field}[{place}].key")
        check_length(f"{field}[{place}].key", tag.key, limits.dataset_tag_key_length)
        check_length(f"{field}[{place}].value", tag.value, limits.dataset_tag_value_length)
        if tag.key in seen:
            raise invalid_parameter(field, f"the key {tag.key!r} is given twice.")
        seen.add(tag.key)


def store_dataset_inputs(tx: Transaction, run: LocatedRun, inputs: Sequence[DatasetInput]) -> None:
    """Keep what a run read. Of two with one name and digest the first counts, in the store as in the request."""
    first: dict[tuple[str, str], DatasetInput] = {}
    for item in inputs:
        first.setdefault((item.dataset.name, item.dataset.digest), item)
    # In the order of their keys: two runs that read the same must not wait for each other's rows.
    new = sorted(first.items(), key=lambda entry: entry[0])
    tx.insert(_INSERT, [(run.experiment, *key, *_texts(item)) for key, item in new])
    known = {row[0] for row in tx.all(_OF_RUN, row=run.row)}
    read = []
    for (name, digest), item in new:
        found = tx.one(_FIND, experiment=run.experiment, name=name, digest=digest)
        if found and found[0] not in known:
            read.append((found[0], item.tags))
    tx.insert(_READ, [(run.row, dataset) for dataset, _ in read])
    tx.insert(_TAG, [(run.row, dataset, tag.key, tag.value) for dataset, tags in read for tag in tags])


def _texts(item: DatasetInput) -> tuple[str, ...]:
    dataset = item.dataset
    return dataset.source_type, dataset.source, dataset.schema or "", dataset.profile or ""
