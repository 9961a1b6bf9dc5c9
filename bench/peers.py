"""The servers that are measured: started on a free port as their users start them, and always stopped."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from compileall import compile_dir
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import modelkeep as installed
from bench import processes
from bench.calls import Refused, call

MODELKEEP, FLOOR, ASGI_FLOOR, MLFLOW = "modelkeep", "floor", "ASGI floor", "mlflow server"
FORGETFUL = "modelkeep, remembering nothing"
TWO_WORKERS = "modelkeep, two workers"
NOBODY, BY_TOKEN, BY_SIGNATURE, BY_PASSWORD = "nobody logs in", "by token", "by signature", "by password"
LOG_INS = (NOBODY, BY_TOKEN, BY_SIGNATURE, BY_PASSWORD)
"""Servers of modelkeep that differ in how one logs in."""
FASTTRACKML, FILES, LATE_FILES, NGINX = "fml server", "plain Granian", "plain Granian, not flushing", "nginx"
FASTTRACKML_HOME = Path(sys.prefix) / "fasttrackml"
"""`make bench` installs it there, apart from the other packages: its Python half asks for an older MLflow."""
TENANT_API = "/20260430/aiDataPlatforms/bench/workspaces/default/mlops/api/2.0/mlflow/"
MLFLOW_API = "/api/2.0/mlflow/"
_FIRST_REQUEST = MLFLOW_API + "registered-models/search?max_results=1"
# MLflow makes its tables by fifty migrations: a loaded machine takes minutes for them and its workers. One that has
# ended is noticed at once, so that nobody waits in vain.
_START_SECONDS = 900
_WAIT_SECONDS = 0.003


class CannotStart(Exception):
    """A server did not come up."""


class NotInstalled(CannotStart):
    """A server is not on this machine."""


class Started(msgspec.Struct):
    """Seconds from exec to the first 200 of /health and to the first answer of the API; processor time until then."""

    health: float
    first_answer: float
    cpu: float


@dataclass(frozen=True)
class Peer:
    """A running server."""

    name: str
    api: str
    port: int
    pid: int
    started: Started
    known: dict[str, str] = field(default_factory=dict)
    """The ids that it gave to what was prepared on it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def modelkeep(home: Path, name: str = MODELKEEP, *flags: str) -> Iterator[Peer]:
    """`modelkeep serve` with its defaults, but for the flags: durable, its access log on and written to a file.

    Its modules are compiled before, as pip does with all that it installs: a checkout may not be.
    """
    compile_dir(Path(installed.__file__).parent, quiet=1)
    port = free_port()
    command = [sys.executable, "-m", "modelkeep", "serve", "--data", str(home / "data"), "--port", str(port)]
    command += flags
    with _running(name, TENANT_API, command, port, home) as peer:
        yield peer


@contextmanager
def floor(home: Path, interface: str, answers: dict[str, bytes]) -> Iterator[Peer]:
    """One of the two floors, answering what modelkeep answered."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    stored = home / "answers"
    stored.write_bytes(msgspec.msgpack.encode(answers))
    command = [sys.executable, "-m", "bench.floor", interface, str(port), str(stored)]
    with _running(FLOOR if interface == "rsgi" else ASGI_FLOOR, TENANT_API, command, port, home) as peer:
        yield peer


@contextmanager
def mlflow(home: Path, store: str) -> Iterator[Peer]:
    """`mlflow server` on its database with its defaults, four workers among them; only its telemetry is off."""
    port = free_port()
    executable = Path(sys.executable).with_name("mlflow")
    if not executable.exists():
        raise NotInstalled("mlflow is not installed here: pip install -e '.[bench]', or run with --no-mlflow")
    command = [str(executable), "server", "--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(port)]
    with _running(MLFLOW, MLFLOW_API, command, port, home) as peer:
        yield peer


@contextmanager
def fasttrackml(home: Path) -> Iterator[Peer]:
    """`fml server` on SQLite with its defaults."""
    port = free_port()
    executable = FASTTRACKML_HOME / "bin" / "fml"
    if not executable.exists():
        raise NotInstalled("not installed here: `make bench` installs it, where its package is for this machine")
    command = [str(executable), "server", "--listen-address", f"127.0.0.1:{port}"]
    command += ["--database-uri", f"sqlite://{home / 'fasttrackml.db'}"]
    with _running(FASTTRACKML, MLFLOW_API, command, port, home) as peer:
        yield peer


@contextmanager
def files(home: Path, name: str = FILES) -> Iterator[Peer]:
    """One of the two floors of artifacts."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.files", str(port), str(home), "1" if name == FILES else "0"]
    with _running(name, MLFLOW_API, command, port, home) as peer:
        yield peer


_NGINX = """\
daemon off; worker_processes 1; pid {home}/pid; error_log stderr;
events {{}}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {home}/coming;
  proxy_temp_path {home}/unused; fastcgi_temp_path {home}/unused; uwsgi_temp_path {home}/unused;
  scgi_temp_path {home}/unused;
  server {{
    listen 127.0.0.1:{port}; root {home}/files; dav_methods PUT; create_full_put_path on; sendfile on;
    location = /health {{ return 200; }}
    location = /api/2.0/mlflow/registered-models/search {{ return 200; }}
  }}
}}
"""


@contextmanager
def nginx(home: Path) -> Iterator[Peer]:
    """nginx with one worker, which keeps what is put and sends files by the kernel."""
    port = free_port()
    executable = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if executable is None:
        raise NotInstalled("not installed here")
    # Started as root, it would write as another user.
    user = "user root; " if os.geteuid() == 0 else ""
    (home / "files").mkdir(parents=True, exist_ok=True)
    (home / "conf").write_text(user + _NGINX.format(home=home, port=port))
    command = [executable, "-p", str(home), "-e", "stderr", "-c", str(home / "conf")]
    with _running(NGINX, MLFLOW_API, command, port, home) as peer:
        yield peer


@contextmanager
def _running(name: str, api: str, command: list[str], port: int, home: Path) -> Iterator[Peer]:
    home.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MODELKEEP_", "MLFLOW_"))}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    # The floors are imported from this checkout, and the servers run where they may leave files.
    checkout = str(Path(__file__).parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (checkout, environment.get("PYTHONPATH"))))
    with (home / "stdout").open("wb") as output, (home / "stderr").open("wb") as problems:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=problems, cwd=home, env=environment, start_new_session=True
        )
        try:
            health = _first_answer(process, port, "/health", begun, home)
            # A floor has an answer for every path, so this asks it the same and means nothing.
            answer = _first_answer(process, port, _FIRST_REQUEST, begun, home)
            yield Peer(name, api, port, process.pid, Started(health, answer, processes.cpu_seconds(process.pid)))
        finally:
            processes.stop(process)


def _first_answer(process: subprocess.Popen[bytes], port: int, path: str, begun: float, home: Path) -> float:
    """Seconds since `begun` when the path was answered with 2xx."""
    while time.perf_counter() - begun < _START_SECONDS:
        if process.poll() is not None:
            break
        try:
            call(port, "GET", path)
        except (OSError, Refused):
            time.sleep(_WAIT_SECONDS)
        else:
            return time.perf_counter() - begun
    raise CannotStart(f"{' '.join(process.args)}: {(home / 'stderr').read_text()[-800:]}")  # type: ignore[arg-type]
