"""Webhooks: created, listed, changed and deleted; what a name, a URL and an event may be."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NO_ETAG_MATCH, NOT_FOUND

CREATED = {"entity": "MODEL_VERSION", "action": "CREATED"}
TAG_SET = {"entity": "MODEL_VERSION_TAG", "action": "SET"}
URL = "https://hooks.example.com/a?b=c"


def _create(api: Api, **fields: Any) -> dict[str, Any]:
    created: dict[str, Any] = api.post("webhooks", **{"name": "ci", "url": URL, "events": [CREATED], **fields})
    return dict(created["webhook"])


def test_a_created_webhook_is_got_without_its_secret(any_api: Api) -> None:
    created = _create(any_api, description="Starts the tests.", secret="hush", events=[TAG_SET, CREATED])
    assert created == {
        "webhook_id": created["webhook_id"],
        "name": "ci",
        "description": "Starts the tests.",
        "url": URL,
        "status": "ACTIVE",
        "creation_timestamp": created["creation_timestamp"],
        "last_updated_timestamp": created["creation_timestamp"],
        "events": [CREATED, TAG_SET],
    }
    assert any_api.get(f"webhooks/{created['webhook_id']}") == {"webhook": created}


def test_what_is_absent_from_an_update_stays_as_it_is(oracle_api: Api) -> None:
    before = _create(oracle_api, description="Starts the tests.")
    path = f"webhooks/{before['webhook_id']}"
    after = oracle_api.ok("PATCH", path, {"status": "DISABLED"})["webhook"]
    assert after == before | {"status": "DISABLED", "last_updated_timestamp": after["last_updated_timestamp"]}
    changes = {"name": "cd", "url": "https://other.example.com/", "events": [TAG_SET], "description": ""}
    changed = oracle_api.ok("POST", path, changes)["webhook"]
    assert changed == after | changes | {"last_updated_timestamp": changed["last_updated_timestamp"]}
    assert oracle_api.get(path)["webhook"] == changed


def test_a_deleted_webhook_is_gone(oracle_api: Api) -> None:
    path = f"webhooks/{_create(oracle_api)['webhook_id']}"
    assert oracle_api.ok("DELETE", path) == {}
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert oracle_api.call(method, path, body).error == NOT_FOUND
    assert oracle_api.call("POST", f"{path}/test", {}).error == NOT_FOUND
    assert oracle_api.get("webhooks") == {"webhooks": []}


def test_they_are_listed_by_pages_the_newest_first(oracle_api: Api) -> None:
    made = [_create(oracle_api, name=f"ci-{number}")["name"] for number in range(5)]
    seen, token = [], ""
    while True:
        page = oracle_api.get("webhooks", max_results=2, **({"page_token": token} if token else {}))
        seen += [webhook["name"] for webhook in page["webhooks"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == made[::-1]
    assert oracle_api.call("GET", "webhooks", query={"max_results": 1001}).error == INVALID
    assert oracle_api.call("GET", "webhooks", query={"page_token": "made up"}).error == INVALID


def test_the_webhooks_of_another_platform_do_not_exist(oracle_api: Api, root: Api) -> None:
    created = _create(oracle_api)
    other = Api(oracle_api.url, "/api/2.0/mlflow")
    path = f"webhooks/{created['webhook_id']}"
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert other.call(method, path, body).status == 404
    assert created["webhook_id"] not in [webhook["webhook_id"] for webhook in other.get("webhooks")["webhooks"]]
    assert oracle_api.get(path)["webhook"] == created


def test_an_etag_that_is_not_the_present_one_changes_nothing(oracle_api: Api) -> None:
    path = f"webhooks/{_create(oracle_api)['webhook_id']}"
    first = oracle_api.call("GET", path).headers["etag"]
    oracle_api.ok("PATCH", path, {"name": "cd"}, headers={"if-match": first})
    assert oracle_api.call("PATCH", path, {"name": "ce"}, headers={"if-match": first}).error == NO_ETAG_MATCH
    assert oracle_api.call("DELETE", path, headers={"if-match": first}).error == NO_ETAG_MATCH
    assert oracle_api.get(path)["webhook"]["name"] == "cd"


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"name": ""}, MISSING, "name"),
        ({"name": "-ci"}, INVALID, "name"),
        ({"name": "a b"}, INVALID, "name"),
        ({"name": "x" * 64}, INVALID, "name"),
        ({"url": " "}, MISSING, "url"),
        ({"url": "ftp://hooks.example.com"}, INVALID, "url"),
        ({"url": "hooks.example.com"}, INVALID, "url"),
        ({"url": "https://"}, INVALID, "url"),
        ({"url": "https://[::1"}, INVALID, "url"),
        ({"url": "https://hooks.example.com:99999"}, INVALID, "url"),
        ({"url": "https://me:secret@hooks.example.com"}, INVALID, "url"),
        ({"url": "https://hooks.example.com/\r\nx"}, INVALID, "url"),
        ({"url": "https://hooks.example.com/" + "x" * 2048}, INVALID, "url"),
        ({"events": []}, MISSING, "events"),
        ({"events": [{"entity": "MODEL_VERSION"}]}, MISSING, "events.action"),
        ({"events": [{"entity": "MODEL", "action": "CREATED"}]}, INVALID, "events.entity"),
        ({"events": [{"entity": "MODEL_VERSION", "action": "DELETED"}]}, INVALID, "events"),
        ({"events": [{"entity": "BUDGET_POLICY", "action": "EXCEEDED"}]}, INVALID, "events"),
        ({"status": "PAUSED"}, INVALID, "status"),
        ({"secret": "s" * 1001}, INVALID, "secret"),
    ],
)
def test_a_bad_field_is_named(oracle_api: Api, fields: dict[str, Any], error: Any, field: str) -> None:
    answer = oracle_api.call("POST", "webhooks", {"name": "ci", "url": URL, "events": [CREATED], **fields})
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert oracle_api.get("webhooks") == {"webhooks": []}


def test_a_bad_change_is_refused_and_changes_nothing(oracle_api: Api) -> None:
    before = _create(oracle_api)
    path = f"webhooks/{before['webhook_id']}"
    for change in ({"name": "-"}, {"url": "ftp://x"}, {"status": "GONE"}, {"events": [{"entity": "X", "action": "Y"}]}):
        assert oracle_api.call("PATCH", path, change).error == INVALID
    assert oracle_api.get(path)["webhook"] == before
