"""MLflow's client on artifacts, at each URL that it can be pointed to."""

from pathlib import Path

import pytest
from mlflow import MlflowClient


@pytest.fixture
def run(client: MlflowClient, name: str) -> str:
    """The id of a run of an experiment of the test's own."""
    run_id: str = client.create_run(client.create_experiment(f"of {name}")).info.run_id
    return run_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a training leaves behind."""
    files = tmp_path / "trained"
    (files / "data").mkdir(parents=True)
    (files / "MLmodel").write_text("flavors: {}")
    (files / "data" / "weights 1.bin").write_bytes(bytes(range(256)) * 10_000)
    (files / "data" / "empty").write_bytes(b"")
    return files


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_up_and_comes_down_again(client: MlflowClient, run: str, folder: Path, tmp_path: Path) -> None:
    client.log_artifacts(run, str(folder), "model")
    target = tmp_path / "back"
    target.mkdir()
    found = client.download_artifacts(run, "model", str(target))
    assert _contents(Path(found)) == _contents(folder)


def test_artifacts_are_listed(client: MlflowClient, run: str, folder: Path) -> None:
    client.log_artifacts(run, str(folder))
    client.log_artifact(run, str(folder / "MLmodel"), "a/b")
    assert [(file.path, file.is_dir) for file in client.list_artifacts(run)] == [
        ("MLmodel", False),
        ("a", True),
        ("data", True),
    ]
    assert [(file.path, file.file_size) for file in client.list_artifacts(run, "data")] == [
        ("data/empty", 0),
        ("data/weights 1.bin", 2_560_000),
    ]
    assert client.list_artifacts(run, "MLmodel") == []


def test_text_and_dictionaries_are_logged(client: MlflowClient, run: str, tmp_path: Path) -> None:
    client.log_text(run, "hello", "notes/a.txt")
    client.log_dict(run, {"a": 1}, "notes/a.json")
    assert Path(client.download_artifacts(run, "notes/a.txt", str(tmp_path))).read_text() == "hello"
    assert [file.path for file in client.list_artifacts(run, "notes")] == ["notes/a.json", "notes/a.txt"]


@pytest.mark.parametrize("upload", ["true", "false"])
@pytest.mark.parametrize("download", ["true", "false"])
def test_large_files_go_up_and_down_in_parts_or_not(
    client: MlflowClient,
    run: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    upload: str,
    download: str,
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", upload)
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", download)
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "1000000")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", "1000000")
    client.log_artifacts(run, str(folder))
    target = tmp_path / "back"
    target.mkdir()
    assert _contents(Path(client.download_artifacts(run, "", str(target)))) == _contents(folder)


def test_a_client_that_asks_what_the_server_can_do_uploads_in_parts(
    client: MlflowClient, run: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "1000000")
    client.log_artifact(run, str(folder / "data" / "weights 1.bin"))
    found = Path(client.download_artifacts(run, "weights 1.bin", str(tmp_path)))
    assert found.read_bytes() == (folder / "data" / "weights 1.bin").read_bytes()
