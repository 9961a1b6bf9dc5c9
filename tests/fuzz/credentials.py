"""`python -m tests.fuzz.credentials -max_total_time=180`: the parsers of credentials under atheris.

Whatever comes is read or refused as an unknown caller is; any other error stops the run with the input that made it.
Nothing that was not signed gets in: a request is signed once, and each input changes it or its signature.
"""

import base64
import sys
import time

import atheris

with atheris.instrument_imports(include=["modelkeep.server.authentication", "modelkeep.identity"]):
    from modelkeep.identity.session_tokens import read_session_token
    from modelkeep.server.authentication import Call
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

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from modelkeep.core.errors import ApiError, ErrorKind

_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
_PUBLIC = _KEY.public_key()
_NOW = 1_795_566_000_000
_DATE = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(_NOW / 1000))
_FIELDS = "date (request-target) host"
_GOOD = Call({"date": _DATE, "host": "localhost"}, "127.0.0.1", "GET", "/api/2.0/mlflow/x", "name=a")


def _sign() -> bytes:
    headers = signed_headers(_FIELDS)
    assert headers is not None
    return _KEY.sign(next(signed_texts(_GOOD, headers, ())), PKCS1v15(), SHA256())


_SIGNATURE = _sign()


def _lets_in(call: Call, parameters: str) -> bool:
    signature = read_signature(parameters)
    check_coverage(call, signature.headers)
    check_date(call, signature.headers, _NOW, 300_000)
    return is_signed(call, signature.headers, (), signed_digest(_PUBLIC, signature.signature))


def _changed(given: atheris.FuzzedDataProvider) -> None:
    """A request that differs from the one that was signed gets in by no header and no signature."""
    text = given.ConsumeUnicodeNoSurrogates(120)
    which = given.ConsumeIntInRange(0, 4)
    headers = {"date": _DATE, "host": text} if which == 0 else {"date": text, "host": "localhost"}
    if which > 1:
        headers = dict(_GOOD.headers)  # type: ignore[call-overload]
    path = text if which == 2 else _GOOD.path
    query = text if which == 3 else _GOOD.query
    call = Call(headers, "127.0.0.1", "GET", path, query)
    same = (dict(headers), path, query) == (_GOOD.headers, _GOOD.path, _GOOD.query)
    encoded = base64.b64encode(_SIGNATURE).decode()
    parameters = f'algorithm="rsa-sha256",headers="{_FIELDS}",keyId="k",signature="{encoded}"'
    if which == 4:
        parameters = given.ConsumeUnicodeNoSurrogates(600)
        same = False
    if _lets_in(call, parameters) and not same:
        raise AssertionError(f"let in: {call!r} {parameters!r}")


def _parsed(given: atheris.FuzzedDataProvider) -> None:
    text = given.ConsumeUnicodeNoSurrogates(2_000)
    if read_session_token(b"key", text) is not None:
        raise AssertionError("a session token that nobody signed")
    read_cookie({"cookie": text}, "modelkeep_session")
    session_of(Call({"cookie": text}, "127.0.0.1", "POST"))
    name, password = read_basic(text)
    if not name or not password:
        raise AssertionError("no name, or no password")


def one_input(data: bytes) -> None:
    given = atheris.FuzzedDataProvider(data)
    try:
        (_changed if given.ConsumeBool() else _parsed)(given)
    except ApiError as error:
        if error.kind is not ErrorKind.NOT_AUTHENTICATED:
            raise


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
