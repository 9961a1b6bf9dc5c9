"""`python -m bench.clients`: thousands of kept-alive connections, and what the others notice of the slow among them."""

import argparse
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from bench import machine, peers, processes
from bench.calls import call, raw
from bench.page import fill_section
from bench.peers import Peer
from bench.plan import Outcome, Plan, run_apart
from bench.prepare import READ_MODEL, WRITE_MODEL, create_request
from bench.tables import number, table

_SLOW = 200


class Measured(msgspec.Struct):
    """One load: who asked, what came of it, and the server's memory at its highest, MiB."""

    what: str
    clients: int
    outcome: Outcome
    peak: float


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    _allow_files(options.clients * 2 + 1_000)
    with tempfile.TemporaryDirectory(prefix="modelkeep-clients-") as home, ExitStack() as stack:
        described = machine.describe(Path(home))
        peer = stack.enter_context(peers.modelkeep(Path(home), "modelkeep"))
        idle = processes.memory(peer.pid).resident
        measured = list(_measure(peer, stack, options))
    rows = [_row(one) for one in measured]
    head = ("", "clients", "answers/s", "p50 ms", "p99 ms", "errors", "most MiB")
    shown = table(head, rows)
    print(shown)
    lines = "\n".join(f"- {line}" for line in described.lines())
    text = f"Measured on {time.strftime('%Y-%m-%d')} by `make clients`, idle {idle:.0f} MiB, on:\n\n{lines}\n\n{shown}"
    if options.docs:
        fill_section(options.docs / "performance.md", "clients", text)
        kept = options.docs / "measured" / "clients.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
    return 1 if any(one.outcome.errors for one in measured) else 0


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--clients", type=int, default=2_000, help="kept-alive connections (2000)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each load (5)")
    parser.add_argument("--docs", type=Path, help="write the table into this folder's performance.md, JSON beside")
    return parser.parse_args(arguments)


def _measure(peer: Peer, stack: ExitStack, options: Any) -> Sequence[Measured]:
    call(peer.port, "POST", "/api/3.0/mlflow/workspaces", {"name": "bench"})
    for model in (READ_MODEL, WRITE_MODEL):
        call(peer.port, "POST", peer.api + "registered-models/create", {"name": model})
    create = create_request(peer, WRITE_MODEL)
    get = raw("GET", f"{peer.api}registered-models/get?name={READ_MODEL}", peer.port)

    def load(what: str, clients: int, request: bytes) -> Measured:
        processes.forget_peaks(peer.pid)
        outcome = run_apart(Plan(port=peer.port, clients=clients, requests=[request], seconds=options.seconds))
        measured = Measured(what, clients, outcome, processes.peak(peer.pid))
        print(" ".join(_row(measured)), file=sys.stderr, flush=True)
        return measured

    found = [load("create, nobody else", 64, create)]
    found.append(load("get, all at once", options.clients, get))
    found.append(load("create, all at once", options.clients, create))
    _silent(stack, peer, options.clients, b"")
    found.append(load(f"create, beside {options.clients} that are silent", 64, create))
    _silent(stack, peer, _SLOW, create[: len(create) // 2])
    found.append(load(f"create, and {_SLOW} that have sent half", 64, create))
    _silent(stack, peer, _SLOW, raw("GET", f"{peer.api}model-versions/search?max_results=2000", peer.port))
    found.append(load(f"create, and {_SLOW} that do not read", 64, create))
    return found


def _silent(stack: ExitStack, peer: Peer, count: int, sent: bytes) -> None:
    """Connections that send so much, and nothing more until the end."""
    for _ in range(count):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", peer.port), timeout=30))
        if sent:
            connection.sendall(sent)


def _row(one: Measured) -> tuple[str, ...]:
    outcome = one.outcome
    times = (number(outcome.p50_ms, 1), number(outcome.p99_ms, 1))
    return (
        one.what,
        str(one.clients),
        number(outcome.rate),
        *times,
        str(sum(outcome.errors.values())),
        number(one.peak),
    )


def _allow_files(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise SystemExit(f"at most {hard} files may be open here, {count} are needed: ulimit -Hn, or fewer --clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _terminated(number: int, frame: object) -> None:
    """End as on Ctrl-C: through the blocks that stop the server."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
