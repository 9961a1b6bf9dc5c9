"""Sources that are models: another version of the platform, by number, alias, stage or `latest`, or a logged model."""

import pytest

from tests.support.api import Answer, Api
from tests.support.codes import INVALID, RELATED_NOT_FOUND, RELATED_NOT_FOUND_TO_MLFLOW


@pytest.fixture
def origin(oracle_api: Api) -> str:
    """A model with three versions: 1 in Production, 2 named `champion`, 3 the newest."""
    oracle_api.post("registered-models/create", name="origin")
    for number in ("1", "2", "3"):
        oracle_api.post(
            "model-versions/create", name="origin", source=f"s3://lake/{number}", run_id=f"run-{number}", model_id="m-9"
        )
    oracle_api.post("model-versions/transition-stage", name="origin", version="1", stage="Production")
    oracle_api.post("registered-models/alias", name="origin", alias="champion", version="2")
    return "origin"


def _create(api: Api, model: str, source: str, **fields: str) -> Answer:
    return api.call("POST", "model-versions/create", {"name": model, "source": source, **fields})


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("models:/origin/1", "1"),
        ("models:/origin/2", "2"),
        ("models:/origin@champion", "2"),
        ("models:/origin/latest", "3"),
        ("models:/origin/Latest", "3"),
        ("models:/origin/Production", "1"),
        ("models:/origin/production", "1"),
        ("models:/origin/None", "3"),
    ],
)
def test_a_version_of_a_version_is_held_to_the_one_it_names(
    oracle_api: Api, model: str, origin: str, source: str, number: str
) -> None:
    created = oracle_api.post("model-versions/create", name=model, source=source)["model_version"]
    assert created["source"] == f"models:/{origin}/{number}"
    assert (created["run_id"], created["model_id"]) == (f"run-{number}", "m-9")
    assert oracle_api.get("model-versions/get-download-uri", name=model, version="1") == {
        "artifact_uri": f"s3://lake/{number}"
    }


def test_a_chain_of_versions_leads_to_the_first_ones_artifacts(oracle_api: Api, model: str, origin: str) -> None:
    oracle_api.post("model-versions/create", name=model, source=f"models:/{origin}/1")
    oracle_api.post("registered-models/create", name="third")
    created = oracle_api.post("model-versions/create", name="third", source=f"models:/{model}/latest")["model_version"]
    assert (created["source"], created["run_id"]) == (f"models:/{model}/1", "run-1")
    assert oracle_api.get("model-versions/get-download-uri", name="third", version="1") == {
        "artifact_uri": "s3://lake/1"
    }


def test_a_model_can_be_the_source_of_its_own_next_version(oracle_api: Api, origin: str) -> None:
    created = oracle_api.post("model-versions/create", name=origin, source=f"models:/{origin}/1")["model_version"]
    assert (created["version"], created["source"]) == ("4", "models:/origin/1")


def test_the_artifacts_stay_where_they_are_when_the_source_moves_on(oracle_api: Api, model: str, origin: str) -> None:
    oracle_api.post("model-versions/create", name=model, source=f"models:/{origin}@champion")
    oracle_api.post("registered-models/delete", name=origin)
    assert oracle_api.get("model-versions/get-download-uri", name=model, version="1") == {"artifact_uri": "s3://lake/2"}


@pytest.mark.parametrize(
    "source",
    [
        "models:/origin/4",
        "models:/origin/0",
        "models:/origin/99999999999999999999999",
        "models:/origin@absent",
        "models:/origin/Staging",
        "models:/origin/nonsense",
        "models:/absent/1",
        "models:/absent/latest",
        "models:/absent@champion",
    ],
)
def test_a_version_that_does_not_exist_is_no_source(
    oracle_api: Api, mlflow_api: Api, model: str, origin: str, source: str
) -> None:
    for api, error in ((oracle_api, RELATED_NOT_FOUND), (mlflow_api, RELATED_NOT_FOUND_TO_MLFLOW)):
        answer = _create(api, model, source)
        assert answer.error == error
        assert "'source'" in answer.body["message"]
        assert source in answer.body["message"]
    assert oracle_api.get("registered-models/get", name=model)["registered_model"]["latest_versions"] == []


def test_a_version_of_another_platform_is_no_source(root: Api, oracle_api: Api, model: str, platform: str) -> None:
    elsewhere = Api(root.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": f"{platform}-other"})
    root.ok("POST", "/api/3.0/mlflow/workspaces", {"name": f"{platform}-other"}, status=201)
    elsewhere.post("registered-models/create", name="hidden")
    elsewhere.post("model-versions/create", name="hidden", source="s3://b/k")
    assert _create(oracle_api, model, "models:/hidden/1").error == RELATED_NOT_FOUND


@pytest.mark.parametrize("field", ["run_id", "model_id"])
def test_what_the_named_version_contradicts_is_refused(oracle_api: Api, model: str, origin: str, field: str) -> None:
    right = {"run_id": "run-1", "model_id": "m-9"}
    answer = _create(oracle_api, model, "models:/origin/1", **{**right, field: "other"})
    assert answer.error == INVALID
    assert f"'{field}'" in answer.body["message"]
    assert _create(oracle_api, model, "models:/origin/1", **right).status == 200


def test_a_logged_model_is_a_source_with_its_own_id(oracle_api: Api, model: str) -> None:
    created = oracle_api.post("model-versions/create", name=model, source="models:/m-1", model_id="m-1")
    assert created["model_version"]["source"] == "models:/m-1"


@pytest.mark.parametrize("fields", [{}, {"model_id": "m-2"}, {"run_id": "r1"}, {"run_id": "m-1"}])
def test_a_logged_model_is_no_source_with_another_id_or_none(
    oracle_api: Api, model: str, fields: dict[str, str]
) -> None:
    answer = _create(oracle_api, model, "models:/m-1", **fields)
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]


@pytest.mark.parametrize(
    "source",
    ["models:/", "models:origin/1", "models://host/origin/1", "models:/origin/1/extra", "models://origin/1"],
)
def test_what_is_no_model_uri_is_refused(oracle_api: Api, model: str, origin: str, source: str) -> None:
    answer = _create(oracle_api, model, source)
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]
