"""Log-ins and log-outs leave records, right and wrong ones."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.identity.conftest import Guarded
from tests.identity.people import PASSWORD, Person, basic
from tests.identity.test_identity_provider import form_token

_PATIENCE_SECONDS = 20
_READS = "/api/2.0/mlflow/registered-models/search"

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def audit(guarded: Guarded) -> Ask:
    """Asks for records until there are some, doing again what should leave one.

    Refusals are written within a second or two, and no more than ten of one address in a second.
    """

    def ask(doing: Callable[[], object], **query: Any) -> list[dict[str, Any]]:
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            doing()
            time.sleep(0.2)
            found: list[dict[str, Any]] = guarded.administrator.get("audit", **query)["records"]
            if found or time.monotonic() > end:
                return found

    return ask


def browser(guarded: Guarded) -> httpx.Client:
    return httpx.Client(base_url=guarded.url, timeout=30, trust_env=False)


def log_in(client: httpx.Client, name: str, password: str) -> int:
    fields = {"form_token": form_token(client.get("/login").text), "name": name, "password": password, "next": "/"}
    return client.post("/login", data=fields).status_code


def test_a_browser_s_log_in_and_log_out_are_recorded(guarded: Guarded, person: Person) -> None:
    with browser(guarded) as client:
        assert log_in(client, person.name, PASSWORD) == 303
        token = form_token(client.get("/platforms").text)
        assert client.post("/logout", data={"form_token": token}).status_code == 303
    out, entered = guarded.administrator.get("audit", principal=person.name)["records"]
    assert (out["operation"], entered["operation"]) == ("log_out", "log_in_by_password")
    for record in (out, entered):
        assert (record["subject_kind"], record["subject_name"]) == ("user", person.name)
        assert (record["address"], record["refusal"]) == ("127.0.0.1", "")
        assert record["request_id"]


def test_a_wrong_log_in_is_recorded_with_the_name_and_never_the_password(
    guarded: Guarded, person: Person, audit: Ask
) -> None:
    def guess() -> None:
        with browser(guarded) as client:
            assert log_in(client, person.name, "not the password") == 401
            # A name may be anything, also what a database does not keep.
            assert log_in(client, "a\0b", "not the password") == 401

    record = audit(guess, subject=person.name, outcome="refused")[0]
    assert (record["operation"], record["principal"], record["refusal"]) == (
        "log_in_by_password",
        "",
        "NotAuthenticated",
    )
    assert "not the password" not in repr(record)


@pytest.mark.parametrize(
    ("authorization", "kind"),
    [
        (basic("nobody", "wrong"), "password"),
        ("Bearer mk_unknown", "token"),
        ('Signature keyId="a"', "signature"),
        ("Digest x", "other"),
    ],
)
def test_a_wrong_credential_is_recorded_by_its_kind(
    guarded: Guarded, audit: Ask, authorization: str, kind: str
) -> None:
    def knock() -> None:
        headers = {"authorization": authorization}
        assert httpx.get(guarded.url + _READS, headers=headers, timeout=30, trust_env=False).status_code == 401

    query = {"subject": kind, "subject_kind": "credential", "operation": "search_registered_models"}
    record = audit(knock, outcome="refused", **query)[0]
    assert (record["principal"], record["refusal"]) == ("", "NotAuthenticated")
    assert "wrong" not in repr(record)


def test_a_flood_of_wrong_log_ins_leaves_few_records_and_their_number(guarded: Guarded, audit: Ask) -> None:
    def flood() -> None:
        with browser(guarded) as client:
            for _ in range(50):
                client.get(_READS, headers={"authorization": "Bearer mk_flood"})

    counted = audit(flood, operation="refusals_left_out")
    assert sum(int(record["subject_name"]) for record in counted) > 0
