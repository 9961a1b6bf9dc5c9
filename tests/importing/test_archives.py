"""From one server to an archive and into another, on either engine: all of it, record by record."""

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.importing.archived import records, with_manifest
from tests.importing.compared import differences, everything
from tests.importing.conftest import Place
from tests.importing.kept import WEIGHTS, Kept, workspace_path
from tests.support.api import Api
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=["sqlite to sqlite", "sqlite to postgresql", "postgresql to sqlite"])
def moved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Kept, Place]:
    """A server, and the place that its archive goes to."""
    source, _, target = request.param.partition(" to ")
    kept: Kept = request.getfixturevalue("kept" if source == "sqlite" else "kept_postgres")
    place: Place = request.getfixturevalue("postgres_place" if target == "postgresql" else "sqlite_place")
    return kept, place


def test_what_is_brought_is_record_by_record_what_was_exported(moved: tuple[Kept, Place], tmp_path: Path) -> None:
    kept, place = moved
    brought = place.bring_archive(kept.archive, "--json").json
    assert brought["differing"] == []
    assert brought["artifacts"]["files"] == kept.exported["written"]["artifacts"] == 5
    again = place.export(tmp_path / "again.zip")
    assert again.code == 0, again
    expected = records(kept.archive)
    assert differences(expected, records(tmp_path / "again.zip")) == []
    # Of every kind there was something to compare.
    assert {name.rpartition("/")[2] for name, found in expected.items() if found} == {
        f"{kind}.jsonl"
        for kind in (
            "platforms",
            "workspaces",
            "models",
            "versions",
            "aliases",
            "experiments",
            "runs",
            "points",
            "logged_models",
            "files",
        )
    }


def test_clients_are_answered_as_before(moved: tuple[Kept, Place], tmp_path: Path) -> None:
    kept, place = moved
    assert place.bring_archive(kept.archive).code == 0
    answers: list[dict[str, Any]] = []
    for data, flags in ((kept.data, kept.flags), (place.data, place.flags)):
        with RunningServer(data, *flags) as server:
            workspaces = Api(server.url).ok("GET", "/20260430/aiDataPlatforms/acme/workspaces")
            tenant = f"{server.url}{workspace_path('acme', 'fraud-team').removesuffix('/api/2.0/mlflow')}"
            seen: list[Any] = [everything(MlflowClient(url, url), logs_models=True) for url in (server.url, tenant)]
            run_id = kept.ids["fraud"]["run"]
            folder = tmp_path / data.name / str(len(answers))
            folder.mkdir(parents=True)
            file = MlflowClient(tenant, tenant).download_artifacts(run_id, "model.bin", str(folder))
            assert Path(file).read_bytes() == WEIGHTS
            answers.append({"workspaces": workspaces, "seen": dict(enumerate(seen))})
    before, after = answers
    assert differences(before, after) == []
    assert "a.b.scorer" in answers[0]["seen"][1]["models"]


def test_numbers_go_on_after_those_of_before(kept: Kept, postgres_place: Place) -> None:
    assert postgres_place.bring_archive(kept.archive).code == 0
    with RunningServer(postgres_place.data, *postgres_place.flags) as server:
        fraud = Api(server.url, workspace_path("acme", "fraud-team"))
        assert fraud.post("experiments/create", name="next")["experiment_id"] == "2"
        version = fraud.post("model-versions/create", name="a.b.scorer", source="s3://b/3")["model_version"]
        assert version["version"] == "3"


def test_a_second_time_doubles_nothing(kept: Kept, sqlite_place: Place, tmp_path: Path) -> None:
    assert sqlite_place.bring_archive(kept.archive).code == 0
    second = sqlite_place.bring_archive(kept.archive, "--json").json
    assert (second["went_on"], second["artifacts"]["files"]) == (False, 0)
    assert sqlite_place.export(tmp_path / "again.zip").code == 0
    assert differences(records(kept.archive), records(tmp_path / "again.zip")) == []


def test_one_workspace_has_what_came_from_it(kept: Kept, sqlite_place: Place, tmp_path: Path) -> None:
    one = tmp_path / "one.zip"
    exported = Place(kept.data, kept.variables).export(one, "--platform", "acme/fraud-team", "--json").json
    assert exported["written"] == {
        "platforms": 1,
        "workspaces": 1,
        "models": 1,
        "versions": 1,
        "aliases": 0,
        "experiments": 2,
        "runs": 1,
        "points": 31,
        "logged_models": 1,
        "artifacts": 3,
    }
    assert sqlite_place.bring_archive(one).code == 0
    with RunningServer(sqlite_place.data) as server:
        found = Api(server.url, workspace_path("acme", "fraud-team")).get("model-versions/search")
        assert [version["version"] for version in found["model_versions"]] == ["2"]


def test_one_platform_of_an_archive_can_be_brought_alone(kept: Kept, sqlite_place: Place) -> None:
    brought = sqlite_place.bring_archive(kept.archive, "--platform", "acme", "--json").json
    assert brought["written"]["versions"] == 2
    with RunningServer(sqlite_place.data) as server:
        assert Api(server.url, "/api/2.0/mlflow").get("registered-models/search").get("registered_models", []) == []


def test_without_artifacts_a_shared_folder_of_them_serves_on(kept: Kept, postgres_place: Place, tmp_path: Path) -> None:
    bare = tmp_path / "bare.zip"
    assert Place(kept.data, kept.variables).export(bare, "--no-artifacts", "--json").json["artifact_bytes"] == 0
    # Numbers of workspaces that were deleted are passed over, so each has its own again, by which its folder is named.
    brought = postgres_place.bring_archive(bare, "--json").json
    assert brought["moved"] == []
    assert "artifacts" not in brought
    with RunningServer(
        postgres_place.data, "--artifacts", str(kept.data / "artifacts"), *postgres_place.flags
    ) as server:
        tenant = workspace_path("acme", "fraud-team").removesuffix("/mlflow")
        path = f"{kept.ids['fraud']['path']}/model.bin"
        assert Api(server.url).call("GET", f"{tenant}/mlflow-artifacts/artifacts/{path}").content == WEIGHTS


def test_a_workspace_that_gets_another_number_is_told(kept: Kept, sqlite_place: Place) -> None:
    with RunningServer(sqlite_place.data) as server:
        for number in range(6):
            Api(server.url).ok("POST", "/20260430/aiDataPlatforms", {"id": f"other-{number}"})
    told = sqlite_place.bring_archive(kept.archive, "--no-artifacts")
    assert told.code == 0, told
    assert (
        "The artifacts of acme/fraud-team were under workspaces/4 and are looked for under workspaces/9." in told.output
    )


def test_what_is_there_beside_it_stays(kept: Kept, sqlite_place: Place) -> None:
    with RunningServer(sqlite_place.data, *sqlite_place.flags) as server:
        Api(server.url).ok("POST", "/20260430/aiDataPlatforms", {"id": "acme", "description": "ours"})
        Api(server.url, workspace_path("acme", "default")).post("registered-models/create", name="ours")
    assert sqlite_place.bring_archive(kept.archive).code == 0
    with RunningServer(sqlite_place.data, *sqlite_place.flags) as server:
        found = Api(server.url, workspace_path("acme", "default")).get("registered-models/search")
        assert [model["name"] for model in found["registered_models"]] == ["a.b.scorer", "ours"]
        platforms = Api(server.url).ok("GET", "/20260430/aiDataPlatforms")["items"]
        assert {"id": "acme", "description": "ours"} in platforms


def test_kinds_of_a_later_release_are_left_out_and_told(kept: Kept, sqlite_place: Place, tmp_path: Path) -> None:
    def add(manifest: Any) -> None:
        manifest["members"].append({**manifest["members"][0], "kind": "webhooks"})

    later = with_manifest(kept.archive, tmp_path / "later.zip", add)
    assert sqlite_place.bring_archive(later, "--json").json["left_out"] == {"webhooks": 2}
