"""Oracle's workspaces of a platform: create, get, list with filters and pages, update, delete."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import EXISTS, INVALID, MISSING, NO_ETAG_MATCH, NOT_FOUND


def _keys(api: Api, **query: str) -> list[str]:
    return [found["key"] for found in api.get("workspaces", **query)["items"]]


@pytest.fixture
def three(workspaces_api: Api) -> Api:
    """A platform with the workspaces `alpha`, `beta` and `gamma` beside its default."""
    for name in ("beta", "alpha", "gamma"):
        workspaces_api.post("workspaces", displayName=name)
    return workspaces_api


def test_a_created_workspace_is_answered_whole(workspaces_api: Api) -> None:
    answer = workspaces_api.call(
        "POST",
        "workspaces",
        {"displayName": "Fraud Team", "description": "Cards", "defaultCatalogKey": "main"},
        headers={"dh-user-principal": "alma"},
    )
    created = answer.body
    assert answer.status == 200
    assert answer.headers["etag"]
    assert created == {
        "key": "fraud-team",
        "displayName": "Fraud Team",
        "description": "Cards",
        "type": "USER",
        "defaultCatalogKey": "main",
        "timeCreated": created["timeCreated"],
        "timeUpdated": created["timeCreated"],
        "createdBy": "alma",
        "updatedBy": "alma",
        "createdByName": "alma",
        "updatedByName": "alma",
        "lifecycleState": "ACTIVE",
        "lifecycleDetails": "",
        "isPrivateNetworkEnabled": False,
    }
    assert created["timeCreated"].endswith("Z")
    assert workspaces_api.get("workspaces/fraud-team") == created


def test_every_platform_has_a_default_workspace(workspaces_api: Api) -> None:
    assert workspaces_api.get("workspaces/default")["type"] == "DEFAULT"


@pytest.mark.parametrize(
    ("name", "key"), [("a/b", "a-b"), ("模型", "workspace"), ("..", "workspace"), ("A  b", "a-b"), ("mlops", "mlops")]
)
def test_a_key_can_stand_in_a_path(workspaces_api: Api, name: str, key: str) -> None:
    assert workspaces_api.post("workspaces", displayName=name)["key"] == key
    assert workspaces_api.get(f"workspaces/{key}")["displayName"] == name
    below = Api(workspaces_api.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")
    assert below.get("registered-models/search") == {"registered_models": []}


def test_names_that_give_one_key_are_numbered(workspaces_api: Api) -> None:
    assert [workspaces_api.post("workspaces", displayName=name)["key"] for name in ("A b", "a B", "a-b")] == [
        "a-b",
        "a-b-2",
        "a-b-3",
    ]


def test_a_taken_display_name_is_refused(three: Api) -> None:
    assert three.call("POST", "workspaces", {"displayName": "alpha"}).error == EXISTS
    assert three.call("PUT", "workspaces/beta", {"displayName": "alpha"}).error == EXISTS
    assert _keys(three) == ["alpha", "beta", "default", "gamma"]


def test_an_update_changes_what_it_names_and_not_the_key(three: Api) -> None:
    before = three.get("workspaces/alpha")
    after = three.ok("PUT", "workspaces/alpha", {"displayName": "omega"}, headers={"dh-user-principal": "bela"})
    assert after == {
        **before,
        "displayName": "omega",
        "timeUpdated": after["timeUpdated"],
        "updatedBy": "bela",
        "updatedByName": "bela",
    }
    assert three.get("workspaces/alpha") == after


def test_an_update_with_another_etag_changes_nothing(three: Api) -> None:
    before = three.get("workspaces/alpha")
    answer = three.call("PUT", "workspaces/alpha", {"displayName": "omega"}, headers={"if-match": '"other"'})
    assert answer.error == NO_ETAG_MATCH
    assert three.get("workspaces/alpha") == before


def test_a_deleted_workspace_is_gone(three: Api) -> None:
    assert three.ok("DELETE", "workspaces/alpha") == {}
    assert three.call("GET", "workspaces/alpha").error == NOT_FOUND
    assert _keys(three) == ["beta", "default", "gamma"]


def test_the_default_workspace_stays(three: Api) -> None:
    answer = three.call("DELETE", "workspaces/default")
    assert answer.error == INVALID
    assert "'workspaceKey'" in answer.body["message"]
    assert "default" in _keys(three)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, ["alpha", "beta", "default", "gamma"]),
        ({"sortOrder": "DESC"}, ["gamma", "default", "beta", "alpha"]),
        ({"sortBy": "timeCreated"}, ["gamma", "alpha", "beta", "default"]),
        ({"sortBy": "timeCreated", "sortOrder": "ASC"}, ["default", "beta", "alpha", "gamma"]),
        ({"displayName": "alpha"}, ["alpha"]),
        ({"displayName": "Alpha"}, []),
        ({"displayNameContains": "a"}, ["alpha", "beta", "default", "gamma"]),
        ({"displayNameContains": "mm"}, ["gamma"]),
        ({"displayNameContains": "%"}, []),
        ({"type": "DEFAULT"}, ["default"]),
        ({"type": "user"}, ["alpha", "beta", "gamma"]),
        ({"lifecycleState": "ACTIVE"}, ["alpha", "beta", "default", "gamma"]),
        ({"lifecycleState": "DELETED"}, []),
        ({"isPrivateNetworkEnabled": "false"}, ["alpha", "beta", "default", "gamma"]),
        ({"isPrivateNetworkEnabled": "true"}, []),
    ],
)
def test_the_list_is_filtered_and_sorted(three: Api, query: dict[str, str], keys: list[str]) -> None:
    assert _keys(three, **query) == keys


@pytest.mark.parametrize("limit", ["1", "2", "3", "4"])
@pytest.mark.parametrize("sort", ["displayName", "timeCreated"])
def test_pages_give_every_workspace_once_in_order(three: Api, limit: str, sort: str) -> None:
    query, keys = {"limit": limit, "sortBy": sort}, []
    while True:
        answer = three.call("GET", "workspaces", query=query)
        assert answer.status == 200
        keys += [found["key"] for found in answer.body["items"]]
        if "opc-next-page" not in answer.headers:
            break
        assert len(answer.body["items"]) == int(limit)
        query["page"] = answer.headers["opc-next-page"]
    assert keys == _keys(three, sortBy=sort)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"page": "forged"}, "page"),
        ({"sortBy": "key"}, "sortBy"),
        ({"sortOrder": "UP"}, "sortOrder"),
        ({"isPrivateNetworkEnabled": "perhaps"}, "isPrivateNetworkEnabled"),
    ],
)
def test_a_bad_parameter_of_the_list_is_refused_by_name(three: Api, query: dict[str, str], field: str) -> None:
    answer = three.call("GET", "workspaces", query=query)
    assert answer.error == INVALID
    assert f"'{field}'" in answer.body["message"]


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({}, MISSING, "displayName"),
        ({"displayName": " "}, MISSING, "displayName"),
        ({"displayName": "x" * 256}, INVALID, "displayName"),
        ({"displayName": 5}, INVALID, "displayName"),
        ({"displayName": "x", "description": "d" * 100_001}, INVALID, "description"),
        ({"displayName": "x", "networkConfigurationDetails": {}}, INVALID, "networkConfigurationDetails"),
    ],
)
def test_a_bad_field_is_refused_by_name(
    workspaces_api: Api, fields: dict[str, Any], error: tuple[int, str, str], field: str
) -> None:
    answer = workspaces_api.call("POST", "workspaces", fields)
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert _keys(workspaces_api) == ["default"]


@pytest.mark.parametrize(("verb", "body"), [("GET", None), ("PUT", {"description": "x"}), ("DELETE", None)])
def test_an_unknown_workspace_is_not_found(workspaces_api: Api, verb: str, body: Any) -> None:
    assert workspaces_api.call(verb, "workspaces/absent", body).error == NOT_FOUND
