"""Every address and both dialects' verbs reach the same operation."""

import pytest

from tests.support.api import Api


def test_mlflows_verbs_reach_every_operation(any_api: Api) -> None:
    tag = {"key": "team", "value": "growth"}
    version = {"name": "churn", "version": "1"}
    any_api.ok("POST", "registered-models/create", {"name": "churn"})
    any_api.ok("POST", "model-versions/create", {"name": "churn", "source": "s3://b/k"})
    any_api.ok("POST", "registered-models/set-tag", {"name": "churn", **tag})
    any_api.ok("POST", "model-versions/set-tag", {**version, **tag})
    any_api.ok("PATCH", "registered-models/update", {"name": "churn", "description": "a"})
    any_api.ok("PATCH", "model-versions/update", {**version, "description": "b"})
    any_api.ok("POST", "registered-models/alias", {**version, "alias": "champion"})
    any_api.ok("POST", "model-versions/transition-stage", {**version, "stage": "Staging"})
    found = any_api.get("registered-models/get", name="churn")["registered_model"]
    (latest,) = found["latest_versions"]
    assert (found["description"], found["tags"]) == ("a", [tag])
    assert (latest["description"], latest["tags"], latest["current_stage"]) == ("b", [tag], "Staging")
    any_api.ok("DELETE", "registered-models/delete-tag", {"name": "churn", "key": "team"})
    any_api.ok("DELETE", "model-versions/delete-tag", {**version, "key": "team"})
    any_api.ok("DELETE", "registered-models/alias", {"name": "churn", "alias": "champion"})
    found = any_api.get("registered-models/get", name="churn")["registered_model"]
    assert (found["tags"], found["aliases"], found["latest_versions"][0]["tags"]) == ([], [], [])
    any_api.ok("DELETE", "model-versions/delete", version)
    any_api.ok("DELETE", "registered-models/delete", {"name": "churn"})
    assert any_api.get("registered-models/search") == {"registered_models": []}


def test_post_reaches_every_write(any_api: Api) -> None:
    version = {"name": "churn", "version": "1"}
    for path, fields in (
        ("registered-models/create", {"name": "churn"}),
        ("model-versions/create", {"name": "churn", "source": "s3://b/k"}),
        ("registered-models/update", {"name": "churn", "description": "a"}),
        ("model-versions/update", {**version, "description": "b"}),
        ("registered-models/set-tag", {"name": "churn", "key": "k", "value": "v"}),
        ("registered-models/delete-tag", {"name": "churn", "key": "k"}),
        ("model-versions/set-tag", {**version, "key": "k", "value": "v"}),
        ("model-versions/delete-tag", {**version, "key": "k"}),
        ("internal/registered-models/update-tags", {"name": "churn", "set_tags": [{"key": "k"}]}),
        ("internal/model-versions/update-tags", {**version, "set_tags": [{"key": "k"}]}),
        ("model-versions/delete", version),
        ("registered-models/rename", {"name": "churn", "new_name": "risk"}),
        ("registered-models/delete", {"name": "risk"}),
    ):
        any_api.ok("POST", path, fields)
    assert any_api.get("registered-models/search") == {"registered_models": []}


def test_a_post_to_an_alias_sets_it_and_does_not_delete_it(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.post("model-versions/create", name="churn", source="s3://b/k")
    any_api.post("registered-models/alias", name="churn", version="1", alias="champion")
    found = any_api.get("registered-models/get", name="churn")["registered_model"]
    assert found["aliases"] == [{"alias": "champion", "version": "1"}]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("registered-models/get", {"name": "churn"}),
        ("model-versions/get", {"name": "churn", "version": "1"}),
        ("model-versions/get-download-uri", {"name": "churn", "version": "1"}),
        ("registered-models/search", {"filter": "name = 'churn'", "max_results": 1, "order_by": ["name DESC"]}),
        (
            "model-versions/search",
            {"filter": "name = 'churn'", "order_by": ["name", "version_number"]},
        ),
        ("registered-models/get-latest-versions", {"name": "churn", "stages": ["None", "Staging"]}),
        ("registered-models/alias", {"name": "churn", "alias": "champion"}),
    ],
)
def test_a_read_takes_its_fields_from_the_query_or_from_a_body(
    any_api: Api, path: str, fields: dict[str, object]
) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.post("model-versions/create", name="churn", source="s3://b/k")
    any_api.post("registered-models/alias", name="churn", version="1", alias="champion")
    by_query = any_api.call("GET", path, query=fields)
    by_body = any_api.call("GET", path, fields)
    assert by_query.status == 200
    assert by_body.content == by_query.content


def test_a_delete_takes_its_fields_from_the_query_too(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.ok("DELETE", "registered-models/delete", query={"name": "churn"})
    assert any_api.get("registered-models/search") == {"registered_models": []}


def test_numbers_and_truth_are_read_from_text(oracle_api: Api) -> None:
    oracle_api.post("registered-models/create", name="churn")
    found = oracle_api.get("registered-models/search", max_results="1", is_deployment_summary_enabled="true")
    assert found["registered_models"][0]["deployment_summary"] == {"total_deployment": 0, "active_deployment": 0}
    plain = oracle_api.ok("GET", "registered-models/search", {"max_results": "1"})
    assert "deployment_summary" not in plain["registered_models"][0]
