"""Request signatures, as Oracle's SDK makes them."""

import email.utils
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import oci
import pytest
import requests
from aidp_python_client.aidataplatform_dp import MLOpsClient
from aidp_python_client.aidataplatform_dp.models import CreateRegisteredModelDetails

from tests.conformance.api_key import FINGERPRINT
from tests.identity.conftest import Guarded
from tests.identity.people import Person, key_pair
from tests.identity.test_access_tokens import UNKNOWN

_MODELS = "/20260430/aiDataPlatforms/default/mlops/api/2.0/mlflow/registered-models"
_WAYS = "/api/2.0/mlflow-artifacts/artifacts"


def client_of(person: Person, signer: Any, private: str = "") -> Any:
    """Oracle's client of models and versions."""
    config = {
        "user": "ocid1.user.oc1..a",
        "tenancy": "ocid1.tenancy.oc1..a",
        "fingerprint": FINGERPRINT,
        "region": "us-ashburn-1",
    }
    config["key_content"] = private
    return MLOpsClient(config, service_endpoint=person.url, signer=signer, retry_strategy=oci.retry.NoneRetryStrategy())


def signed(person: Person, signer: Any, method: str, path: str, **more: Any) -> requests.PreparedRequest:
    """A request as the SDK's signer leaves it, ready to be sent or tampered with."""
    prepared = requests.Request(method, person.url + path, **more).prepare()
    done: requests.PreparedRequest = signer(prepared)
    return done


def send(prepared: requests.PreparedRequest) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.send(prepared, timeout=30)


def refused(response: requests.Response) -> bool:
    body = response.json()
    return (response.status_code, body["error_code"], body["code"]) == UNKNOWN


@pytest.mark.parametrize(
    "name", ["plain", "lake.risk.churn", "with space", "a,b;c=d&e+f", "ü/ß"[0], "50%", "~tilde", "a'b(c)!*"]
)
def test_the_sdk_is_let_in_whatever_it_has_to_encode(person: Person, name: str) -> None:
    client = client_of(person, person.new_signer())
    own = f"{person.name} {name}"
    created = client.create_registered_model("default", CreateRegisteredModelDetails(name=own))
    assert created.data.registered_model.name == own
    assert client.get_registered_model("default", own).data.registered_model.name == own


def test_the_sdk_is_refused_with_a_key_that_nobody_knows(person: Person) -> None:
    private, _ = key_pair()
    stranger = oci.signer.Signer(
        "ocid1.tenancy.oc1..a", "ocid1.user.oc1..a", "00:11", None, private_key_content=private
    )
    with pytest.raises(oci.exceptions.ServiceError) as refusal:
        client_of(person, stranger).list_registered_models("default")
    assert (refusal.value.status, refusal.value.code) == (401, "NotAuthenticated")


def test_a_key_signs_for_nobody_else(new_person: Callable[..., Person]) -> None:
    one, other = new_person(), new_person()
    mine, theirs = one.new_signer(), other.new_signer()
    theirs.api_key, mine.api_key = mine.api_key, theirs.api_key
    forged = oci.signer.Signer(*mine.api_key.split("/"), None, private_key_content=key_pair()[0])
    assert refused(send(signed(one, forged, "GET", f"{_MODELS}/search")))


def test_a_revoked_key_is_refused_at_once(person: Person) -> None:
    signer = person.new_signer()
    assert send(signed(person, signer, "GET", f"{_MODELS}/search")).status_code == 200
    fingerprint = signer.api_key.rpartition("/")[2]
    person.administrator.ok("DELETE", f"users/{person.name}/keys/{fingerprint}")
    assert refused(send(signed(person, signer, "GET", f"{_MODELS}/search")))


def test_a_tampered_body_is_refused_and_nothing_is_done(person: Person) -> None:
    signer = person.new_signer()
    name = f"{person.name}-tampered"
    prepared = signed(person, signer, "POST", f"{_MODELS}/create", json={"name": name})
    prepared.body = json.dumps({"name": f"{person.name}-changed!"}).encode()
    assert refused(send(prepared))
    found = send(signed(person, signer, "GET", f"{_MODELS}/get?name={person.name}-changed!"))
    assert found.status_code == 404


@pytest.mark.parametrize("header", ["date", "content-type", "x-content-sha256", "host"])
def test_a_tampered_header_is_refused(person: Person, header: str) -> None:
    prepared = signed(person, person.new_signer(), "POST", f"{_MODELS}/create", json={"name": f"{person.name}-t"})
    other = {
        "date": email.utils.formatdate(time.time() - 5, usegmt=True),
        "content-type": "application/json;charset=x",
        "x-content-sha256": "A" * 43 + "=",
        # Another of the server's own names, but not the one that was signed.
        "host": f"localhost:{urlsplit(person.url).port}",
    }
    prepared.headers[header] = other[header]
    assert refused(send(prepared))


def test_another_path_query_or_method_than_was_signed_is_refused(person: Person) -> None:
    signer = person.new_signer()
    for url in (f"{_MODELS}/get?name=b", f"{_MODELS}/search?name=a", f"{_MODELS}/get?name=a&x=1"):
        prepared = signed(person, signer, "GET", f"{_MODELS}/get?name=a")
        prepared.url = person.url + url
        assert refused(send(prepared))
    prepared = signed(person, signer, "GET", f"{_MODELS}/search")
    prepared.method = "DELETE"
    assert send(prepared).status_code in (401, 405)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_request_is_refused_outside_of_its_time(person: Person, seconds: int) -> None:
    signer = person.new_signer()
    date = email.utils.formatdate(time.time() + seconds, usegmt=True)
    assert refused(send(signed(person, signer, "GET", f"{_MODELS}/search", headers={"date": date})))


def test_a_request_sent_again_within_its_time_is_answered_again(person: Person) -> None:
    date = email.utils.formatdate(time.time() - 200, usegmt=True)
    prepared = signed(person, person.new_signer(), "GET", f"{_MODELS}/search", headers={"date": date})
    assert [send(prepared).status_code for _ in range(2)] == [200, 200]


def test_what_has_a_body_is_refused_unless_its_digest_is_signed(person: Person) -> None:
    signer = person.new_signer()
    prepared = requests.Request("POST", f"{person.url}{_MODELS}/create", json={"name": f"{person.name}-u"}).prepare()
    assert refused(send(signer(prepared, enforce_content_headers=False)))
    prepared = requests.Request("DELETE", f"{person.url}{_MODELS}/delete", json={"name": "x"}).prepare()
    assert refused(send(signer(prepared)))


def test_x_date_may_stand_for_the_date(person: Person) -> None:
    signer = person.new_signer()
    signer.create_signers(signer.api_key, signer.private_key, ["x-date", "(request-target)", "host"], [])
    date = email.utils.formatdate(usegmt=True)
    assert send(signed(person, signer, "GET", f"{_MODELS}/search", headers={"x-date": date})).status_code == 200


@pytest.mark.parametrize("left_out", ["date", "(request-target)", "host"])
def test_what_has_to_be_signed_has_to_be_signed(person: Person, left_out: str) -> None:
    signer = person.new_signer()
    signs = [name for name in ("date", "(request-target)", "host") if name != left_out]
    signer.create_signers(signer.api_key, signer.private_key, signs, [])
    assert refused(send(signed(person, signer, "GET", f"{_MODELS}/search")))


def test_an_upload_is_published_only_when_its_digest_was_right(person: Person, guarded: Guarded) -> None:
    signer = person.new_signer()
    path = f"{_WAYS}/{person.name}/one%20two/a+b.bin"
    content = {"data": b"x" * 100_000, "headers": {"content-type": "application/octet-stream"}}
    tampered = signed(person, signer, "PUT", path, **content)
    tampered.body = b"y" * 100_000
    assert refused(send(tampered))
    assert send(signed(person, signer, "GET", path)).status_code == 404
    assert send(signed(person, signer, "PUT", path, **content)).status_code == 200
    assert send(signed(person, signer, "GET", path)).content == b"x" * 100_000


def session_of(person: Person, public: str, minutes: int = 5) -> str:
    body = {"public_key": public, "minutes": minutes}
    made = person.administrator.ok("POST", f"users/{person.name}/session-tokens", body, status=201)
    token: str = made["token"]
    return token


def session_signer(token: str, private: str) -> Any:
    key = oci.signer.load_private_key(private, None)
    return oci.auth.signers.SecurityTokenSigner(token, key)


def test_a_session_token_lets_the_sdk_in_until_its_user_is_disabled(person: Person) -> None:
    private, public = key_pair()
    client = client_of(person, session_signer(session_of(person, public), private))
    assert client.list_registered_models("default").status == 200
    person.administrator.ok("PATCH", f"users/{person.name}", {"is_disabled": True})
    with pytest.raises(oci.exceptions.ServiceError) as refusal:
        client.list_registered_models("default")
    assert refusal.value.status == 401


def test_one_session_token_is_revoked_and_the_others_hold(person: Person) -> None:
    private, public = key_pair()
    root = f"users/{person.name}/session-tokens"
    clients = [client_of(person, session_signer(session_of(person, public), private)) for _ in range(2)]
    listed = person.administrator.get(root)["session_tokens"]
    assert len(listed) == 2
    assert {**listed[0], "id": "", "created_at": 0, "expires_at": 0} == {
        "id": "",
        "created_at": 0,
        "created_by": "root",
        "expires_at": 0,
    }
    assert clients[0].list_registered_models("default").status == 200
    person.administrator.ok("DELETE", f"{root}/{listed[0]['id']}")
    with pytest.raises(oci.exceptions.ServiceError) as refusal:
        clients[0].list_registered_models("default")
    assert refusal.value.status == 401
    assert clients[1].list_registered_models("default").status == 200
    assert person.administrator.get(root)["session_tokens"] == listed[1:]
    assert person.administrator.call("DELETE", f"{root}/{listed[0]['id']}").status == 404


def test_a_session_token_is_refused_with_another_key_or_changed(person: Person) -> None:
    private, public = key_pair()
    token = session_of(person, public)
    assert refused(send(signed(person, session_signer(token, key_pair()[0]), "GET", f"{_MODELS}/search")))
    head, claims, signature = token.split(".")
    for changed in (
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{claims}.",
        f"{head}.{claims[:-2]}.{signature}",
        "a.b.c",
    ):
        assert refused(send(signed(person, session_signer(changed, private), "GET", f"{_MODELS}/search")))


@pytest.mark.parametrize("field", ["public_key", "tenancy", "user_ocid"])
def test_what_is_no_key_names_the_field(person: Person, field: str) -> None:
    body = {"public_key": key_pair()[1], field: "none"}
    answer = person.administrator.call("POST", f"users/{person.name}/keys", body)
    assert answer.status == 400
    assert f"'{field}'" in answer.body["message"]


def test_the_ocids_of_a_profile_that_is_there_already_can_be_used(person: Person) -> None:
    private, public = key_pair()
    number = person.name.partition("-")[2]
    ocids = {"tenancy": "ocid1.tenancy.oc1..aaaa", "user_ocid": f"ocid1.user.oc1..bbbb{number}"}
    profile = person.add_key(public, **ocids)
    assert (profile["tenancy"], profile["user"]) == (ocids["tenancy"], ocids["user_ocid"])
    signer = oci.signer.Signer(
        profile["tenancy"], profile["user"], profile["fingerprint"], None, private_key_content=private
    )
    assert client_of(person, signer).list_registered_models("default").status == 200
