"""PgBouncer in transaction mode in front of a PostgreSQL: each transaction may run on another of its connections."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.own_postgres import OwnPostgres, free_port

_SECONDS = 20
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={target} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 100
logfile = {home}/log
pidfile = {home}/pid
"""


@contextmanager
def pgbouncer(postgres: OwnPostgres) -> Iterator[str]:
    """The URL that leads through it."""
    program = shutil.which("pgbouncer", path=_PATH)
    if program is None:
        pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")
    with tempfile.TemporaryDirectory(prefix="modelkeep-pgbouncer-") as folder:
        home, port = Path(folder), free_port()
        (home / "settings").write_text(_SETTINGS.format(target=postgres.port, port=port, home=home))
        # It refuses to be root.
        if postgres.user:
            shutil.chown(home, postgres.user)
        running = subprocess.Popen([program, "-q", str(home / "settings")], user=postgres.user, cwd=home)
        try:
            _wait_for(port)
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(_SECONDS)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return
