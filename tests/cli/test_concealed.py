"""Secrets among a command's arguments cannot be read in the list of processes, and mean what they mean elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelkeep.cli.concealed import without_secrets

_SECRET = "wonderland-7"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("serve --database postgresql://alma:pw@db/models", "serve --database postgresql://alma:***@db/models"),
        ("serve --database=postgresql://db/m?password=pw", "serve --database=postgresql://db/m?password=***"),
        ("import mlflow postgresql://alma:pw@db/x", "import mlflow postgresql://alma:***@db/x"),
        ("serve --oidc-client-secret pw --port 0", "serve --oidc-client-secret *** --port 0"),
        ("serve --oidc-client-secret=pw", "serve --oidc-client-secret=***"),
        ("serve --oidc-client-secret", "serve --oidc-client-secret"),
        ("workspace list --json", "workspace list --json"),
    ],
)
def test_what_is_secret_is_not_shown(written: str, shown: str) -> None:
    assert " ".join(without_secrets(written.split())) == shown


@pytest.mark.parametrize("flag", ["--oidc-client-secret", "--read-replica"])
def test_a_command_that_runs_is_listed_without_its_secret_and_goes_by_it(flag: str) -> None:
    value = _SECRET if flag == "--oidc-client-secret" else f"postgresql://alma:{_SECRET}@db/models"
    told = (
        "import pathlib, sys; from modelkeep.cli import main;"
        "main._run = lambda arguments: print(arguments, pathlib.Path('/proc/self/cmdline').read_bytes(), sep='\\n');"
        "main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", told, "serve", flag, value], capture_output=True, text=True, timeout=60, check=True
    )
    arguments, listed = done.stdout.splitlines()
    assert value in arguments
    assert _SECRET not in listed
    assert "***" in listed


def test_a_server_keeps_its_number_and_hides_the_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "modelkeep", "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    server = subprocess.Popen([*command, "--oidc-client-secret", _SECRET], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        assert "modelkeep serves" in server.stderr.readline()
        listed = Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")
        assert "***" in listed
        assert _SECRET not in listed
        assert "MODELKEEP_ARGUMENTS=" in Path(f"/proc/{server.pid}/environ").read_text()
    finally:
        server.terminate()
        server.communicate(timeout=30)
