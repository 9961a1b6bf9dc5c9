"""Archives that cannot be written or brought: one line, exit code 1, and nothing changed."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.importing.archived import changed, with_manifest
from tests.importing.conftest import Place
from tests.importing.kept import Kept, workspace_path
from tests.support.api import Api
from tests.support.command import Outcome
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")


def _refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 1, outcome
    assert outcome.output == ""
    assert outcome.errors.startswith("modelkeep: ")
    assert outcome.errors.count("\n") == 1
    for word in words:
        assert word in outcome.errors


def _bring(place: Place, archive: Path, *words: str) -> None:
    _refused(place.bring_archive(archive), *words)
    assert not place.data.exists()


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_an_archive_that_is_cut_off(kept: Kept, sqlite_place: Place, tmp_path: Path, share: float) -> None:
    content = kept.archive.read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(content[: int(len(content) * share)])
    _bring(sqlite_place, cut, "is cut off or damaged")


@pytest.mark.parametrize("kind", ["runs.jsonl", "points.jsonl", "manifest.json", "large.bin"])
def test_an_archive_with_a_byte_that_is_another(kept: Kept, sqlite_place: Place, tmp_path: Path, kind: str) -> None:
    with zipfile.ZipFile(kept.archive) as archive:
        member = max((found for found in archive.infolist() if found.filename.endswith(kind)), key=_size)
    content = bytearray(kept.archive.read_bytes())
    content[member.header_offset + 30 + len(member.filename.encode()) + 20 + member.compress_size // 2] ^= 0x10
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    _bring(sqlite_place, damaged, "is damaged", repr(member.filename))


def _size(member: zipfile.ZipInfo) -> int:
    return member.compress_size


@pytest.mark.parametrize("kind", ["models.jsonl", "model.bin"])
def test_an_archive_that_was_changed_and_packed_again(
    kept: Kept, sqlite_place: Place, tmp_path: Path, kind: str
) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"churn", b"chorn").replace(b"weights", b"Weights") if name.endswith(kind) else content

    _bring(sqlite_place, changed(kept.archive, tmp_path / "changed.zip", change), "is damaged", kind)


def test_a_damaged_artifact_does_no_harm_where_artifacts_are_left(
    kept: Kept, sqlite_place: Place, tmp_path: Path
) -> None:
    def change(name: str, content: bytes) -> bytes:
        return b"x" if name.endswith("model.bin") else content

    damaged = changed(kept.archive, tmp_path / "changed.zip", change)
    assert sqlite_place.bring_archive(damaged, "--no-artifacts").code == 0


def test_an_archive_of_a_later_release(kept: Kept, sqlite_place: Place, tmp_path: Path) -> None:
    def later(manifest: Any) -> None:
        # What else it says is not known either.
        manifest.update(format=2, modelkeep="9.0.0", members="elsewhere")

    archive = with_manifest(kept.archive, tmp_path / "later.zip", later)
    _bring(sqlite_place, archive, "of a later release, 9.0.0", "its format is 2, this release reads 1")


def test_files_that_are_none(sqlite_place: Place, tmp_path: Path) -> None:
    text, other = tmp_path / "text.zip", tmp_path / "other.zip"
    text.write_text("no archive" * 1000)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("model.bin", b"weights")
    _bring(sqlite_place, tmp_path / "absent.zip", "There is no file")
    _bring(sqlite_place, tmp_path, "There is no file")
    _bring(sqlite_place, text, "is no archive that `modelkeep export` made")
    _bring(sqlite_place, other, "is no archive that `modelkeep export` made")


def test_places_that_are_not_in_it(kept: Kept, sqlite_place: Place) -> None:
    _refused(sqlite_place.bring_archive(kept.archive, "--platform", "none"), "no platform 'none' in the archive")
    _refused(sqlite_place.bring_archive(kept.archive, "--platform", "acme/none"), "no workspace 'none'")
    _refused(sqlite_place.bring_archive(kept.archive, "--platform", "a/b/c"), "is no name")


@pytest.mark.parametrize("what", ["registered model", "experiment", "display name"])
def test_what_is_there_already_and_is_another(kept: Kept, sqlite_place: Place, tmp_path: Path, what: str) -> None:
    workspaces = "/20260430/aiDataPlatforms/acme/workspaces"
    with RunningServer(sqlite_place.data) as server:
        root, fraud = Api(server.url), Api(server.url, workspace_path("acme", "fraud-team"))
        root.ok("POST", "/20260430/aiDataPlatforms", {"id": "acme"})
        root.ok("POST", workspaces, {"displayName": "fraud team"})
        if what == "registered model":
            fraud.post("registered-models/create", name="a.b.scorer")
        elif what == "experiment":
            fraud.post("experiments/create", name="ours")
        else:
            root.ok("POST", workspaces, {"displayName": "other"})
            root.ok("PUT", f"{workspaces}/other", {"displayName": "Fraud Team"})
    sqlite_place.export(tmp_path / "before.zip", "--no-artifacts")
    _refused(
        sqlite_place.bring_archive(kept.archive), "display name" if what == "display name" else "it is not the same"
    )
    sqlite_place.export(tmp_path / "after.zip", "--no-artifacts")
    assert _without_times(tmp_path / "after.zip") == _without_times(tmp_path / "before.zip")


def _without_times(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def test_a_data_directory_that_is_served(kept: Kept, sqlite_place: Place) -> None:
    with RunningServer(sqlite_place.data):
        _refused(sqlite_place.bring_archive(kept.archive), "is already served by process")


def test_exports_that_cannot_be_made(kept: Kept, sqlite_place: Place, tmp_path: Path) -> None:
    source = Place(kept.data, kept.variables)
    _refused(sqlite_place.export(tmp_path / "a.zip"), "There is no database in")
    _refused(source.export(kept.archive), "is there already; name a file that is new")
    _refused(source.export(tmp_path / "none" / "a.zip"), "cannot be made: No such file or directory")
    _refused(source.export(tmp_path / "a.zip", "--platform", "none"), "There is no platform 'none'")
    _refused(source.export(tmp_path / "a.zip", "--platform", "acme/none"), "no workspace 'none' in the platform 'acme'")
    away = Place(kept.data, {"MODELKEEP_DATABASE": "postgresql://u:secret@127.0.0.1:9/mlflow"})
    refused = away.export(tmp_path / "a.zip")
    _refused(refused, "The database cannot be used")
    assert "secret" not in refused.errors
    (tmp_path / "a.zip.partial").touch()
    _refused(source.export(tmp_path / "a.zip"), "left of a command that was killed; remove it")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip.partial"]
