"""Experiments: created, found, renamed, deleted and restored; each workspace has its own."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import (
    EXISTS,
    EXISTS_TO_MLFLOW,
    INVALID,
    MISSING,
    NO_ETAG_MATCH,
    NOT_ACTIVE,
    NOT_FOUND,
)

Error = tuple[int, str, str]


def found(api: Api, experiment: str) -> Any:
    return api.get("experiments/get", experiment_id=experiment)["experiment"]


def etag(api: Api, experiment: str) -> str:
    return api.call("GET", "experiments/get", query={"experiment_id": experiment}).headers["etag"]


def stages(api: Api, *runs: str) -> list[str]:
    return [api.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] for run in runs]


def new_run(api: Api, experiment: str) -> str:
    run_id: str = api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    return run_id


def test_a_created_experiment_is_got_by_its_id_and_by_its_name(any_workspace_api: Api) -> None:
    tags = [{"key": "team", "value": "risk"}]
    created = any_workspace_api.post("experiments/create", name="payments", tags=tags)
    assert created == {"experiment_id": "1"}
    answer = any_workspace_api.get("experiments/get", experiment_id="1")["experiment"]
    now = answer["creation_time"]
    assert answer == {
        "experiment_id": "1",
        "name": "payments",
        "artifact_location": "mlflow-artifacts:/1",
        "lifecycle_stage": "active",
        "creation_time": now,
        "last_update_time": now,
        "tags": tags,
    }
    assert any_workspace_api.get("experiments/get-by-name", experiment_name="payments")["experiment"] == answer


def test_every_workspace_starts_with_experiment_0(oracle_api: Api, second_workspace: Api, stranger: Api) -> None:
    for api in (oracle_api, second_workspace, stranger):
        default = found(api, "0")
        assert (default["name"], default["lifecycle_stage"], default["tags"]) == ("Default", "active", [])
        assert default["artifact_location"] == "mlflow-artifacts:/0"
        assert api.get("experiments/get-by-name", experiment_name="Default")["experiment"] == default


def test_each_workspace_counts_its_experiments_from_1_and_has_its_own_names(
    oracle_api: Api, second_workspace: Api, experiment: str
) -> None:
    other = second_workspace.post("experiments/create", name="payments")["experiment_id"]
    assert (experiment, other) == ("1", "1")
    second_workspace.post("experiments/delete", experiment_id=other)
    assert found(oracle_api, experiment)["lifecycle_stage"] == "active"


def test_no_number_is_given_twice(oracle_api: Api, experiment: str) -> None:
    oracle_api.post("experiments/delete", experiment_id=experiment, is_permanent=True)
    assert oracle_api.post("experiments/create", name="payments") == {"experiment_id": "2"}


@pytest.mark.parametrize("deleted", [False, True])
def test_a_name_is_taken_by_deleted_experiments_as_well(
    oracle_api: Api, mlflow_api: Api, experiment: str, deleted: bool
) -> None:
    if deleted:
        oracle_api.post("experiments/delete", experiment_id=experiment)
    for api, error in ((oracle_api, EXISTS), (mlflow_api, EXISTS_TO_MLFLOW)):
        answer = api.call("POST", "experiments/create", {"name": "payments"})
        assert answer.error == error
        assert answer.body["message"] == "Experiment(name=payments) already exists."
    assert oracle_api.post("experiments/create", name="refunds") == {"experiment_id": "2"}


def test_names_are_told_apart_by_case(oracle_api: Api, experiment: str) -> None:
    oracle_api.post("experiments/create", name="Payments")
    assert found(oracle_api, experiment)["name"] == "payments"


@pytest.mark.parametrize("name", ["n" * 500, "名" * 500, "a/b:c", "'; DROP TABLE experiments; --", " x ", "🚀"])
def test_a_name_is_any_text_of_up_to_500_characters(oracle_api: Api, name: str) -> None:
    created = oracle_api.post("experiments/create", name=name)["experiment_id"]
    assert found(oracle_api, created)["name"] == name
    by_name = oracle_api.get("experiments/get-by-name", experiment_name=name)["experiment"]
    assert by_name["experiment_id"] == created


_NAMES: list[tuple[Any, Error]] = [
    (None, MISSING),
    ("", MISSING),
    (" \t\n", MISSING),
    (5, INVALID),
    (True, INVALID),
    (["payments"], INVALID),
    ({"a": 1}, INVALID),
    ("n" * 501, INVALID),
    ("a\x00b", INVALID),
]


@pytest.mark.parametrize(("name", "error"), _NAMES)
def test_what_is_no_name_is_refused_and_nothing_made(oracle_api: Api, mlflow_api: Api, name: Any, error: Error) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "experiments/create", {"name": name})
        assert answer.error == error
        assert "'name'" in answer.body["message"]
    assert oracle_api.post("experiments/create", name="payments") == {"experiment_id": "1"}


def test_an_experiment_needs_a_name(oracle_api: Api) -> None:
    assert oracle_api.call("POST", "experiments/create", {}).error == MISSING


@pytest.mark.parametrize(
    "location",
    [
        "s3://lake/payments",
        "dbfs:/payments",
        "/srv/payments",
        "file:///srv/payments",
        "mlflow-artifacts:/elsewhere",
        "abfss://files@lake.example/payments",
        "oci://bucket@namespace/payments",
        "s3://lake/a..b",
        "s3://lake/a%20b",
        "C:\\payments",
        "payments",
    ],
)
def test_artifacts_are_kept_where_the_experiment_says(oracle_api: Api, location: str) -> None:
    created = oracle_api.post("experiments/create", name="payments", artifact_location=location)["experiment_id"]
    assert found(oracle_api, created)["artifact_location"] == location
    info = oracle_api.post("runs/create", experiment_id=created)["run"]["info"]
    assert info["artifact_uri"] == f"{location}/{info['run_id']}/artifacts"


def test_the_runs_of_a_place_that_ends_in_a_slash_are_one_slash_below_it(oracle_api: Api) -> None:
    oracle_api.post("experiments/create", name="payments", artifact_location="s3://lake/payments/")
    info = oracle_api.post("runs/create", experiment_id="1")["run"]["info"]
    assert info["artifact_uri"] == f"s3://lake/payments/{info['run_id']}/artifacts"


@pytest.mark.parametrize("location", ["", None])
def test_without_a_location_artifacts_are_kept_by_the_server(oracle_api: Api, location: str | None) -> None:
    body = {"name": "payments", **({} if location is None else {"artifact_location": location})}
    created = oracle_api.ok("POST", "experiments/create", body)["experiment_id"]
    assert found(oracle_api, created)["artifact_location"] == f"mlflow-artifacts:/{created}"


def test_a_platform_with_an_artifact_root_keeps_its_experiments_below_it(root: Api, platform: str) -> None:
    key = f"{platform}-rooted"
    body = {"name": key, "default_artifact_root": "s3://lake/root/"}
    root.ok("POST", "/api/3.0/mlflow/workspaces", body, status=201)
    api = Api(root.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": key})
    api.post("experiments/create", name="payments")
    assert found(api, "1")["artifact_location"] == "s3://lake/root/1"


@pytest.mark.parametrize(
    "location",
    [
        "s3://lake/../other",
        "..",
        "s3://lake/%2e%2e/other",
        "s3://lake/%252E%252e/other",
        "s3://lake/a\\..\\b",
        "s3://lake?path=../other",
        "file:///srv/..",
        "s3://lake/a#fragment",
        "s3://lake/a;param",
        "http://[lake",
        "runs:/abc/model",
        "models:/churn/1",
        "s3://" + "a" * 2_044,
    ],
)
def test_a_location_that_leads_elsewhere_is_refused(oracle_api: Api, mlflow_api: Api, location: str) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "experiments/create", {"name": "payments", "artifact_location": location})
        assert answer.error == INVALID
        assert "'artifact_location'" in answer.body["message"]
        assert len(answer.body["message"]) < 300


@pytest.mark.parametrize("field", ["experiment_id", "experiment_name"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_to_get_must_be_named(oracle_api: Api, mlflow_api: Api, field: str, value: str | None) -> None:
    path = "experiments/get" if field == "experiment_id" else "experiments/get-by-name"
    for api in (oracle_api, mlflow_api):
        answer = api.call("GET", path, query={} if value is None else {field: value})
        assert answer.error == MISSING
        assert f"'{field}'" in answer.body["message"]


def test_an_experiment_that_is_not_there_is_not_found(oracle_api: Api, mlflow_api: Api) -> None:
    for api in (oracle_api, mlflow_api):
        by_id = api.call("GET", "experiments/get", query={"experiment_id": "77"})
        assert (by_id.error, by_id.body["message"]) == (NOT_FOUND, "No Experiment with id=77 exists")
        by_name = api.call("GET", "experiments/get-by-name", query={"experiment_name": "none"})
        assert (by_name.error, by_name.body["message"]) == (NOT_FOUND, "Could not find experiment with name 'none'")


_IDS = ["x", "-1", "1.0", " 1", "0x1", "9" * 19, "٣", "1; DROP TABLE experiments", "1 OR 1=1", "1" * 5_000]
_BY_ID: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "experiments/get", {}),
    ("POST", "experiments/update", {"new_name": "refunds"}),
    ("POST", "experiments/delete", {}),
    ("POST", "experiments/delete", {"is_permanent": True}),
    ("POST", "experiments/restore", {}),
    ("POST", "experiments/set-experiment-tag", {"key": "a", "value": "1"}),
    ("POST", "experiments/delete-experiment-tag", {"key": "a"}),
    ("POST", "internal/experiments/update-experiment-tags", {"set_tags": [{"key": "a"}]}),
    ("POST", "runs/create", {}),
]


@pytest.mark.parametrize(("verb", "path", "fields"), _BY_ID)
def test_what_is_no_number_is_no_experiment_id(
    oracle_api: Api, mlflow_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        for experiment_id in _IDS:
            answer = api.call(verb, path, {"experiment_id": experiment_id, **fields})
            assert answer.error == INVALID
            assert "'experiment_id'" in answer.body["message"]
            assert len(answer.body["message"]) < 300
        assert api.call(verb, path, {"experiment_id": [1], **fields}).error == INVALID


@pytest.mark.parametrize(("verb", "path", "fields"), _BY_ID)
def test_nothing_is_done_to_an_experiment_that_is_not_there(
    oracle_api: Api, mlflow_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call(verb, path, {"experiment_id": "77", **fields})
        assert (answer.error, answer.body["message"]) == (NOT_FOUND, "No Experiment with id=77 exists")


@pytest.mark.parametrize(("verb", "path", "fields"), [call for call in _BY_ID if call[1] != "runs/create"])
def test_an_operation_on_an_experiment_must_name_it(
    oracle_api: Api, mlflow_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        for named in ({}, {"experiment_id": ""}, {"experiment_id": None}):
            assert api.call(verb, path, {**named, **fields}).error == MISSING


def test_an_experiment_is_renamed_and_keeps_the_rest(oracle_api: Api, experiment: str) -> None:
    before = found(oracle_api, experiment)
    assert oracle_api.post("experiments/update", experiment_id=experiment, new_name="refunds") == {}
    after = found(oracle_api, experiment)
    assert after["last_update_time"] >= before["last_update_time"]
    assert after == {**before, "name": "refunds", "last_update_time": after["last_update_time"]}
    assert oracle_api.call("GET", "experiments/get-by-name", query={"experiment_name": "payments"}).error == NOT_FOUND


def test_a_rename_frees_the_old_name(oracle_api: Api, experiment: str) -> None:
    oracle_api.post("experiments/update", experiment_id=experiment, new_name="refunds")
    oracle_api.post("experiments/create", name="payments")


def test_an_experiment_can_be_renamed_to_its_own_name(oracle_api: Api, experiment: str) -> None:
    oracle_api.post("experiments/update", experiment_id=experiment, new_name="payments")
    assert found(oracle_api, experiment)["name"] == "payments"


def test_an_update_that_names_nothing_changes_nothing(oracle_api: Api, experiment: str) -> None:
    before = found(oracle_api, experiment)
    oracle_api.post("experiments/update", experiment_id=experiment)
    assert found(oracle_api, experiment) == before


@pytest.mark.parametrize(("name", "error"), [(name, error) for name, error in _NAMES if name is not None])
def test_a_rename_to_what_is_no_name_is_refused(
    oracle_api: Api, mlflow_api: Api, experiment: str, name: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "experiments/update", {"experiment_id": experiment, "new_name": name})
        assert answer.error == error
        assert "'new_name'" in answer.body["message"]
    assert found(oracle_api, experiment)["name"] == "payments"


def test_a_rename_to_a_name_that_is_taken_is_refused(oracle_api: Api, mlflow_api: Api, experiment: str) -> None:
    for api, error in ((oracle_api, EXISTS), (mlflow_api, EXISTS_TO_MLFLOW)):
        answer = api.call("POST", "experiments/update", {"experiment_id": experiment, "new_name": "Default"})
        assert answer.error == error
    assert found(oracle_api, experiment)["name"] == "payments"


def test_a_deleted_experiment_is_still_got(oracle_api: Api, experiment: str) -> None:
    assert oracle_api.post("experiments/delete", experiment_id=experiment) == {}
    deleted = found(oracle_api, experiment)
    assert (deleted["name"], deleted["lifecycle_stage"]) == ("payments", "deleted")
    assert oracle_api.get("experiments/get-by-name", experiment_name="payments")["experiment"] == deleted


def test_runs_are_deleted_and_restored_with_their_experiment(oracle_api: Api, experiment: str) -> None:
    inside, outside = new_run(oracle_api, experiment), new_run(oracle_api, "0")
    oracle_api.post("experiments/delete", experiment_id=experiment)
    assert stages(oracle_api, inside, outside) == ["deleted", "active"]
    assert oracle_api.post("experiments/restore", experiment_id=experiment) == {}
    assert stages(oracle_api, inside, outside) == ["active", "active"]
    assert found(oracle_api, experiment)["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("experiments/update", {"new_name": "refunds"}),
        ("experiments/set-experiment-tag", {"key": "a", "value": "1"}),
        ("experiments/delete-experiment-tag", {"key": "a"}),
        ("internal/experiments/update-experiment-tags", {"set_tags": [{"key": "a"}]}),
        ("runs/create", {}),
    ],
)
def test_a_deleted_experiment_is_not_written_to(
    oracle_api: Api, mlflow_api: Api, experiment: str, path: str, fields: dict[str, Any]
) -> None:
    oracle_api.post("experiments/delete", experiment_id=experiment)
    before = found(oracle_api, experiment)
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", path, {"experiment_id": experiment, **fields})
        assert answer.error == NOT_ACTIVE
        wanted = f"The experiment {experiment} must be in the 'active' state. Current state is deleted."
        assert answer.body["message"] == wanted
    assert found(oracle_api, experiment) == before


def test_what_is_deleted_cannot_be_deleted_again_nor_what_is_active_restored(
    oracle_api: Api, mlflow_api: Api, experiment: str
) -> None:
    for api in (oracle_api, mlflow_api):
        assert api.call("POST", "experiments/restore", {"experiment_id": experiment}).error == NOT_FOUND
        api.post("experiments/delete", experiment_id=experiment)
        assert api.call("POST", "experiments/delete", {"experiment_id": experiment}).error == NOT_FOUND
        api.post("experiments/restore", experiment_id=experiment)


@pytest.mark.parametrize("deleted_before", [False, True])
def test_a_permanent_deletion_leaves_nothing_of_the_experiment_and_its_runs(
    oracle_api: Api, experiment: str, run: str, deleted_before: bool
) -> None:
    oracle_api.post("runs/log-batch", run_id=run, params=[{"key": "a", "value": "1"}], tags=[{"key": "b"}])
    oracle_api.post("runs/log-metric", run_id=run, key="loss", value=1, timestamp=1)
    outside = new_run(oracle_api, "0")
    if deleted_before:
        oracle_api.post("experiments/delete", experiment_id=experiment)
    oracle_api.post("experiments/delete", experiment_id=experiment, is_permanent=True)
    for path in ("experiments/restore", "experiments/delete"):
        assert oracle_api.call("POST", path, {"experiment_id": experiment}).error == NOT_FOUND
    assert oracle_api.call("GET", "experiments/get", query={"experiment_id": experiment}).error == NOT_FOUND
    assert oracle_api.call("GET", "runs/get", query={"run_id": run}).error == NOT_FOUND
    assert stages(oracle_api, outside) == ["active"]
    oracle_api.post("experiments/create", name="payments")


def test_experiment_0_is_deleted_and_restored_but_never_for_good(oracle_api: Api, mlflow_api: Api) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "experiments/delete", {"experiment_id": "0", "is_permanent": True})
        assert answer.error == INVALID
        assert "'is_permanent'" in answer.body["message"]
    oracle_api.post("experiments/delete", experiment_id="0")
    oracle_api.post("experiments/restore", experiment_id="0")
    assert found(oracle_api, "0")["lifecycle_stage"] == "active"


@pytest.mark.parametrize("value", ["maybe", 2, [True], {}])
def test_is_permanent_is_true_or_false(oracle_api: Api, experiment: str, value: Any) -> None:
    answer = oracle_api.call("POST", "experiments/delete", {"experiment_id": experiment, "is_permanent": value})
    assert answer.error == INVALID
    assert "'is_permanent'" in answer.body["message"]
    assert found(oracle_api, experiment)["lifecycle_stage"] == "active"


_CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("experiments/update", {"new_name": "refunds"}),
    ("experiments/set-experiment-tag", {"key": "team", "value": "risk"}),
    ("experiments/delete-experiment-tag", {"key": "old"}),
    ("internal/experiments/update-experiment-tags", {"set_tags": [{"key": "a"}], "delete_tags": [{"key": "old"}]}),
    ("experiments/delete", {}),
]


@pytest.mark.parametrize(("path", "fields"), _CHANGES)
def test_each_change_gives_an_experiment_a_new_etag(oracle_api: Api, path: str, fields: dict[str, Any]) -> None:
    created = oracle_api.call("POST", "experiments/create", {"name": "payments", "tags": [{"key": "old"}]})
    before = etag(oracle_api, "1")
    assert created.headers["etag"] == before
    changed = oracle_api.call("POST", path, {"experiment_id": "1", **fields})
    assert changed.headers["etag"] == etag(oracle_api, "1") != before


@pytest.mark.parametrize(
    ("path", "fields"), [*_CHANGES, ("experiments/delete", {"is_permanent": True})], ids=lambda value: str(value)
)
def test_an_etag_that_does_not_match_leaves_the_experiment_as_it_was(
    oracle_api: Api, mlflow_api: Api, path: str, fields: dict[str, Any]
) -> None:
    oracle_api.post("experiments/create", name="payments", tags=[{"key": "old"}])
    before, current = found(oracle_api, "1"), etag(oracle_api, "1")
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", path, {"experiment_id": "1", **fields}, headers={"if-match": '"e0.0"'})
        assert answer.error == NO_ETAG_MATCH
    assert (found(oracle_api, "1"), etag(oracle_api, "1")) == (before, current)
    matching = oracle_api.call("POST", path, {"experiment_id": "1", **fields}, headers={"if-match": current})
    assert matching.status == 200


def test_a_restore_holds_if_match_as_well(oracle_api: Api, experiment: str) -> None:
    past = etag(oracle_api, experiment)
    oracle_api.post("experiments/delete", experiment_id=experiment)
    current = etag(oracle_api, experiment)
    for value, status in ((past, 412), (current, 200)):
        answer = oracle_api.call(
            "POST", "experiments/restore", {"experiment_id": experiment}, headers={"if-match": value}
        )
        assert answer.status == status


def test_a_run_does_not_change_the_etag_of_its_experiment(oracle_api: Api, experiment: str) -> None:
    before = etag(oracle_api, experiment)
    new_run(oracle_api, experiment)
    assert etag(oracle_api, experiment) == before
