"""Params: set once. The same value again is no error, another is."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING

Error = tuple[int, str, str]


def log(api: Api, run: str, key: str, value: str) -> None:
    assert api.post("runs/log-parameter", run_id=run, key=key, value=value) == {}


def params_of(api: Api, run: str) -> dict[str, str]:
    found = api.get("runs/get", run_id=run)["run"]["data"]["params"]
    params = {param["key"]: param["value"] for param in found}
    assert len(params) == len(found)
    return params


def test_a_param_is_kept(any_workspace_api: Api) -> None:
    run = any_workspace_api.post("runs/create")["run"]["info"]["run_id"]
    log(any_workspace_api, run, "depth", "7")
    any_workspace_api.post("runs/log-parameter", run_uuid=run, key="rate", value="0.1")
    assert params_of(any_workspace_api, run) == {"depth": "7", "rate": "0.1"}


def test_the_same_value_again_is_no_error(oracle_api: Api, run: str) -> None:
    for _ in range(2):
        log(oracle_api, run, "depth", "7")
    oracle_api.post("runs/log-batch", run_id=run, params=[{"key": "depth", "value": "7"}, {"key": "a", "value": ""}])
    oracle_api.post("runs/log-batch", run_id=run, params=[{"key": "a", "value": ""}])
    assert params_of(oracle_api, run) == {"a": "", "depth": "7"}


def test_another_value_is_refused_and_the_first_stays(oracle_api: Api, mlflow_api: Api, run: str) -> None:
    log(oracle_api, run, "depth", "7")
    for api in (oracle_api, mlflow_api):
        for value in ("8", "", "7 "):
            answer = api.call("POST", "runs/log-parameter", {"run_id": run, "key": "depth", "value": value})
            assert answer.error == INVALID
            assert answer.body["message"] == (
                "Invalid value for parameter 'value': changing params is not allowed: 'depth' was logged with '7' "
                f"already, and is now {value!r}."
            )
    assert params_of(oracle_api, run) == {"depth": "7"}


def test_a_batch_says_which_of_its_params_has_another_value_and_keeps_none(
    oracle_api: Api, mlflow_api: Api, run: str
) -> None:
    log(oracle_api, run, "depth", "7")
    batch = [{"key": "a", "value": "1"}, {"key": "depth", "value": "8"}, {"key": "b", "value": "2"}]
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/log-batch", {"run_id": run, "params": batch})
        assert answer.error == INVALID
        assert "'params[1]'" in answer.body["message"]
        assert "'depth' was logged with '7' already, and is now '8'" in answer.body["message"]
        alone = api.call("POST", "runs/log-batch", {"run_id": run, "params": batch[1:2]})
        assert alone.error == INVALID
        assert "'params[0]'" in alone.body["message"]
    assert params_of(oracle_api, run) == {"depth": "7"}


def test_one_key_twice_in_a_batch_is_refused(oracle_api: Api, mlflow_api: Api, run: str) -> None:
    for second in ("1", "2"):
        batch = [{"key": "a", "value": "1"}, {"key": "b", "value": "1"}, {"key": "a", "value": second}]
        for api in (oracle_api, mlflow_api):
            answer = api.call("POST", "runs/log-batch", {"run_id": run, "params": batch})
            assert answer.error == INVALID
            assert "'params[2].key'" in answer.body["message"]
    assert params_of(oracle_api, run) == {}


def test_runs_have_params_of_their_own(oracle_api: Api, run: str) -> None:
    other = oracle_api.post("runs/create")["run"]["info"]["run_id"]
    log(oracle_api, run, "depth", "7")
    log(oracle_api, other, "depth", "8")
    assert (params_of(oracle_api, run), params_of(oracle_api, other)) == ({"depth": "7"}, {"depth": "8"})


@pytest.mark.parametrize("key", ["k" * 250, "a b", "a.b-c_d:e", "model/deep/er", "ключ", "0"])
def test_keys_have_letters_digits_and_some_marks(oracle_api: Api, run: str, key: str) -> None:
    log(oracle_api, run, key, "v")
    assert params_of(oracle_api, run) == {key: "v"}


_KEYS: list[tuple[Any, Error]] = [
    ("", MISSING),
    (None, MISSING),
    (5, INVALID),
    (["k"], INVALID),
    ("k" * 251, INVALID),
    ("a,b", INVALID),
    ("a\nb", INVALID),
    ("🚀", INVALID),
    ("..", INVALID),
    ("a/../b", INVALID),
    ("/a", INVALID),
    ("a//b", INVALID),
    ("a\x00", INVALID),
    ("'; DROP TABLE params; --", INVALID),
]


@pytest.mark.parametrize(("key", "error"), _KEYS)
def test_what_is_no_key_is_refused_by_name(oracle_api: Api, mlflow_api: Api, run: str, key: Any, error: Error) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/log-parameter", {"run_id": run, "key": key, "value": "v"})
        assert answer.error == error
        assert "'key'" in answer.body["message"]
        batch = [{"key": "ok", "value": "v"}, {"key": key, "value": "v"}]
        answer = api.call("POST", "runs/log-batch", {"run_id": run, "params": batch})
        assert answer.error == error
        assert "'params" in answer.body["message"]
    assert params_of(oracle_api, run) == {}


@pytest.mark.parametrize(("value", "error"), [(None, MISSING), (5, INVALID), (True, INVALID), ({"a": 1}, INVALID)])
def test_what_is_no_value_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, run: str, value: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/log-parameter", {"run_id": run, "key": "a", "value": value})
        assert answer.error == error
        assert "'value'" in answer.body["message"]
    assert params_of(oracle_api, run) == {}


@pytest.mark.parametrize("value", ["", "v" * 6_000, "a\nb\t\"'\\", "'; DROP TABLE params; --"])
def test_values_are_any_text(oracle_api: Api, run: str, value: str) -> None:
    log(oracle_api, run, "a", value)
    assert params_of(oracle_api, run) == {"a": value}


@pytest.mark.parametrize("letter", ["v", "值", "🚀"])
def test_what_is_too_long_of_a_value_is_cut_off(oracle_api: Api, run: str, letter: str) -> None:
    log(oracle_api, run, "a", letter * 6_001)
    oracle_api.post("runs/log-batch", run_id=run, params=[{"key": "b", "value": letter * 7_000}])
    assert params_of(oracle_api, run) == {"a": letter * 6_000, "b": letter * 6_000}
    log(oracle_api, run, "a", letter * 6_002)
