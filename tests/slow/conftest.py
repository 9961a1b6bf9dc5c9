"""Environments with the newest release of each major version of MLflow.

They are kept below that of the tests, so that only what is new is installed the next time.
"""

import fcntl
import subprocess
import sys
import venv
from pathlib import Path

import pytest

_ENVIRONMENTS = Path(sys.prefix) / "mlflow-releases"
_SECONDS = 900


@pytest.fixture(params=["2", "3"])
def python(request: pytest.FixtureRequest) -> str:
    """The interpreter of an environment with that version of MLflow and what the example needs beside it."""
    place = _ENVIRONMENTS / request.param
    interpreter = str(place / "bin" / "python")
    _ENVIRONMENTS.mkdir(exist_ok=True)
    with (_ENVIRONMENTS / f"{request.param}.lock").open("w") as lock:
        # Two tests may want it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(request.param, place, interpreter)
    return interpreter


def _install(version: str, place: Path, interpreter: str) -> None:
    if not (place / "bin" / "pip").exists():
        venv.create(place, with_pip=True)
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    # MLflow 2 asks SQLAlchemy for a class that 2.1 has no more.
    wanted = [f"mlflow=={version}.*", "sqlalchemy<2.1", "scikit-learn", "matplotlib"]
    subprocess.run([*pip, *wanted], check=True, timeout=_SECONDS)
