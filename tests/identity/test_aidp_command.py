"""Oracle's `aidp` command with the profiles that `modelkeep key add` and `modelkeep token session` print."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.identity.people import PASSWORD, key_pair
from tests.support.command import run
from tests.support.server import RunningServer

_AIDP = Path(sysconfig.get_path("scripts")) / "aidp"


@dataclass
class Home:
    """A person's home, with `~/.oci/config` in it."""

    folder: Path
    server: RunningServer
    certificate: str

    def profile(self, printed: str, private: str = "") -> None:
        """Take over the profile that a command printed."""
        if private:
            (self.folder / "key.pem").write_text(private)
            (self.folder / "key.pem").chmod(0o600)
        self.config.write_text(printed.replace("<the private key>", str(self.folder / "key.pem")))
        self.config.chmod(0o600)

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def aidp(self, auth: str) -> Any:
        """What the command answers to a list of models."""
        options = ("--config-file", self.config, "--auth", auth, "--endpoint", self.server.url)
        done = subprocess.run(
            [_AIDP, *options, "--instance-id", "default", "mlops", "list-registered-models"],
            env={"PATH": os.defpath, "HOME": str(self.folder), "REQUESTS_CA_BUNDLE": self.certificate},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.startswith("Response:"), done.stdout
        return json.loads(done.stdout.removeprefix("Response:"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    certificate, key = run("tls", "self-signed", folder).output.split()
    data = folder / "data"
    made = run("user", "create", "alma", "--admin", "--password-stdin", "--data", data, given=PASSWORD + "\n")
    assert made.code == 0, made
    with RunningServer(data, "--tls-cert", certificate, "--tls-key", key) as server:
        yield Home(folder, server, certificate)


def test_a_key_lets_the_command_in_until_it_is_revoked(home: Home) -> None:
    private, public = key_pair()
    (home.folder / "public.pem").write_text(public)
    data = home.server.data
    added = run("key", "add", "alma", "--public-key", home.folder / "public.pem", "--data", data)
    assert added.code == 0, added
    home.profile(added.output, private)
    assert home.aidp("api_key")["status"] == 200
    (listed,) = run("key", "list", "alma", "--json", "--data", data).json
    assert f"fingerprint={listed['fingerprint']}\n" in added.output
    assert run("key", "revoke", "alma", listed["fingerprint"], "--data", data).code == 0
    answer = home.aidp("api_key")
    assert (answer["status"], answer["code"]) == (401, "NotAuthenticated")


def test_a_session_token_lets_the_command_in_and_only_its_owner_can_read_it(home: Home) -> None:
    folder = home.folder / "session"
    made = run("token", "session", "alma", folder, "--minutes", "5", "--data", home.server.data)
    assert made.code == 0, made
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "session_key.pem": 0o600,
        "session_token": 0o600,
    }
    home.profile(made.output)
    assert home.aidp("security_token")["status"] == 200
