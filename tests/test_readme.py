"""The README's snippets do what the README says: each is run as printed, but for the port."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import RunningServer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
_SNIPPET = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = re.compile(r"^print\(.*\)  # (?P<output>.+)$", re.MULTILINE)
_SERVED_AT = re.compile(r"(?P<host>https?://(?:127\.0\.0\.1|localhost)):5000")


def snippets(section: str, language: str) -> list[str]:
    """The snippets of a language below a heading, in their order."""
    _, heading, rest = README.partition(f"\n## {section}\n")
    assert heading, section
    text = rest.partition("\n## ")[0]
    return [match["text"] for match in _SNIPPET.finditer(text) if match["language"] == language]


class Shell:
    """A directory in which the project is installed, as after `make run`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / ".venv").symlink_to(sys.prefix)
        (directory / "examples").symlink_to(ROOT / "examples")
        self._environment = {
            "HOME": str(directory),
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def run(self, *command: str, port: int = 5000) -> str:
        """Run a command whose last word is the snippet; what it printed."""
        *words, snippet = command
        text = _SERVED_AT.sub(rf"\g<host>:{port}", snippet)
        done = subprocess.run(
            [*words, text],
            cwd=self.directory,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sh(self, snippet: str, port: int = 5000) -> str:
        return self.run("sh", "-euc", snippet, port=port)

    def python(self, snippet: str, port: int) -> str:
        return self.run(sys.executable, "-c", snippet, port=port)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty directory of the reader's."""
    return Shell(tmp_path)


@pytest.fixture
def port(shell: Shell) -> Iterator[int]:
    """The port of a server that was just started there."""
    with RunningServer(shell.directory / "modelkeep-data") as server:
        yield server.port


def documents(printed: str) -> list[Any]:
    """JSON documents that follow one another."""
    found, decoder, at = [], json.JSONDecoder(), printed.find("{")
    while at >= 0:
        document, end = decoder.raw_decode(printed, at)
        found.append(document)
        at = printed.find("{", end)
    return found


def test_the_curl_snippet_creates_and_finds_a_version(shell: Shell, port: int) -> None:
    (snippet,) = snippets("First steps with curl", "sh")
    model, created, found = documents(shell.sh(snippet, port))
    assert model["registered_model"]["name"] == "main.fraud.scorer"
    assert created["model_version"]["version"] == "1"
    assert found["model_versions"] == [created["model_version"]]


@pytest.mark.parametrize("section", ["First steps with MLflow's client", "First steps with Oracle's SDK"])
def test_a_python_snippet_prints_what_its_comments_say(shell: Shell, port: int, section: str) -> None:
    (snippet,) = snippets(section, "python")
    expected = [match["output"] for match in _PRINTED.finditer(snippet)]
    assert expected
    assert shell.python(snippet, port).splitlines() == expected


def test_the_example_trains_and_serves_at_the_bare_url_and_in_a_workspace(shell: Shell, port: int) -> None:
    (snippet,) = snippets("Train and serve", "sh")
    printed = shell.sh(snippet, port)
    for line in ("churn-scorer version 1 predicts that", "4 scorers were tried", "logged model scorer is READY"):
        assert printed.count(line) == 2


def test_the_aidp_snippets_create_and_list_a_version_over_https(shell: Shell) -> None:
    prepare, call = snippets("First steps with the aidp command", "sh")
    shell.sh(prepare)
    (start,) = snippets("First steps with the aidp command", "console")
    *variables, make, target = start.split()
    assert (make, target) == ("make", "run")
    environment = {
        name: str(shell.directory / file) for name, _, file in (variable.partition("=") for variable in variables)
    }
    with RunningServer(shell.directory / "modelkeep-data", environment=environment) as server:
        _, created, listed = documents(shell.sh(call, server.port))
    assert created["data"]["model_version"]["version"] == "1"
    assert listed["data"]["model_versions"] == [created["data"]["model_version"]]


def test_the_log_in_snippet_makes_an_administrator_who_is_known_by_a_token(shell: Shell, port: int) -> None:
    (snippet,) = snippets("First steps with log-ins", "sh")
    (current,) = documents(shell.sh(snippet, port))
    assert (current["user"]["username"], current["user"]["is_admin"]) == ("alma", True)


def test_the_settings_snippet_prints_where_a_setting_came_from(shell: Shell) -> None:
    (snippet,) = snippets("Settings", "sh")
    (settings,) = documents(shell.sh(snippet))
    assert settings["port"] == {"value": 8080, "from": "MODELKEEP_PORT"}
    assert settings["data"] == {"value": "modelkeep-data", "from": "default"}


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    (commands,) = snippets("Run it", "console")
    targets = [line.split()[1] for line in commands.splitlines()]
    assert targets == ["run", "test"]
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_no_snippet_is_added_without_a_test() -> None:
    languages = [match["language"] for match in _SNIPPET.finditer(README)]
    assert sorted(languages) == ["console", "console", "python", "python", *["sh"] * 6]
