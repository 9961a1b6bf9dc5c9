"""`modelkeep workspace`: the same with a server on the data directory and without one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import Outcome, run
from tests.support.server import RunningServer


@pytest.fixture(params=["served", "not served"])
def data(request: pytest.FixtureRequest, data_directory: Path) -> Iterator[Path]:
    """A data directory, with a server on it and then without."""
    if request.param == "not served":
        yield data_directory
        return
    with RunningServer(data_directory):
        yield data_directory


def _names(data: Path, *platform: str) -> list[str]:
    found = run("workspace", "list", *platform, "--data", data, "--json").json
    return [f"{workspace['platform']}/{workspace['key']}" for workspace in found]


def _refused(outcome: Outcome, message: str) -> None:
    assert outcome == (1, "", f"modelkeep: {message}\n")


def test_a_workspace_lives_from_create_to_delete(data: Path) -> None:
    created = run("workspace", "create", "acme/fraud", "--description", "Cards", "--data", data, "--json").json
    assert (created["key"], created["displayName"], created["description"]) == ("fraud", "fraud", "Cards")
    assert run("workspace", "show", "acme/fraud", "--data", data, "--json").json == created
    assert _names(data) == ["acme/default", "acme/fraud", "default/default"]
    assert _names(data, "acme") == ["acme/default", "acme/fraud"]
    deleted = run("workspace", "delete", "acme/fraud", "--data", data)
    assert (deleted.code, deleted.output) == (0, "Deleted acme/fraud.\n")
    assert _names(data) == ["acme/default", "default/default"]
    assert run("workspace", "delete", "acme", "--data", data).code == 0
    assert _names(data) == ["default/default"]


def test_what_goes_wrong_is_one_line(data: Path) -> None:
    for arguments, message in (
        (("create", "default"), "Workspace 'default' already exists."),
        (("show", "default/absent"), "Workspace 'absent' of AI Data Platform 'default' does not exist."),
        (("list", "absent"), "AI Data Platform 'absent' does not exist."),
        (("delete", "absent"), "Workspace 'absent' not found"),
        (("show", "a/b/c"), "'a/b/c' is no name; PLATFORM or PLATFORM/WORKSPACE is."),
    ):
        _refused(run("workspace", *arguments, "--data", data), message)


def test_a_platform_with_models_needs_cascade(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        run("workspace", "create", "acme", "--data", data_directory)
        api: Any = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "acme"})
        api.post("registered-models/create", name="churn")
        refused = run("workspace", "delete", "acme", "--data", data_directory)
        _refused(refused, "Workspace 'acme' cannot be deleted: it still has 1 registered models.")
        assert run("workspace", "delete", "acme", "--cascade", "--data", data_directory).code == 0
        assert api.call("GET", "registered-models/search").status == 404


def test_what_is_made_without_a_server_is_served_afterwards(data_directory: Path) -> None:
    run("workspace", "create", "acme/fraud", "--data", data_directory)
    with RunningServer(data_directory) as server:
        path = "/20260430/aiDataPlatforms/acme/workspaces/fraud/mlops/api/2.0/mlflow/registered-models/search"
        assert Api(server.url).ok("GET", path) == {"registered_models": []}


def test_a_table_is_shown_to_people(data_directory: Path) -> None:
    shown = run("workspace", "list", "--data", data_directory, COLUMNS="200")
    assert (shown.code, "display name" in shown.output, "DEFAULT" in shown.output) == (0, True, True)
