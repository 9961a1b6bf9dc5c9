"""An identity provider: a real one, run as a process, whose keys change in the middle."""

import base64
import hmac
import html
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD, basic
from tests.identity.test_access_tokens import UNKNOWN
from tests.support.api import Api
from tests.support.server import RunningServer

_CLIENT = "modelkeep"
_GOING = "/platforms"
_CLAIMS = (
    '{"sub": "s-alma", "preferred_username": "alma", "name": "Alma", "email": "alma@example.com", '
    '"groups": ["risk", "nowhere"]}',
    '{"sub": "s-root", "preferred_username": "root"}',
)


class RunningProvider:
    """`oidc-provider-mock` as a process. Each start makes another key."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port), "--require-nonce", "true"]
        claims = [part for user in _CLAIMS for part in ("--user-claims", user)]
        self._process = subprocess.Popen([*command, *claims], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.issuer}/jwks", timeout=5)
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the provider did not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def log_in(self, url: str, subject: str) -> str:
        """Log in as this subject on the provider's page; gives where the provider leads back to."""
        answer = httpx.post(url, data={"sub": subject}, timeout=30)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    running = RunningProvider()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def known(provider: RunningProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server that trusts the provider."""
    flags = ("--oidc-issuer", provider.issuer, "--oidc-client-id", _CLIENT, "--oidc-client-secret", "secret")
    data = tmp_path_factory.mktemp("known")
    with RunningServer(data) as server:
        guard(server)
    server = RunningServer(data, *flags, "--oidc-create-users", "--oidc-groups-claim", "groups")
    with server:
        guarded = Guarded(server, _administrator(server))
        guarded.administrator.ok("POST", "groups", {"name": "risk"}, status=201)
        yield guarded


def _administrator(server: RunningServer) -> Api:
    """Who was made before, by its password."""
    return Api(server.url, "/api/3.0/modelkeep", {"authorization": basic("root")})


def browser(known: Guarded) -> httpx.Client:
    return httpx.Client(base_url=known.url, timeout=30)


def id_token(provider: RunningProvider, subject: str = "s-alma") -> str:
    """A token that the provider signs for this server's client."""
    query = {
        "response_type": "code",
        "client_id": _CLIENT,
        "redirect_uri": "http://localhost/callback",
        "scope": "openid profile email",
        "nonce": f"n{time.monotonic_ns()}",
    }
    back = provider.log_in(str(httpx.URL(f"{provider.issuer}/oauth2/authorize", params=query)), subject)
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": query["redirect_uri"]}
    answer = httpx.post(f"{provider.issuer}/oauth2/token", data=form, auth=(_CLIENT, "secret"), timeout=30)
    token: str = answer.json()["id_token"]
    return token


def asks(known: Guarded, token: str) -> tuple[int, str]:
    answer = known.stranger(authorization=f"Bearer {token}").call("GET", "/api/2.0/mlflow/users/current")
    return answer.status, answer.body["user"]["username"] if answer.status == 200 else ""


def test_a_token_of_the_provider_makes_its_user_a_member_of_its_groups(
    known: Guarded, provider: RunningProvider
) -> None:
    assert asks(known, id_token(provider)) == (200, "alma")
    user = known.administrator.get("users/alma")["user"]
    assert (user["issuer"], user["subject"], user["groups"]) == (provider.issuer, "s-alma", ["risk"])
    assert (user["email"], user["is_administrator"], user["has_password"]) == ("alma@example.com", False, False)


def test_the_name_of_a_user_who_is_here_already_cannot_be_taken(known: Guarded, provider: RunningProvider) -> None:
    assert asks(known, id_token(provider, "s-root")) == (401, "")


def test_a_disabled_user_is_refused(known: Guarded, provider: RunningProvider) -> None:
    token = id_token(provider)
    assert asks(known, token)[0] == 200
    known.administrator.ok("PATCH", "users/alma", {"is_disabled": True})
    assert asks(known, token)[0] == 401
    known.administrator.ok("PATCH", "users/alma", {"is_disabled": False})
    assert asks(known, token)[0] == 200


def by_hmac(claims: str, public: str) -> str:
    """A token made with what anybody can read of the provider: good where its key is taken for a password."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    signature = hmac.digest(public.encode(), f"{head}.{claims}".encode(), "sha256")
    return f"{head}.{claims}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_what_the_provider_did_not_sign_for_this_server_is_refused(known: Guarded, provider: RunningProvider) -> None:
    good = id_token(provider)
    claims = jwt.decode(good, options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    head, body, signature = good.split(".")
    public = httpx.get(f"{provider.issuer}/jwks").text
    forged = [
        jwt.encode(claims, key, "RS256", headers={"kid": "another"}),
        jwt.encode(claims, key, "RS256"),
        jwt.encode(claims, "", "none"),
        by_hmac(body, public),
        f"{head}.{body}.",
        f"{head}.{body[:-2]}.{signature}",
        "..",
        "a.b.c",
    ]
    for token in forged:
        answer = known.stranger(authorization=f"Bearer {token}").call("GET", "users")
        assert answer.error == UNKNOWN


def log_in_by_browser(known: Guarded, provider: RunningProvider, client: httpx.Client) -> httpx.Response:
    first = client.get(f"/login/oidc?next={_GOING}")
    assert first.status_code == 303
    query = parse_qs(urlsplit(first.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    back = urlsplit(provider.log_in(first.headers["location"], "s-alma"))
    return client.get(f"{back.path}?{back.query}")


def test_a_browser_logs_in_at_the_provider_and_out_again(known: Guarded, provider: RunningProvider) -> None:
    with browser(known) as client:
        assert client.get(_GOING).headers["location"] == f"/login?next={_GOING.replace('/', '%2F')}"
        done = log_in_by_browser(known, provider, client)
        assert (done.status_code, done.headers["location"]) == (303, _GOING)
        cookie = done.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        secret = client.cookies["modelkeep_session"]
        page = client.get("/platforms")
        assert page.status_code == 200
        assert "alma" in page.text
        fields = {"form_token": form_token(page.text)}
        assert client.post("/logout", data=fields).status_code == 303
        assert client.get("/platforms").status_code == 303
        client.cookies.set("modelkeep_session", secret)
        assert client.get("/platforms").status_code == 303


def test_a_log_in_that_another_browser_began_is_refused(known: Guarded, provider: RunningProvider) -> None:
    with browser(known) as mine, browser(known) as theirs:
        back = urlsplit(provider.log_in(mine.get("/login/oidc").headers["location"], "s-alma"))
        theirs.get("/login/oidc")
        refused = theirs.get(f"{back.path}?{back.query}")
        assert refused.status_code == 401
        assert "modelkeep_session" not in theirs.cookies


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("onward", ["//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "x"])
def test_a_browser_logs_in_by_a_password_and_is_led_to_no_other_site(known: Guarded, onward: str) -> None:
    with browser(known) as client:
        fields = {"form_token": form_token(client.get("/login").text), "name": "root", "next": onward}
        wrong = client.post("/login", data={**fields, "password": "wrong"})
        assert (wrong.status_code, "modelkeep_session" in client.cookies) == (401, False)
        right = client.post("/login", data={**fields, "password": PASSWORD})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert client.get("/platforms").status_code == 200


def test_a_cookie_writes_nothing_from_another_site(known: Guarded) -> None:
    with browser(known) as client:
        fields = {"form_token": form_token(client.get("/login").text), "name": "root", "password": PASSWORD}
        client.post("/login", data=fields)
        create, body = "/api/2.0/mlflow/registered-models/create", {"name": "by-cookie"}
        assert client.post(create, json=body).status_code == 401
        assert client.post(create, json=body, headers={"sec-fetch-site": "cross-site"}).status_code == 401
        assert client.post(create, json=body, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_the_first_log_in_by_the_provider_is_recorded_as_it_makes_a_user(known: Guarded) -> None:
    made = known.administrator.get("audit", operation="create_provided_user", subject="alma")["records"]
    assert [(record["principal"], record["subject_kind"], record["refusal"]) for record in made] == [
        ("alma", "user", "")
    ]


# The last: after it the provider has another key.
def test_a_new_key_of_the_provider_is_found_and_the_old_one_no_longer_trusted(
    known: Guarded, provider: RunningProvider, tmp_path: Path
) -> None:
    before = id_token(provider)
    assert asks(known, before)[0] == 200
    never_seen = id_token(provider)
    provider.stop()
    provider.start()
    deadline = time.monotonic() + 60
    # Keys are not fetched again at every token, so the first may come too early.
    while asks(known, id_token(provider)) != (200, "alma"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert asks(known, never_seen)[0] == 401
