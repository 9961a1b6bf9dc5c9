"""What runs read and made: datasets with tags, and logged models."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_ACTIVE, NOT_FOUND

Error = tuple[int, str, str]
SQL = "'; DROP TABLE datasets; --"
IRIS = {"name": "iris", "digest": "d1", "source_type": "s3", "source": "s3://lake/iris"}


def item(*tags: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A dataset and what it was used for."""
    return {"dataset": {**IRIS, **fields}, "tags": [{"key": key, "value": value} for key, value in tags]}


def inputs_of(api: Api, run: str) -> Any:
    return api.get("runs/get", run_id=run)["run"]["inputs"]


def names_of(api: Api, run: str) -> list[str]:
    return sorted(read["dataset"]["name"] for read in inputs_of(api, run)["dataset_inputs"])


def outputs_of(api: Api, run: str) -> Any:
    return api.get("runs/get", run_id=run)["run"]["outputs"]["model_outputs"]


@pytest.mark.parametrize("field", ["datasets", "dataset_inputs"])
def test_a_dataset_is_answered_with_its_run_by_either_name_of_the_field(any_workspace_api: Api, field: str) -> None:
    run = any_workspace_api.post("runs/create")["run"]["info"]["run_id"]
    read = item(("mlflow.data.context", "training"), schema='{"a": 1}', profile='{"rows": 150}')
    assert any_workspace_api.post("runs/log-inputs", run_id=run, **{field: [read]}) == {}
    assert inputs_of(any_workspace_api, run) == {"dataset_inputs": [read], "model_inputs": []}


def test_a_dataset_read_again_keeps_its_first_tags_and_texts(oracle_api: Api, run: str) -> None:
    first = item(("context", "training"), schema="s", profile="p")
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[first, item(("context", "twice"))])
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(("context", "test"), ("new", ""), source="other")])
    assert inputs_of(oracle_api, run)["dataset_inputs"] == [first]


def test_another_run_has_tags_of_its_own_on_the_same_dataset(oracle_api: Api, experiment: str, run: str) -> None:
    second = oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    for reader, context in ((run, "training"), (second, "test")):
        oracle_api.post("runs/log-inputs", run_id=reader, datasets=[item(("context", context))])
    assert [inputs_of(oracle_api, reader)["dataset_inputs"][0]["tags"][0]["value"] for reader in (run, second)] == [
        "training",
        "test",
    ]


def test_datasets_of_one_name_are_told_apart_by_their_digests(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(digest="d1"), item(digest="d2")])
    assert names_of(oracle_api, run) == ["iris", "iris"]


def test_inputs_come_together_and_one_after_the_other(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(name="a")], dataset_inputs=[item(name="b")])
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(name="c"), item(name="a")])
    assert names_of(oracle_api, run) == ["a", "b", "c"]


def test_models_read_are_answered_once_each_wherever_they_live(oracle_api: Api, run: str) -> None:
    models = [{"model_id": "m-2"}, {"model_id": "m-1"}, {"model_id": "m-2"}]
    for _ in range(2):
        oracle_api.post("runs/log-inputs", run_id=run, models=models)
    assert inputs_of(oracle_api, run) == {
        "dataset_inputs": [],
        "model_inputs": [{"model_id": "m-1"}, {"model_id": "m-2"}],
    }
    assert outputs_of(oracle_api, run) == []


def test_models_made_are_answered_with_their_steps(any_workspace_api: Api) -> None:
    run = any_workspace_api.post("runs/create")["run"]["info"]["run_id"]
    made = [{"model_id": "m-1", "step": 1}, {"model_id": "m-1", "step": 20}, {"model_id": "m-2", "step": 0}]
    assert any_workspace_api.post("runs/outputs", run_id=run, models=[*made, made[0]]) == {}
    any_workspace_api.post("runs/outputs", run_id=run, models=made[:1])
    assert outputs_of(any_workspace_api, run) == made


def test_a_search_answers_inputs_and_outputs_as_the_run_does(oracle_api: Api, experiment: str, run: str) -> None:
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(("a", "b"))], models=[{"model_id": "m-1"}])
    oracle_api.post("runs/outputs", run_id=run, models=[{"model_id": "m-2", "step": 4}])
    found = oracle_api.post("runs/search", experiment_ids=[experiment])["runs"]
    assert found == [oracle_api.get("runs/get", run_id=run)["run"]]


@pytest.mark.parametrize("text", [SQL, "Ümläute, 模型, 🚀", '{"a": ["b", null]}', "[]", '"', "null", "1"])
def test_any_text_is_answered_as_it_was_given(oracle_api: Api, run: str, text: str) -> None:
    fields = dict.fromkeys(("name", "digest", "source_type", "source", "schema", "profile"), text)
    read = item((text, text), **fields)
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[read], models=[{"model_id": text}])
    assert inputs_of(oracle_api, run) == {"dataset_inputs": [read], "model_inputs": [{"model_id": text}]}


@pytest.mark.parametrize(
    ("field", "longest"),
    [("name", 500), ("digest", 36), ("source", 65_535), ("schema", 1_048_575), ("source_type", 500)],
)
def test_a_text_of_a_dataset_may_be_so_long_and_no_longer(oracle_api: Api, run: str, field: str, longest: int) -> None:
    answer = oracle_api.call(
        "POST", "runs/log-inputs", {"run_id": run, "datasets": [item(**{field: "x" * (longest + 1)})]}
    )
    assert answer.error == INVALID
    assert f"'datasets[0].dataset.{field}'" in answer.body["message"]
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[item(**{field: "x" * longest})])
    assert inputs_of(oracle_api, run)["dataset_inputs"][0]["dataset"][field] == "x" * longest


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"datasets": "iris"}, INVALID, "datasets"),
        ({"datasets": [{}]}, MISSING, "datasets.dataset"),
        ({"datasets": [{"dataset": None}]}, MISSING, "datasets.dataset"),
        ({"datasets": [{"dataset": {"digest": "d"}}]}, MISSING, "datasets.dataset.name"),
        ({"datasets": [item(name="")]}, MISSING, "datasets[0].dataset.name"),
        ({"dataset_inputs": [item(), item(digest="")]}, MISSING, "dataset_inputs[1].dataset.digest"),
        ({"datasets": [item(name=7)]}, INVALID, "datasets.dataset.name"),
        ({"datasets": [item(("k" * 256, "v"))]}, INVALID, "datasets[0].tags[0].key"),
        ({"datasets": [item(("k", "v" * 501))]}, INVALID, "datasets[0].tags[0].value"),
        ({"datasets": [item(("", "v"))]}, MISSING, "datasets[0].tags[0].key"),
        ({"datasets": [item(("k", "1"), ("k", "2"))]}, INVALID, "datasets[0].tags"),
        ({"datasets": [item(name=str(n)) for n in range(1_001)]}, INVALID, "datasets"),
        ({"models": [{"model_id": ""}]}, MISSING, "models[0].model_id"),
        ({"models": [{"model_id": "m" * 65}]}, INVALID, "models[0].model_id"),
        ({"models": [{"model_id": f"m-{n}"} for n in range(1_001)]}, INVALID, "models"),
    ],
)
def test_inputs_that_cannot_be_are_refused_by_their_place(
    oracle_api: Api, run: str, fields: dict[str, Any], error: Error, field: str
) -> None:
    answer = oracle_api.call("POST", "runs/log-inputs", {"run_id": run, **fields})
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert inputs_of(oracle_api, run) == {"dataset_inputs": [], "model_inputs": []}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, MISSING),
        ({"models": []}, MISSING),
        ({"models": [{"step": 1}]}, MISSING),
        ({"models": [{"model_id": "m-1", "step": "first"}]}, INVALID),
        ({"models": [{"model_id": "m-1", "step": 2**63}]}, INVALID),
    ],
)
def test_outputs_that_cannot_be_are_refused(oracle_api: Api, run: str, fields: dict[str, Any], error: Error) -> None:
    assert oracle_api.call("POST", "runs/outputs", {"run_id": run, **fields}).error == error


to_either = pytest.mark.parametrize(
    ("path", "fields"),
    [("runs/log-inputs", {"datasets": [item()]}), ("runs/outputs", {"models": [{"model_id": "m-1", "step": 0}]})],
)


@to_either
def test_a_run_that_is_not_named_is_missing(oracle_api: Api, path: str, fields: Any) -> None:
    assert oracle_api.call("POST", path, fields).error == MISSING


@to_either
@pytest.mark.parametrize("run_id", ["unknown", SQL])
def test_a_run_that_is_not_there_is_not_found(oracle_api: Api, path: str, fields: Any, run_id: str) -> None:
    assert oracle_api.call("POST", path, {"run_id": run_id, **fields}).error == NOT_FOUND


@to_either
def test_a_run_of_another_place_is_not_found(elsewhere: Api, run: str, path: str, fields: Any) -> None:
    assert elsewhere.call("POST", path, {"run_id": run, **fields}).error == NOT_FOUND


@to_either
def test_a_deleted_run_is_not_written_to(oracle_api: Api, mlflow_api: Api, run: str, path: str, fields: Any) -> None:
    oracle_api.post("runs/delete", run_id=run)
    for api in (oracle_api, mlflow_api):
        assert api.call("POST", path, {"run_id": run, **fields}).error == NOT_ACTIVE
