"""Artifacts pass through; the server does not hold them."""

from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.support.server import RunningServer

_MIB = 1024 * 1024
_SIZE = 200 * _MIB
_MOST_GROWTH = 50 * _MIB
_URL = "/api/2.0/mlflow-artifacts/artifacts/large.bin"


def _resident(server: RunningServer, what: str) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024


def _chunks() -> Iterator[bytes]:
    chunk = bytes(range(256)) * 4096
    for _ in range(_SIZE // len(chunk)):
        yield chunk


def test_a_large_artifact_goes_up_and_down_in_little_memory(own_server: RunningServer) -> None:
    with httpx.Client(base_url=own_server.url, timeout=60) as client:
        client.put("/api/2.0/mlflow-artifacts/artifacts/small", content=b"x").raise_for_status()
        before = _resident(own_server, "VmRSS")
        client.put(_URL, content=_chunks(), headers={"content-length": str(_SIZE)}).raise_for_status()
        received = 0
        with client.stream("GET", _URL) as answer:
            for chunk in answer.iter_raw(_MIB):
                received += len(chunk)
    assert received == _SIZE
    assert _resident(own_server, "VmHWM") - before < _MOST_GROWTH
