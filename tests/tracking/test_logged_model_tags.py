"""Tags and params of logged models: tags are set over what was there, params once."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NO_OPERATION, NOT_FOUND

SQL = "'; DROP TABLE logged_models; --"


@pytest.fixture
def model(oracle_api: Api, experiment: str) -> str:
    """The id of a model with a tag and a param."""
    created = oracle_api.post(
        "logged-models",
        experiment_id=experiment,
        tags=[{"key": "team", "value": "risk"}],
        params=[{"key": "depth", "value": "7"}],
    )
    model_id: str = created["model"]["info"]["model_id"]
    return model_id


def pairs(found: list[dict[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in found}


def tags_of(api: Api, model: str) -> dict[str, str]:
    return pairs(api.get(f"logged-models/{model}")["model"]["info"]["tags"])


def params_of(api: Api, model: str) -> dict[str, str]:
    return pairs(api.get(f"logged-models/{model}")["model"]["data"]["params"])


def test_tags_are_set_beside_the_others_and_over_their_old_values(oracle_api: Api, model: str) -> None:
    tags = [{"key": "team", "value": "growth"}, {"key": "tier", "value": "1"}]
    assert oracle_api.ok("PATCH", f"logged-models/{model}/tags", {"tags": tags}) == {}
    assert tags_of(oracle_api, model) == {"team": "growth", "tier": "1"}


def test_of_two_tags_with_one_key_the_last_counts(oracle_api: Api, model: str) -> None:
    tags = [{"key": "tier", "value": "1"}, {"key": "tier", "value": "2"}]
    oracle_api.ok("PATCH", f"logged-models/{model}/tags", {"tags": tags})
    assert tags_of(oracle_api, model)["tier"] == "2"


@pytest.mark.parametrize("key", ["quality/auc", "a/b/c", "steps[0]", "ключ", SQL, "100%", "a b"])
def test_a_tag_with_any_key_is_set_and_deleted(oracle_api: Api, model: str, key: str) -> None:
    oracle_api.ok("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": key, "value": key}]})
    assert tags_of(oracle_api, model) == {"team": "risk", key: key}
    path = key.replace("%", "%25").replace(" ", "%20")
    assert oracle_api.ok("DELETE", f"logged-models/{model}/tags/{path}") == {}
    assert tags_of(oracle_api, model) == {"team": "risk"}


def test_an_encoded_slash_is_part_of_the_key(oracle_api: Api, model: str) -> None:
    oracle_api.ok("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": "quality/auc", "value": "1"}]})
    oracle_api.ok("DELETE", f"logged-models/{model}/tags/quality%2Fauc")
    assert tags_of(oracle_api, model) == {"team": "risk"}


def test_a_tag_that_is_not_there_cannot_be_deleted(oracle_api: Api, model: str) -> None:
    answer = oracle_api.call("DELETE", f"logged-models/{model}/tags/tier")
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == f"No tag with key 'tier' found for model with ID '{model}'."


def test_only_the_key_of_a_tag_may_have_slashes(oracle_api: Api, model: str) -> None:
    assert oracle_api.call("GET", f"logged-models/{model}/team/risk").error == NO_OPERATION
    assert oracle_api.call("PATCH", f"logged-models/{model}/tags/team/risk", {}).status == 405


def test_params_are_set_beside_the_others(oracle_api: Api, model: str) -> None:
    params = [{"key": "steps[0].rate", "value": "0.1"}, {"key": "long", "value": "x" * 100_000}]
    assert oracle_api.post(f"logged-models/{model}/params", params=params) == {}
    assert params_of(oracle_api, model) == {"depth": "7", "steps[0].rate": "0.1", "long": "x" * 100_000}


def test_a_param_with_its_own_value_again_is_no_error(oracle_api: Api, model: str) -> None:
    oracle_api.post(f"logged-models/{model}/params", params=[{"key": "depth", "value": "7"}])
    assert params_of(oracle_api, model) == {"depth": "7"}


def test_a_param_keeps_its_value_and_those_beside_it_are_not_set(oracle_api: Api, model: str) -> None:
    params = [{"key": "a", "value": "1"}, {"key": "depth", "value": "8"}]
    answer = oracle_api.call("POST", f"logged-models/{model}/params", {"params": params})
    assert answer.error == INVALID
    assert "'depth' was logged with '7' already, and is now '8'" in answer.body["message"]
    assert params_of(oracle_api, model) == {"depth": "7"}


@pytest.mark.parametrize(
    ("tail", "body", "error", "field"),
    [
        ("tags", {"tags": "team"}, INVALID, "tags"),
        ("tags", {"tags": [{"key": "", "value": ""}]}, MISSING, "tags[0].key"),
        ("tags", {"tags": [{"key": "k" * 251}]}, INVALID, "tags[0].key"),
        ("tags", {"tags": [{"key": "k", "value": "v" * 100_001}]}, INVALID, "tags[0].value"),
        ("tags", {"tags": [{"key": "k", "value": 7}]}, INVALID, "tags.value"),
        ("params", {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, INVALID, "params[1].key"),
        ("params", {"params": [{"key": "k" * 251}]}, INVALID, "params[0].key"),
    ],
)
def test_a_pair_that_cannot_be_is_refused_by_its_place(
    oracle_api: Api, model: str, tail: str, body: Any, error: tuple[int, str, str], field: str
) -> None:
    answer = oracle_api.call("PATCH" if tail == "tags" else "POST", f"logged-models/{model}/{tail}", body)
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert (tags_of(oracle_api, model), params_of(oracle_api, model)) == ({"team": "risk"}, {"depth": "7"})
