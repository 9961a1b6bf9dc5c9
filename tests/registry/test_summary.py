"""`registered-models/summary`: how many models and versions a schema of a catalog has."""

import pytest

from tests.registry.test_prompts import PROMPT
from tests.support.api import Api
from tests.support.codes import INVALID, MISSING


def _summary(api: Api, **query: str) -> object:
    return api.ok("GET", api.base.removesuffix("/mlflow") + "/registered-models/summary", query=query)


def _counts(models: int, versions: int) -> dict[str, int]:
    return {
        "registered_models_count": models,
        "model_versions_count": versions,
        "model_deployments_count": 0,
        "active_deployment_count": 0,
    }


def test_it_counts_the_models_and_versions_of_the_schema_alone(any_api: Api) -> None:
    inside = ("main.risk.churn", "main.risk.fraud", "main.risk.模型", "main.risk.a.b")
    outside = (
        "main.riskier.churn",
        "main.risk",
        "main.risk-churn",
        "main.ris.churn",
        "other.risk.churn",
        "MAIN.RISK.x",
    )
    for name in (*inside, *outside):
        any_api.post("registered-models/create", name=name)
        any_api.post("model-versions/create", name=name, source="s3://b/k")
    any_api.post("model-versions/create", name=inside[0], source="s3://b/k")
    assert _summary(any_api, catalog="main", schema="risk") == _counts(4, 5)


def test_a_schema_without_models_counts_nothing(any_api: Api) -> None:
    assert _summary(any_api, catalog="main", schema="risk") == _counts(0, 0)


def test_prompts_are_not_counted(oracle_api: Api) -> None:
    oracle_api.post("registered-models/create", name="main.risk.greeting", tags=PROMPT)
    oracle_api.post("model-versions/create", name="main.risk.greeting", source="dummy-source", tags=PROMPT)
    assert _summary(oracle_api, catalog="main", schema="risk") == _counts(0, 0)


@pytest.mark.parametrize("name", ["%", "_", "'", "main' OR '1'='1"])
def test_names_are_no_patterns(oracle_api: Api, name: str) -> None:
    oracle_api.post("registered-models/create", name="main.risk.churn")
    assert _summary(oracle_api, catalog=name, schema=name) == _counts(0, 0)


@pytest.mark.parametrize(
    ("query", "error", "field"),
    [
        ({"schema": "risk"}, MISSING, "catalog"),
        ({"catalog": "main"}, MISSING, "schema"),
        ({"catalog": "", "schema": "risk"}, MISSING, "catalog"),
        ({"catalog": "main", "schema": ""}, MISSING, "schema"),
        ({"catalog": "m" * 256, "schema": "risk"}, INVALID, "catalog"),
    ],
)
def test_it_needs_a_catalog_and_a_schema(
    oracle_api: Api, query: dict[str, str], error: tuple[int, str, str], field: str
) -> None:
    answer = oracle_api.call("GET", oracle_api.base.removesuffix("/mlflow") + "/registered-models/summary", query=query)
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
