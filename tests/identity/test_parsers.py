"""The parsers of credentials, fed at random: nobody gets in, and nothing but the one refusal comes out."""

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from modelkeep.core.errors import ApiError, ErrorKind, not_authenticated
from modelkeep.identity.session_tokens import read_session_token
from modelkeep.server.authentication import Call
from modelkeep.server.authentication.buckets import Buckets
from modelkeep.server.authentication.cookies import read_cookie, session_of
from modelkeep.server.authentication.passwords import read_basic
from modelkeep.server.authentication.signatures import (
    check_coverage,
    check_date,
    is_signed,
    read_signature,
    signed_digest,
    signed_headers,
    signed_texts,
)

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)
_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
_PUBLIC = _KEY.public_key()
_FIELDS = ("date", "(request-target)", "host")


def refused(act: Callable[[], Any]) -> bool:
    """Whether it was refused as an unknown caller is; any other error is a fault."""
    kinds = []
    try:
        act()
    except ApiError as error:
        kinds.append(error.kind)
    assert kinds in ([], [ErrorKind.NOT_AUTHENTICATED])
    return bool(kinds)


@given(st.one_of(_TEXT, st.text(max_size=100), _TEXT.map(lambda text: base64.b64encode(text.encode()).decode())))
def test_any_basic_header_is_a_name_and_a_password_or_refused(parameters: str) -> None:
    def read() -> None:
        name, password = read_basic(parameters)
        assert name
        assert password
        assert ":" not in name

    refused(read)


_PART = st.one_of(
    _TEXT,
    st.builds(lambda name, value: f'{name}="{value}"', st.sampled_from(("keyId", "headers", "signature", "x")), _TEXT),
    st.sampled_from(('algorithm="rsa-sha256"', 'algorithm="hmac-sha256"', 'version="1"', 'version="2"', ",", '"')),
)


@given(st.lists(_PART, max_size=8).map(",".join))
def test_any_signature_header_is_whole_or_refused(parameters: str) -> None:
    def read() -> None:
        signature = read_signature(parameters)
        assert signature.key_id
        assert signature.headers
        assert signature.signature

    refused(read)


def call(headers: dict[str, str], method: str = "GET", path: str = "/api/2.0/mlflow/x", query: str = "") -> Call:
    return Call(headers, "127.0.0.1", method, path, query)


def lets_in(received: Call, headers: tuple[str, ...], signature: bytes, now: int) -> bool:
    """What the server does with a signature, without who has it."""

    def verify() -> None:
        read = signed_headers(" ".join(headers))
        if read is None:
            raise not_authenticated()
        check_coverage(received, read)
        check_date(received, read, now, 300_000)
        found.append(is_signed(received, read, (), signed_digest(_PUBLIC, signature)))

    found: list[bool] = []
    return not refused(verify) and any(found)


def signed(received: Call) -> bytes:
    """The signature of a request of which all is signed that has to be."""
    headers = signed_headers(" ".join(_FIELDS))
    assert headers is not None
    return _KEY.sign(next(signed_texts(received, headers, ())), PKCS1v15(), SHA256())


_NOW = 1_795_566_000_000
_DATE = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(_NOW / 1000))
_GOOD = call({"date": _DATE, "host": "localhost"}, query="name=a")
_SIGNATURE = signed(_GOOD)


def test_what_was_signed_is_let_in() -> None:
    assert lets_in(_GOOD, _FIELDS, _SIGNATURE, _NOW)


@given(
    method=st.sampled_from(("GET", "POST", "DELETE", "HEAD")),
    path=st.one_of(st.just(_GOOD.path), st.text(max_size=50)),
    query=st.one_of(st.just(_GOOD.query), _TEXT),
    host=st.one_of(st.just("localhost"), _TEXT),
    date=st.one_of(st.just(_DATE), _TEXT),
    headers=st.permutations(_FIELDS).flatmap(lambda order: st.integers(0, 3).map(lambda count: tuple(order[:count]))),
    length=st.sampled_from(("", "0", "5")),
)
def test_whatever_is_changed_is_refused(
    method: str, path: str, query: str, host: str, date: str, headers: tuple[str, ...], length: str
) -> None:
    sent = {"date": date, "host": host} | ({"content-length": length} if length else {})
    received = call(sent, method, path, query)
    same = (method, path, query, host, date, headers) == ("GET", _GOOD.path, "name=a", "localhost", _DATE, _FIELDS)
    assert lets_in(received, headers, _SIGNATURE, _NOW) == (same and length != "5")


@given(st.binary(max_size=300))
def test_any_other_signature_is_refused(signature: bytes) -> None:
    assert not lets_in(_GOOD, _FIELDS, signature, _NOW)


@given(st.one_of(st.text(max_size=200), st.lists(_TEXT, min_size=3, max_size=3).map(".".join)))
def test_any_other_session_token_is_none(token: str) -> None:
    assert read_session_token(b"key", token) is None


@given(st.text(max_size=200))
def test_any_cookie_header_is_read(cookie: str) -> None:
    assert isinstance(read_cookie({"cookie": cookie}, "modelkeep_session"), str)
    assert session_of(call({"cookie": cookie}, "POST")) is None


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    buckets = Buckets(2, 3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0.0] * 3
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("b") == 0.0
    now[0] += 0.5
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    buckets.charge("a", 4)
    now[0] += 1.5
    assert buckets.take("a") > 0
    now[0] += 1.5
    assert buckets.take("a") == 0.0


def test_buckets_of_very_many_keys_stay_few() -> None:
    buckets = Buckets(1, 1, most_keys=100, clock=lambda: 0.0)
    assert [buckets.take(str(key)) for key in range(1_000)] == [0.0] * 1_000
    assert len(buckets._full_at) <= 101
