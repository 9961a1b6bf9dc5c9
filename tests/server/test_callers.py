"""`dh-user-principal`: on whose behalf a call is made."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.raw import get
from tests.support.server import RunningServer


@pytest.mark.parametrize("name", ["a", "alma@example.com", "ocid1.user.oc1..aaaa", "Alma von B.", "x" * 255])
def test_a_caller_has_1_to_255_characters(oracle_api: Api, name: str) -> None:
    created = oracle_api.ok("POST", "registered-models/create", {"name": "churn"}, headers={"dh-user-principal": name})
    assert created["registered_model"]["user_id"] == name


@pytest.mark.parametrize("name", [b"", b"x" * 256, b"a\tb", b"\xff"])
def test_what_is_no_name_is_refused(server: RunningServer, oracle_api: Api, name: bytes) -> None:
    target = f"{oracle_api.base}/registered-models/search".encode()
    answer = get(server, target, [b"dh-user-principal: " + name])
    assert answer.error == INVALID
    assert "'dh-user-principal'" in answer.body["message"]


def test_who_creates_and_who_is_asked_for_are_told_apart(oracle_api: Api) -> None:
    for user in ("alma", "bela"):
        oracle_api.ok("POST", "registered-models/create", {"name": f"of-{user}"}, headers={"dh-user-principal": user})
    found = oracle_api.get("registered-models/search")["registered_models"]
    assert {model["name"]: model["user_id"] for model in found} == {"of-alma": "alma", "of-bela": "bela"}
