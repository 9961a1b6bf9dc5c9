"""`python -m bench.auth`: what it costs to know who calls. Versions are created by each way to log in, in one run.

The ways alternate within each round, and are compared with a server where nobody has to log in.
"""

import argparse
import base64
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from email.utils import formatdate
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.calls import raw
from bench.peers import Peer, modelkeep
from bench.plan import Plan, run_apart
from bench.processes import cpu_seconds

_ADMIN, _PASSWORD = "root", "benchmark-password"
_MODEL = "fraud"
_API = "/api/2.0/mlflow/"
_USERS = "/api/3.0/modelkeep/users"
_DIFFERENT = 500
_WARM_UP = 0.5
_WANTED = {"bearer": 0.9, "signed": 0.7}


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(prog="python -m bench.auth", description=__doc__)
    options.add_argument("--clients", type=int, default=64)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args(arguments)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modelkeep-bench-")))
        for name in ("open", "guarded"):
            (home / name).mkdir()
        unlocked = stack.enter_context(modelkeep(home / "open", "open"))
        guarded = stack.enter_context(modelkeep(home / "guarded", "guarded"))
        ways = {"open": (unlocked, _nothing), **{way: (guarded, header) for way, header in _log_ins(guarded).items()}}
        for peer, header in (ways["open"], ways["bearer"]):
            _call(peer, header, "registered-models/create", {"name": _MODEL})
        found: dict[str, list[Round]] = {way: [] for way in ways}
        for _ in range(chosen.rounds):
            for way, (peer, header) in ways.items():
                found[way].append(_round(peer, header, chosen.clients, chosen.seconds))
    print(f"Creates a second, {chosen.clients} clients, median of {chosen.rounds} rounds of {chosen.seconds} s\n")
    print("| log-in | creates/s | of open mode | wanted | CPU µs |\n|---|---:|---:|---:|---:|")
    for way, rounds in found.items():
        of_open = median(one.rate / before.rate for one, before in zip(rounds, found["open"], strict=True))
        rate, cpu_us = median(one.rate for one in rounds), median(one.cpu_us for one in rounds)
        print(f"| {way} | {rate:,.0f} | {of_open:.2f} | {_WANTED.get(way, '')} | {cpu_us:.0f} |")
    return 0


class Round(NamedTuple):
    """Creations a second, and what one took of the server's processor time, in microseconds."""

    rate: float
    cpu_us: float


Header = Callable[[Peer, str, bytes], bytes]
"""From a path and a body to the headers that prove who sends them."""


def _nothing(peer: Peer, path: str, body: bytes) -> bytes:
    return b""


def _same(authorization: str, peer: Peer, path: str, body: bytes) -> bytes:
    return f"authorization: {authorization}\r\n".encode()


def _log_ins(peer: Peer) -> dict[str, Header]:
    """Make the server's first user, and what it can log in by."""
    _send(peer, b"", _USERS, {"name": _ADMIN, "password": _PASSWORD, "is_administrator": True})
    password = partial(_same, "Basic " + base64.b64encode(f"{_ADMIN}:{_PASSWORD}".encode()).decode())
    proof = password(peer, "", b"")
    token = _send(peer, proof, f"{_USERS}/{_ADMIN}/tokens", {"name": "bench"})["token"]
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    added = _send(peer, proof, f"{_USERS}/{_ADMIN}/keys", {"public_key": pem})
    signed = partial(_signed, key, added["api_key"]["key_id"])
    return {"bearer": partial(_same, f"Bearer {token}"), "signed": signed, "password": password}


def _signed(key: rsa.RSAPrivateKey, key_id: str, peer: Peer, path: str, body: bytes) -> bytes:
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
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    return (
        f"date: {lines['date']}\r\nx-content-sha256: {digest}\r\n"
        f'authorization: Signature algorithm="rsa-sha256",headers="{" ".join(lines)}",keyId="{key_id}",'
        f'signature="{signature}",version="1"\r\n'
    ).encode()


def _round(peer: Peer, header: Header, clients: int, seconds: float) -> Round:
    """One round. Requests are signed before the clocks start, for a date holds five minutes."""
    path = f"{_API}model-versions/create"
    requests = []
    for number in range(_DIFFERENT):
        tags = [{"key": "team", "value": "risk"}, {"key": "build", "value": f"{number:032}"}]
        body = json.dumps({"name": _MODEL, "source": f"s3://models/{_MODEL}/artifacts/model", "tags": tags}).encode()
        requests.append(raw("POST", path, peer.port, header(peer, path, body), body))
    used = cpu_seconds(peer.pid)
    found = run_apart(Plan(port=peer.port, clients=clients, requests=requests, seconds=seconds, warm_up=_WARM_UP))
    if found.errors:
        raise SystemExit(f"bench.auth: {found.errors}: {found.sample}")
    return Round(found.rate, (cpu_seconds(peer.pid) - used) / found.answered * 1e6)


def _call(peer: Peer, header: Header, operation: str, fields: dict[str, Any]) -> None:
    path = f"{_API}{operation}"
    _send(peer, header(peer, path, json.dumps(fields).encode()), path, fields)


def _send(peer: Peer, headers: bytes, path: str, fields: dict[str, Any]) -> dict[str, Any]:
    sent = {name: value for name, _, value in (line.partition(": ") for line in headers.decode().splitlines())}
    request = Request(
        f"http://127.0.0.1:{peer.port}{path}",
        json.dumps(fields).encode(),
        {"content-type": "application/json", **sent},
        method="POST",
    )
    with urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
