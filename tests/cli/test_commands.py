"""`modelkeep version`, `config` and the help."""

import os
from pathlib import Path

import pytest

from modelkeep import __version__
from modelkeep.core.settings import InvalidSetting, load_settings
from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer


def test_version_is_the_packages() -> None:
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
    ("variables", "word"),
    [
        ({"PORT": "http"}, "MODELKEEP_PORT"),
        ({"PORT": "-1"}, "MODELKEEP_PORT"),
        ({"PORT": "65536"}, "MODELKEEP_PORT"),
        ({"ACCESS_LOG": "perhaps"}, "MODELKEEP_ACCESS_LOG"),
        ({"LOG_LEVEL": "loud"}, "MODELKEEP_LOG_LEVEL"),
        ({"MAX_BODY_BYTES": "0"}, "MODELKEEP_MAX_BODY_BYTES"),
        ({"RETRY_TOKEN_HOURS": "0.5"}, "MODELKEEP_RETRY_TOKEN_HOURS"),
        ({"TLS_KEY": "only.key"}, "--tls-cert"),
        ({"TLS_CERT": "only.crt"}, "--tls-key"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(variables: dict[str, str], word: str) -> None:
    environment = {f"MODELKEEP_{name}": value for name, value in variables.items()}
    with pytest.raises(InvalidSetting, match=word) as caught:
        load_settings({}, environment)
    assert "\n" not in str(caught.value)


def test_a_flag_that_cannot_be_is_one_line_and_exit_code_1() -> None:
    refused = run("config", "--port", "70000")
    assert refused == (1, "", "modelkeep: --port: 70000 is not a port; 0 to 65535 are allowed.\n")


def test_a_limit_that_is_set_is_held(tmp_path: Path) -> None:
    variables = {"MODELKEEP_MAX_NAME_LENGTH": "5", "MODELKEEP_MAX_BODY_BYTES": "100"}
    with RunningServer(tmp_path / "data", environment={**os.environ, **variables}) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="churn")
        assert "at most 5" in api.call("POST", "registered-models/create", {"name": "churns"}).body["message"]
        assert api.call("POST", "registered-models/create", {"name": "c", "description": "d" * 100}).status == 413
