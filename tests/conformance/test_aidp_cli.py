"""The `aidp` command over https, trusting a certificate that `modelkeep tls self-signed` made."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.api_key import FINGERPRINT, TENANCY, USER, private_key
from tests.support.server import RunningServer

AIDP = Path(sysconfig.get_path("scripts")) / "aidp"


@dataclass
class Aidp:
    """Runs `aidp` as a person at a shell does."""

    url: str
    config: Path
    certificate: Path

    def run(self, *arguments: str) -> tuple[int, Any]:
        """The exit code, and the document that it printed."""
        options = ("--config-file", str(self.config), "--auth", "api_key")
        done = subprocess.run(
            [AIDP, *options, "--endpoint", self.url, "--instance-id", "default", *arguments],
            env={"PATH": os.defpath, "HOME": str(self.config.parent), "REQUESTS_CA_BUNDLE": str(self.certificate)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.stdout.startswith("Response:"), done.stdout
        return done.returncode, json.loads(done.stdout.removeprefix("Response:"))

    def ok(self, *arguments: str) -> Any:
        """The data of a call that must succeed."""
        code, answer = self.run(*arguments)
        assert (code, answer["status"]) == (0, 200), answer
        return answer["data"]


@pytest.fixture(scope="module")
def aidp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aidp]:
    """The command, its configuration, and a server that it can trust."""
    home = tmp_path_factory.mktemp("aidp")
    made = subprocess.run(
        [sys.executable, "-m", "modelkeep", "tls", "self-signed", str(home)],
        check=True,
        capture_output=True,
        text=True,
    )
    certificate, key = made.stdout.split()
    config, api_key = home / "config", home / "api_key.pem"
    api_key.write_text(private_key())
    config.write_text(
        f"[DEFAULT]\nuser={USER}\ntenancy={TENANCY}\nfingerprint={FINGERPRINT}\n"
        f"region=us-ashburn-1\nkey_file={api_key}\n"
    )
    config.chmod(0o600)
    api_key.chmod(0o600)
    with RunningServer(home / "data", "--tls-cert", certificate, "--tls-key", key) as server:
        assert server.url.startswith("https://localhost:")
        yield Aidp(server.url, config, Path(certificate))


def test_a_version_is_created_and_listed(aidp: Aidp) -> None:
    aidp.ok("mlops", "create-registered-model", "--body", '{"name": "scorer"}')
    body = {"name": "scorer", "source": "s3://models/scorer", "tags": [{"key": "team", "value": "risk"}]}
    created = aidp.ok("mlops", "create-workspace-model-version", "default", "--body", json.dumps(body))
    assert created["model_version"]["version"] == "1"
    listed = aidp.ok("mlops", "list-model-versions", "--filter", "name = 'scorer'")
    assert listed["model_versions"] == [created["model_version"]]


def test_a_workspace_is_created_and_listed(aidp: Aidp) -> None:
    created = aidp.ok("workspace", "create", "--body", '{"displayName": "Fraud Lab"}')
    listed = aidp.ok("workspace", "list")
    assert [workspace["key"] for workspace in listed["items"]] == ["fraud-lab", "default"]
    assert listed["items"][0] == created


def test_an_error_is_shown_with_status_code_message_and_request_id(aidp: Aidp) -> None:
    code, answer = aidp.run("mlops", "get-registered-model", "--name", "none", "--opc-request-id", "check-42")
    assert code != 0
    assert answer == {
        "status": 404,
        "code": "NotAuthorizedOrNotFound",
        "message": "Registered Model with name=none not found",
        "opc-request-id": "check-42",
    }
