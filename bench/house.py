"""The servers of a run, each started when something is first measured on it, with the data that this needs."""

import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from bench import peers, processes
from bench.calls import Refused, call
from bench.log_ins import prepare_log_in
from bench.measure import Unmeasured
from bench.peers import (
    ASGI_FLOOR,
    FASTTRACKML,
    FILES,
    FLOOR,
    FORGETFUL,
    LATE_FILES,
    LOG_INS,
    MLFLOW,
    MODELKEEP,
    NGINX,
    TWO_WORKERS,
    NotInstalled,
    Peer,
)
from bench.postgres import Databases
from bench.prepare import Unprepared, prepare_mlflow, prepare_modelkeep
from bench.processes import Memory
from bench.registry import sample_answers
from bench.runs import prepare_runs, prepare_runs_of_mlflow
from bench.scenarios import Group

_SETTLE_SECONDS = 3
_QUIET = 0.1
_LONGEST_SETTLE_SECONDS = 45


class House:
    """Who runs, what each held when idle, and who is not installed."""

    def __init__(
        self,
        home: Path,
        stack: ExitStack,
        tell: Callable[[str], None],
        without: Collection[str],
        databases: Databases | None,
    ) -> None:
        self._home = home
        self._stack = stack
        self._tell = tell
        self._without = without
        self._databases = databases
        self._prepared: set[tuple[str, str]] = set()
        self.running: dict[str, Peer] = {}
        self.idle: dict[str, Memory] = {}
        self.absent: dict[str, str] = {}

    def furnish(self, group: Group) -> list[Unmeasured]:
        """Start who takes part and make the data; who cannot be prepared for it is told."""
        lacking = []
        for server in dict.fromkeys(server for server, _ in group.entries):
            if server in self._without or server in self.absent or not self._here(server):
                continue
            if (server, group.needs) not in self._prepared:
                try:
                    self._prepare(self.running[server], group.needs)
                except (Unprepared, Refused, OSError) as error:
                    self._tell(f"{server} is not prepared: {error}")
                    lacking += [Unmeasured(server, what, str(error)) for name, what in group.entries if name == server]
                else:
                    self._prepared.add((server, group.needs))
        return lacking

    def ready(self, group: Group) -> dict[str, Peer]:
        """Who can be measured."""
        return {name: peer for name, peer in self.running.items() if (name, group.needs) in self._prepared}

    def _here(self, server: str) -> bool:
        """Whether it runs by now. Only MLflow has to."""
        if server not in self.running:
            try:
                self.start(server)
            except NotInstalled as reason:
                if server == MLFLOW:
                    raise
                self.absent[server] = str(reason)
                self._tell(f"{server}: {reason}")
        return server in self.running

    def start(self, server: str) -> Peer:
        """Start a server and wait until it rests."""
        peer = self._stack.enter_context(self._server(server))
        self._tell(f"{server} answers after {peer.started.health:.2f} s")
        self.running[server] = peer
        self.idle[server] = _idle(peer)
        if server in (MODELKEEP, FORGETFUL, TWO_WORKERS, *LOG_INS):
            call(peer.port, "POST", "/api/3.0/mlflow/workspaces", {"name": "bench"})
        return peer

    def _server(self, server: str) -> AbstractContextManager[Peer]:
        starters: dict[str, Callable[[Path], AbstractContextManager[Peer]]] = {
            MODELKEEP: lambda home: peers.modelkeep(home, MODELKEEP, *self._flags(MODELKEEP)),
            FORGETFUL: lambda home: peers.modelkeep(home, FORGETFUL, "--remembered-answers", "0"),
            TWO_WORKERS: lambda home: peers.modelkeep(home, TWO_WORKERS, "--workers", "2", *self._flags(TWO_WORKERS)),
            FLOOR: lambda home: peers.floor(home, "rsgi", sample_answers(self.running[MODELKEEP])),
            ASGI_FLOOR: lambda home: peers.floor(home, "asgi", sample_answers(self.running[MODELKEEP])),
            MLFLOW: lambda home: peers.mlflow(home, self._store()),
            FASTTRACKML: peers.fasttrackml,
            FILES: peers.files,
            LATE_FILES: lambda home: peers.files(home, LATE_FILES),
            NGINX: peers.nginx,
        }
        if server in LOG_INS:
            return peers.modelkeep(self._folder(server), server)
        return starters[server](self._folder(server))

    def _flags(self, server: str) -> list[str]:
        """Where a server of modelkeep keeps what it is given, if not in SQLite."""
        return ["--database", self._databases.of(server)] if self._databases else []

    def _store(self) -> str:
        """MLflow's database as MLflow names it."""
        if self._databases is None:
            return f"sqlite:///{self._folder(MLFLOW) / 'mlflow.db'}"
        return "postgresql+psycopg:" + self._databases.of(MLFLOW).partition(":")[2]

    def _folder(self, server: str) -> Path:
        return self._home / server.replace(" ", "-").replace(",", "")

    def _prepare(self, peer: Peer, needs: str) -> None:
        if peer.name in (FLOOR, ASGI_FLOOR):
            return
        begun = time.perf_counter()
        match needs, peer.name == MLFLOW:
            case "models", True:
                prepare_mlflow(peer, self._store())
            case "models", False:
                prepare_modelkeep(peer)
            case "runs", True:
                prepare_runs_of_mlflow(peer, self._store())
            case "runs", False:
                prepare_runs(peer)
            case "users", _:
                prepare_log_in(peer)
            case _:
                return
        self._tell(f"{peer.name} has its {needs} after {time.perf_counter() - begun:.1f} s")


def _idle(peer: Peer) -> Memory:
    """The memory once the server rests: MLflow goes on starting processes for long after it answers."""
    give_up = time.perf_counter() + _LONGEST_SETTLE_SECONDS
    while time.perf_counter() < give_up:
        used = processes.cpu_seconds(peer.pid)
        time.sleep(_SETTLE_SECONDS)
        if processes.cpu_seconds(peer.pid) - used < _QUIET * _SETTLE_SECONDS:
            break
    return processes.memory(peer.pid)
