"""Which datasets the runs of experiments read."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING

SQL = "0'; DROP TABLE datasets; --"


def read(api: Api, run: str, name: str, context: str | None = None) -> None:
    """A run reads a dataset."""
    tags = [] if context is None else [{"key": "mlflow.data.context", "value": context}]
    dataset = {"name": name, "digest": "d", "source_type": "s3", "source": "s3://lake"}
    api.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": tags}])


def found(api: Api, *experiments: str) -> Any:
    return api.post("experiments/search-datasets", experiment_ids=experiments)["dataset_summaries"]


def test_datasets_are_found_once_for_each_context(any_workspace_api: Api) -> None:
    experiment = any_workspace_api.post("experiments/create", name="payments")["experiment_id"]
    for context in ("training", "training", "test", None):
        run = any_workspace_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
        read(any_workspace_api, run, "iris", context)
    dataset = {"experiment_id": experiment, "name": "iris", "digest": "d"}
    assert found(any_workspace_api, experiment) == [
        dataset,
        {**dataset, "context": "test"},
        {**dataset, "context": "training"},
    ]


def test_datasets_of_several_experiments_are_found_and_of_no_other(oracle_api: Api, experiment: str, run: str) -> None:
    other, third = (oracle_api.post("experiments/create", name=name)["experiment_id"] for name in ("b", "c"))
    for each in (other, third):
        second = oracle_api.post("runs/create", experiment_id=each)["run"]["info"]["run_id"]
        read(oracle_api, second, "iris")
    read(oracle_api, run, "wine")
    assert [(one["experiment_id"], one["name"]) for one in found(oracle_api, other, experiment, "77")] == [
        (experiment, "wine"),
        (other, "iris"),
    ]


def test_at_most_a_thousand_are_answered(oracle_api: Api, experiment: str, run: str) -> None:
    for start in (0, 600):
        datasets = [{"dataset": {"name": f"d{n}", "digest": "d"}} for n in range(start, start + 600)]
        oracle_api.post("runs/log-inputs", run_id=run, datasets=datasets)
    assert len(found(oracle_api, experiment)) == 1_000


def test_datasets_of_another_place_are_not_found(elsewhere: Api, oracle_api: Api) -> None:
    run = oracle_api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    read(oracle_api, run, "iris")
    assert found(elsewhere, "0") == []


def test_a_dataset_whose_run_is_gone_is_not_found(oracle_api: Api, experiment: str, run: str) -> None:
    read(oracle_api, run, "iris")
    oracle_api.post("runs/delete", run_id=run, is_permanent=True)
    assert found(oracle_api, experiment) == []


@pytest.mark.parametrize(
    ("experiments", "error"),
    [
        (None, MISSING),
        ([], MISSING),
        ("0", INVALID),
        (["first"], INVALID),
        ([SQL], INVALID),
        ([str(n) for n in range(21)], INVALID),
    ],
)
def test_experiments_that_cannot_be_asked_for_are_refused(
    oracle_api: Api, experiments: Any, error: tuple[int, str, str]
) -> None:
    body = {} if experiments is None else {"experiment_ids": experiments}
    assert oracle_api.call("POST", "experiments/search-datasets", body).error == error
