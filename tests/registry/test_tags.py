"""Tags: set over what was there, deleted without complaint, changed together or not at all."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING


@dataclass(frozen=True)
class Tagged:
    """A model or a version, and the operations on its tags."""

    api: Api
    resource: str
    named: dict[str, str]

    def tags(self) -> dict[str, str]:
        body = self.api.get(f"{self.resource}s/get", **self.named)
        (found,) = body.values()
        return {tag["key"]: tag["value"] for tag in found["tags"]}

    def call(self, verb: str, operation: str, **fields: Any) -> Any:
        where = f"internal/{self.resource}s" if operation == "update-tags" else f"{self.resource}s"
        return self.api.call(verb, f"{where}/{operation}", {**self.named, **fields})

    def post(self, operation: str, **fields: Any) -> None:
        answer = self.call("POST", operation, **fields)
        assert (answer.status, answer.body) == (200, {})


@pytest.fixture(params=["registered-model", "model-version"])
def tagged(request: pytest.FixtureRequest, oracle_api: Api) -> Tagged:
    """A model, then a version, with the tag `team`."""
    tags = [{"key": "team", "value": "growth"}]
    oracle_api.post("registered-models/create", name="churn", tags=tags)
    oracle_api.post("model-versions/create", name="churn", source="s3://b/k", tags=tags)
    version = {} if request.param == "registered-model" else {"version": "1"}
    return Tagged(oracle_api, request.param, {"name": "churn", **version})


def test_a_tag_is_set_beside_the_others(tagged: Tagged) -> None:
    tagged.post("set-tag", key="stage", value="beta")
    assert tagged.tags() == {"stage": "beta", "team": "growth"}


def test_a_tag_is_set_over_its_old_value(tagged: Tagged) -> None:
    tagged.post("set-tag", key="team", value="")
    assert tagged.tags() == {"team": ""}


def test_a_tag_is_deleted_by_either_verb(tagged: Tagged) -> None:
    tagged.post("set-tag", key="stage", value="beta")
    tagged.post("delete-tag", key="stage")
    assert tagged.call("DELETE", "delete-tag", key="team").status == 200
    assert tagged.tags() == {}


def test_deleting_a_tag_that_is_not_there_is_no_error(tagged: Tagged) -> None:
    tagged.post("delete-tag", key="absent")
    assert tagged.tags() == {"team": "growth"}


def test_tags_of_others_stay(tagged: Tagged) -> None:
    tagged.post("delete-tag", key="team")
    found = tagged.api.get("registered-models/get", name="churn")["registered_model"]
    (version,) = found["latest_versions"]
    assert sorted([len(found["tags"]), len(version["tags"])]) == [0, 1]


def test_tags_are_set_and_deleted_in_one_step(tagged: Tagged) -> None:
    tagged.post("set-tag", key="old", value="1")
    tagged.post(
        "update-tags",
        set_tags=[{"key": "team", "value": "risk"}, {"key": "new", "value": "2"}],
        delete_tags=[{"key": "old"}, {"key": "absent"}],
    )
    assert tagged.tags() == {"new": "2", "team": "risk"}


@pytest.mark.parametrize("lists", [{}, {"set_tags": None, "delete_tags": None}, {"set_tags": [], "delete_tags": []}])
def test_an_update_of_no_tags_changes_none(tagged: Tagged, lists: dict[str, Any]) -> None:
    tagged.post("update-tags", **lists)
    assert tagged.tags() == {"team": "growth"}


@pytest.mark.parametrize(
    ("lists", "error", "field"),
    [
        ({"set_tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, INVALID, "set_tags"),
        ({"set_tags": [{"key": "a"}], "delete_tags": [{"key": "a"}]}, INVALID, "delete_tags"),
        ({"set_tags": [{"key": "ok"}, {"key": ""}]}, MISSING, "set_tags.key"),
        ({"set_tags": [{"key": "ok"}, {"value": "v"}]}, MISSING, "set_tags.key"),
        ({"set_tags": [{"key": "ok"}, {"key": "a", "value": 1}]}, INVALID, "set_tags.value"),
        ({"set_tags": {"key": "a"}}, INVALID, "set_tags"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": [{"key": ""}]}, MISSING, "delete_tags.key"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": [{}]}, MISSING, "delete_tags.key"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": ["team"]}, INVALID, "delete_tags"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": [{"key": "k" * 251}]}, INVALID, "delete_tags.key"),
    ],
)
def test_one_bad_tag_leaves_all_as_they_were(
    tagged: Tagged, lists: dict[str, Any], error: tuple[int, str, str], field: str
) -> None:
    answer = tagged.call("POST", "update-tags", **lists)
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert tagged.tags() == {"team": "growth"}


_KEYS: list[tuple[Any, tuple[int, str, str]]] = [
    ("", MISSING),
    (None, MISSING),
    (5, INVALID),
    (["k"], INVALID),
    ("k" * 251, INVALID),
    ("a,b", INVALID),
    ("a;b", INVALID),
    ("a\nb", INVALID),
    ("🚀", INVALID),
    ("..", INVALID),
    (".", INVALID),
    ("a/../b", INVALID),
    ("../a", INVALID),
    ("/a", INVALID),
    ("a//b", INVALID),
    ("a/", INVALID),
]


@pytest.mark.parametrize("operation", ["set-tag", "delete-tag"])
@pytest.mark.parametrize(("key", "error"), _KEYS)
def test_what_is_no_key_is_refused_by_name(
    tagged: Tagged, operation: str, key: Any, error: tuple[int, str, str]
) -> None:
    answer = tagged.call("POST", operation, key=key, value="v")
    assert answer.error == error
    assert "'key'" in answer.body["message"]
    assert tagged.tags() == {"team": "growth"}


@pytest.mark.parametrize("key", ["k" * 250, "a b", "a.b-c_d:e", "mlflow/deep/er", "ключ", "0"])
def test_keys_have_letters_digits_and_some_marks(tagged: Tagged, key: str) -> None:
    tagged.post("set-tag", key=key, value="v")
    assert tagged.tags() == {key: "v", "team": "growth"}


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, MISSING), (5, INVALID), (True, INVALID), ({"a": 1}, INVALID), ("v" * 100_001, INVALID)],
)
def test_what_is_no_value_is_refused_by_name(tagged: Tagged, value: Any, error: tuple[int, str, str]) -> None:
    answer = tagged.call("POST", "set-tag", key="team", value=value)
    assert answer.error == error
    assert "value" in answer.body["message"]
    assert tagged.tags() == {"team": "growth"}


@pytest.mark.parametrize("value", ["", "v" * 100_000, "a\nb\t\"'\\", "🚀" * 10, "'; DROP TABLE platforms; --"])
def test_values_are_any_text(tagged: Tagged, value: str) -> None:
    tagged.post("set-tag", key="team", value=value)
    assert tagged.tags() == {"team": value}
