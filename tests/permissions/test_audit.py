"""Every write and every refused attempt leaves a record: who, on what, when, from where, and how it ended."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.identity.conftest import Guarded
from tests.identity.people import Person
from tests.support.api import Api

_PATIENCE_SECONDS = 20


@pytest.fixture
def alma(new_person: Callable[..., Person]) -> Person:
    return new_person(is_administrator=False)


@pytest.fixture
def audit(guarded: Guarded) -> Callable[..., list[dict[str, Any]]]:
    """Asks for records as an administrator."""

    def ask(**query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = guarded.administrator.get("audit", **query)["records"]
        return found

    return ask


def _mlflow(guarded: Guarded, authorization: str = "", platform: str = "default") -> Api:
    headers = {"authorization": authorization} if authorization else guarded.administrator.headers
    return Api(guarded.url, "/api/2.0/mlflow", {**headers, "X-MLFLOW-WORKSPACE": platform})


def _in_time(ask: Callable[[], list[dict[str, Any]]], count: int) -> list[dict[str, Any]]:
    """Refusals are written within a second or two."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while len(found := ask()) < count and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_a_write_is_recorded_with_the_name_of_what_it_changed(
    guarded: Guarded,
    alma: Person,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    name, api = f"model-{alma.name}", _mlflow(guarded)
    api.post("registered-models/create", name=name)
    answer = api.call("DELETE", "registered-models/delete", {"name": name}, headers={"opc-request-id": f"r-{name}"})
    assert answer.status == 200
    deleted, created = audit(subject=name)
    assert (deleted["operation"], created["operation"]) == ("delete_registered_model", "create_registered_model")
    assert deleted["request_id"] == f"r-{name}"
    assert {**deleted, "id": 0, "at": 0, "subject_id": "", "request_id": ""} == {
        "id": 0,
        "at": 0,
        "principal": "root",
        "caller": "",
        "operation": "delete_registered_model",
        "subject_kind": "registered_model",
        "subject_id": "",
        "subject_name": name,
        "platform": "default",
        "workspace": "default",
        "request_id": "",
        "address": "127.0.0.1",
        "refusal": "",
    }


def test_what_was_refused_is_recorded_seen_or_not(
    guarded: Guarded,
    alma: Person,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    name, own = f"hidden-{alma.name}", _mlflow(guarded)
    own.post("registered-models/create", name=name)
    own.post("registered-models/create", name=f"{name}-seen")
    grant = {"name": f"{name}-seen", "username": alma.name, "permission": "READ"}
    own.post("registered-models/permissions/create", **grant)
    theirs = _mlflow(guarded, f"Bearer {alma.token()}")
    assert theirs.call("GET", "registered-models/get", query={"name": name}).status == 404
    assert theirs.call("GET", "registered-models/get", query={"name": "not there"}).status == 404
    assert theirs.call("PATCH", "registered-models/update", {"name": f"{name}-seen", "description": "d"}).status == 403
    found = _in_time(lambda: audit(principal=alma.name, outcome="refused"), 2)
    assert [(record["operation"], record["subject_name"], record["refusal"]) for record in found] == [
        ("update_registered_model", f"{name}-seen", "NotAuthorized"),
        ("get_registered_model", name, "NotAuthorizedOrNotFound"),
    ]
    assert {record["platform"] for record in found} == {"default"}


def test_who_is_not_known_is_recorded_by_its_address(
    guarded: Guarded,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    stranger = _mlflow(guarded, "Bearer mkt_nothing")
    assert stranger.call("GET", "registered-models/search", headers={"opc-request-id": "stranger-1"}).status == 401
    found = _in_time(lambda: [record for record in audit(outcome="refused") if record["request_id"] == "stranger-1"], 1)
    assert [(record["operation"], record["refusal"], record["address"]) for record in found] == [
        ("search_registered_models", "NotAuthenticated", "127.0.0.1")
    ]


def test_a_flood_of_refusals_is_counted_not_kept(
    guarded: Guarded,
    alma: Person,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    theirs, tried = _mlflow(guarded, f"Bearer {alma.token()}"), 60
    for _ in range(tried):
        assert theirs.call("GET", "registered-models/search").status == 404

    def total() -> list[int]:
        records = audit(principal=alma.name, outcome="refused", max_results=1_000)
        left_out = [int(record["subject_name"]) for record in records if record["operation"] == "refusals_left_out"]
        return [1] * (sum(left_out) + len(records) - len(left_out))

    assert len(_in_time(total, tried)) == tried  # type: ignore[arg-type]


def test_artifacts_that_are_written_and_removed_leave_records(
    guarded: Guarded,
    alma: Person,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    api, path = _mlflow(guarded), f"/api/2.0/mlflow-artifacts/artifacts/0/{alma.name}/f.txt"
    assert api.call("PUT", path, content=b"x").status == 200
    assert api.call("DELETE", path).status == 200
    found = audit(subject=f"mlflow-artifacts:/0/{alma.name}/f.txt")
    assert [record["operation"] for record in found] == ["delete_artifact", "upload_artifact"]


def test_records_come_in_pages_newest_first(
    guarded: Guarded,
    alma: Person,
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    api, name = _mlflow(guarded), f"paged-{alma.name}"
    api.post("registered-models/create", name=name)
    for number in range(4):
        api.post("registered-models/set-tag", name=name, key="k", value=str(number))
    whole = audit(subject=name)
    assert [record["id"] for record in whole] == sorted((record["id"] for record in whole), reverse=True)
    paged, token = [], ""
    while True:
        page = guarded.administrator.get(
            "audit", subject=name, max_results=2, **({"page_token": token} if token else {})
        )
        paged += page["records"]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert paged == whole
    assert len(whole) == 5


def test_a_platforms_admin_sees_its_records_and_no_others(guarded: Guarded, alma: Person) -> None:
    root, key = Api(guarded.url, "", guarded.administrator.headers), f"of-{alma.name}"
    root.ok("POST", "/20260430/aiDataPlatforms", {"id": key})
    details = {"assignees": {"type": "USER", "targets": [alma.name]}, "permissions": ["ADMIN"]}
    path = f"/20260430/aiDataPlatforms/{key}/actions/managePermission"
    root.ok("POST", path, {"assignPermissionDetails": details}, status=204)
    theirs = alma.with_header(f"Bearer {alma.token()}")
    records = theirs.get("audit", workspace=key)["records"]
    assert {record["platform"] for record in records} == {key}
    assert "manage_platform_permission" in {record["operation"] for record in records}
    assert theirs.call("GET", "audit").status == 403
    assert theirs.call("GET", "audit", query={"workspace": "default"}).status == 404


def test_a_models_history_tells_what_was_done_to_it_and_its_versions(guarded: Guarded, alma: Person) -> None:
    api, name = _mlflow(guarded), f"history-{alma.name}"
    api.post("registered-models/create", name=name)
    api.post("model-versions/create", name=name, source="s3://b/m")
    api.post("registered-models/alias", name=name, alias="champion", version="1")
    history = api.get("internal/registered-models/history", name=name)
    assert [(change["operation"], change["subject_name"]) for change in history["changes"]] == [
        ("set_registered_model_alias", f"{name}/1"),
        ("create_model_version", name),
        ("create_registered_model", name),
    ]
    assert history["complete"] is True
