"""Searching models: every attribute with every operator."""

import secrets

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def found(server: RunningServer) -> Api:
    """The registry of a platform with four models, asked by all tests here."""
    # A worker process may come here twice for one server.
    platform = f"model-filters-{secrets.token_hex(4)}"
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": platform}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": platform})
    for name, tags in (
        ("main.risk.churn", {"team": "growth"}),
        ("main.risk.fraud", {"team": "Risk", "data set": "cards"}),
        ("Main", {}),
        ("o'neill", {"team": "growth"}),
    ):
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        api.post("registered-models/create", name=name, tags=listed, description=f"about {name}")
    api.post("model-versions/create", name="main.risk.churn", source="s3://b/k")
    api.post("registered-models/alias", name="main.risk.churn", alias="champion", version="1")
    return api


ALL = ["Main", "main.risk.churn", "main.risk.fraud", "o'neill"]


def _search(api: Api, text: str) -> list[str]:
    models = api.get("registered-models/search", filter=text)["registered_models"]
    return [model["name"] for model in models]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ALL),
        ("name = 'Main'", ["Main"]),
        ("name = 'o''neill'", ["o'neill"]),
        ('name = "o\'neill"', ["o'neill"]),
        ("name != 'Main'", ALL[1:]),
        ("name LIKE 'main.%'", ["main.risk.churn", "main.risk.fraud"]),
        ("name ILIKE 'MAIN%'", ["Main", "main.risk.churn", "main.risk.fraud"]),
        ("name IN ('Main', 'absent')", ["Main"]),
        ("name NOT IN ('Main', 'o''neill')", ["main.risk.churn", "main.risk.fraud"]),
        ("aliases = 'champion'", ["main.risk.churn"]),
        ("alias LIKE 'champ%'", ["main.risk.churn"]),
        ("tags.team = 'growth'", ["main.risk.churn", "o'neill"]),
        ("tags.team != 'growth'", ["main.risk.fraud"]),
        ("tags.team ILIKE 'RISK'", ["main.risk.fraud"]),
        ("tags.`data set` = 'cards' AND tags.team = 'Risk'", ["main.risk.fraud"]),
        ("name LIKE 'main%' AND tags.team = 'growth'", ["main.risk.churn"]),
        ("creation_timestamp > 0 AND last_updated_timestamp > 0", ALL),
        ("creation_timestamp = 0", []),
    ],
)
def test_a_filter_finds_what_it_says(found: Api, text: str, names: list[str]) -> None:
    assert _search(found, text) == names


@pytest.mark.parametrize("value", ["' OR '1'='1", "'; DROP TABLE registered_models; --", "%' OR name LIKE '%"])
def test_a_value_is_data_and_never_sql(found: Api, value: str) -> None:
    quoted = value.replace("'", "''")
    for text in (f"name = '{quoted}'", f"name LIKE '{quoted}'", f"tags.team = '{quoted}'", f"name IN ('{quoted}')"):
        assert _search(found, text) == []
    assert _search(found, "") == ALL


def test_a_model_found_is_answered_as_get_answers_it(found: Api) -> None:
    listed = found.get("registered-models/search", is_deployment_summary_enabled="true")["registered_models"]
    assert [model["name"] for model in listed] == ALL
    for model in listed:
        assert found.get("registered-models/get", name=model["name"])["registered_model"] == model
