"""`modelkeep version`, `config` and the help."""

import os
from pathlib import Path

import pytest

from modelkeep import __version__
from tests.support.command import run


def test_version_is_the_packages(tmp_path: Path) -> None:
    assert run("version") == (0, f"{__version__}\n", "")


def test_without_a_command_the_help_is_shown() -> None:
    shown = run()
    for command in ("serve", "config", "workspace", "tls", "version"):
        assert command in shown.output + shown.errors


def test_an_unknown_command_is_refused() -> None:
    assert run("nonsense").code != 0


def test_config_says_where_each_setting_comes_from(tmp_path: Path) -> None:
    shown = run(
        "config",
        "--port",
        "6000",
        MODELKEEP_PORT="7000",
        MODELKEEP_DATA=str(tmp_path),
        MODELKEEP_ACCESS_LOG="false",
        MODELKEEP_HOST="",
    ).json
    assert shown["port"] == {"value": 6000, "from": "--port"}
    assert shown["data"] == {"value": str(tmp_path), "from": "MODELKEEP_DATA"}
    assert shown["access_log"] == {"value": False, "from": "MODELKEEP_ACCESS_LOG"}
    assert shown["host"] == {"value": "127.0.0.1", "from": "default"}
    assert shown["retry_token_hours"] == {"value": 24, "from": "default"}
    assert shown["tls_cert"]["value"] is None


def test_config_shows_every_setting_of_serve() -> None:
    flags = {f"--{name.replace('_', '-')}" for name in run("config").json}
    help_text = run("serve", "--help", COLUMNS="300", TERM="dumb", NO_COLOR="1").output
    assert {flag for flag in flags if flag not in help_text} == set()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "http"),
        ("PORT", "-1"),
        ("ACCESS_LOG", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("MAX_BODY_BYTES", "0"),
        ("RETRY_TOKEN_HOURS", "0.5"),
        ("TLS_KEY", "only.key"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(variable: str, value: str) -> None:
    refused = run("config", **{f"MODELKEEP_{variable}": value})
    assert refused.code == 1
    (line,) = refused.errors.strip().splitlines()
    assert line.startswith("modelkeep: ")
    assert variable in line or "--tls-cert" in line


def test_a_limit_that_is_set_is_held(tmp_path: Path) -> None:
    from tests.support.api import Api
    from tests.support.server import RunningServer

    variables = {"MODELKEEP_MAX_NAME_LENGTH": "5", "MODELKEEP_MAX_BODY_BYTES": "100"}
    with RunningServer(tmp_path / "data", environment={**os.environ, **variables}) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="churn")
        assert "at most 5" in api.call("POST", "registered-models/create", {"name": "churns"}).body["message"]
        assert api.call("POST", "registered-models/create", {"name": "c", "description": "d" * 100}).status == 413
