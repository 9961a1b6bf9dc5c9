"""What it costs to know who calls: versions created by each way to log in, and where nobody has to.

Each has a server of its own, so that all have as many versions; the requests differ only in what proves who sends them.
"""

import base64
import hashlib
from email.utils import formatdate

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bench.calls import call, call_json, raw
from bench.course import Course
from bench.peers import BY_PASSWORD, BY_SIGNATURE, BY_TOKEN, NOBODY, Peer
from bench.plan import MARKER
from bench.prepare import WRITE_MODEL
from bench.work import Requests, Scenario

_ADMIN, _PASSWORD = "root", "benchmark-password"
_USERS = "/api/3.0/modelkeep/users"
_DIFFERENT = 500
_AUTHORIZATION, _KEY_ID, _KEY = "authorization", "key id", "key"


def prepare_log_in(peer: Peer) -> None:
    """A model, then a user: from then on everyone has to log in, and `known` has what for."""
    call(peer.port, "POST", peer.api + "registered-models/create", {"name": WRITE_MODEL})
    if peer.name == NOBODY:
        return
    user = {"name": _ADMIN, "password": _PASSWORD, "is_administrator": True}
    call(peer.port, "POST", _USERS, user)
    by_password = "Basic " + base64.b64encode(f"{_ADMIN}:{_PASSWORD}".encode()).decode()
    proof = {_AUTHORIZATION: by_password}
    if peer.name == BY_PASSWORD:
        peer.known[_AUTHORIZATION] = by_password
    elif peer.name == BY_TOKEN:
        made = call_json(peer.port, "POST", f"{_USERS}/{_ADMIN}/tokens", {"name": "bench"}, proof)
        peer.known[_AUTHORIZATION] = f"Bearer {made['token']}"
    else:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        added = call_json(peer.port, "POST", f"{_USERS}/{_ADMIN}/keys", {"public_key": pem}, proof)
        peer.known[_KEY_ID] = added["api_key"]["key_id"]
        peer.known[_KEY] = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _creations(peer: Peer, course: Course) -> Requests:
    """Signed before any clock starts: a date holds for five minutes, and all windows are over by then."""
    path = peer.api + "model-versions/create"
    source = f"s3://models/{WRITE_MODEL}/artifacts/model"
    requests = []
    for number in range(_DIFFERENT):
        tags = f'[{{"key":"team","value":"risk"}},{{"key":"build","value":"{number:032}"}}]'
        body = f'{{"name":"{WRITE_MODEL}","source":"{source}","tags":{tags}}}'.encode()
        headers = b"opc-retry-token: %s\r\n%s" % (MARKER, _proof(peer, path, body))
        requests.append(raw("POST", path, peer.port, headers, body))
    return Requests(peer, requests)


def _proof(peer: Peer, path: str, body: bytes) -> bytes:
    if peer.name == BY_SIGNATURE:
        return _signature(peer, path, body)
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in peer.known.items() if name == _AUTHORIZATION)


def _signature(peer: Peer, path: str, body: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    lines = {
        "date": formatdate(usegmt=True),
        "(request-target)": f"post {path}",
        "host": f"127.0.0.1:{peer.port}",
        "content-length": str(len(body)),
        "content-type": "application/json",
        "x-content-sha256": digest,
    }
    text = "\n".join(f"{name}: {value}" for name, value in lines.items())
    key = load_pem_private_key(peer.known[_KEY].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    return (
        f"date: {lines['date']}\r\nx-content-sha256: {digest}\r\n"
        f'authorization: Signature algorithm="rsa-sha256",headers="{" ".join(lines)}",'
        f'keyId="{peer.known[_KEY_ID]}",signature="{signature}",version="1"\r\n'
    ).encode()


LOGGED_IN = Scenario("create, logged in", "Create a version as a user who has logged in", _creations, beside=NOBODY)
