"""What is brought from each kind of source, as MLflow's own client sees it on both sides."""

from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from tests.importing.compared import differences, everything
from tests.importing.conftest import Filled, Place
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=["database", "postgres", "folder"])
def filled(request: pytest.FixtureRequest) -> Filled:
    """A source of each kind that needs no server."""
    found: Filled = request.getfixturevalue(f"filled_{request.param}")
    return found


def _client(place: str) -> MlflowClient:
    """The client of a source."""
    uri = place if "://" in place else f"sqlite:///{place}" if place.endswith(".db") else f"file://{place}"
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri, uri)


def test_everything_is_answered_as_by_the_source(filled: Filled, place: Place) -> None:
    outcome = place.bring(filled.place)
    assert outcome.code == 0, outcome
    expected = everything(_client(filled.place), logs_models=True)
    if filled.place.endswith("mlruns"):
        # Its store answers step 0 for what was measured on a dataset; the file has the step.
        expected["runs"][filled.ids["runs"][0]]["histories"]["score"] = [(7, 2, "0.75")]
    with RunningServer(place.data, *place.flags) as server:
        found = everything(MlflowClient(server.url, server.url), logs_models=True)
    assert differences(expected, found) == []


def test_a_second_import_doubles_nothing(filled_database: Filled, place: Place) -> None:
    first = place.bring(filled_database.place, "--json").json
    second = place.bring(filled_database.place, "--json").json
    # A database adds up in an order of its own, so the last digit of a sum may be another.
    sums = [outcome["compared"].pop("sum of values") for outcome in (first, second)]
    assert sums[1] == pytest.approx(sums[0], rel=1e-12)
    took = [outcome.pop("seconds") for outcome in (first, second)]
    assert took[0].keys() == took[1].keys() == first["written"].keys()
    # One that has come to its end begins anew.
    assert second == first
    assert first["compared"]["points of metrics"][0] == 4 * 34 + 1 + 1


def test_the_next_numbers_are_after_those_of_the_source(filled_database: Filled, place: Place) -> None:
    assert place.bring(filled_database.place).code == 0
    with RunningServer(place.data, *place.flags) as server:
        client = MlflowClient(server.url, server.url)
        assert client.create_experiment("new") == str(int(filled_database.ids["experiment"]) + 2)
        assert str(client.create_model_version("churn", "s3://bucket/new").version) == "6"


def test_it_goes_into_the_workspace_that_is_named(filled_database: Filled, place: Place) -> None:
    assert place.bring(filled_database.place, "--into", "acme/fraud", "--create").code == 0
    with RunningServer(place.data, *place.flags) as server:
        tenant = f"{server.url}/20260430/aiDataPlatforms/acme/workspaces/fraud/mlops"
        there: Any = MlflowClient(tenant, tenant)
        assert len(there.search_experiments()) == 2
        assert there.get_model_version_by_alias("churn", "champion").version == "3"
        assert len(MlflowClient(server.url, server.url).search_experiments()) == 1


def test_a_running_server_is_a_source_as_well(filled_database: Filled, sqlite_place: Place, tmp_path: Path) -> None:
    assert sqlite_place.bring(filled_database.place).code == 0
    there = Place(tmp_path / "there", {})
    with RunningServer(sqlite_place.data) as source:
        outcome = there.bring(source.url, "--json")
        assert outcome.code == 0, outcome
        expected = everything(MlflowClient(source.url, source.url), logs_models=True)
    with RunningServer(there.data) as server:
        assert differences(expected, everything(MlflowClient(server.url, server.url), logs_models=True)) == []
