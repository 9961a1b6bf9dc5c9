"""MLflow's client on what it writes to files itself: tables, pictures, streams, and the files of logged models."""

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from mlflow import MlflowClient
from PIL import Image

mpl.use("agg")


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    """The id of an experiment of the test's own."""
    experiment_id: str = client.create_experiment(name)
    return experiment_id


@pytest.fixture
def run(client: MlflowClient, experiment: str) -> str:
    """The id of a run that has no files."""
    run_id: str = client.create_run(experiment).info.run_id
    return run_id


def test_a_table_is_logged_and_added_to(client: MlflowClient, experiment: str, run: str) -> None:
    client.log_table(run, pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "tables/t.json")
    client.log_table(run, {"a": [3], "b": ["z"]}, "tables/t.json")
    found = client.load_table(experiment, "tables/t.json", run_ids=[run])
    assert found.to_dict("list") == {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    assert "tables/t.json" in client.get_run(run).data.tags["mlflow.loggedArtifacts"]


def test_a_figure_is_logged(client: MlflowClient, run: str, tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    client.log_figure(run, figure, "plots/curve.png")
    with Image.open(client.download_artifacts(run, "plots/curve.png", str(tmp_path))) as picture:
        assert picture.size == (200, 100)


def test_a_picture_is_logged_by_a_path_or_by_a_step(client: MlflowClient, run: str, tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), dtype=np.uint8)
    client.log_image(run, pixels, "pictures/black.png")
    client.log_image(run, pixels, key="dark", step=3, timestamp=5, synchronous=True)
    with Image.open(client.download_artifacts(run, "pictures/black.png", str(tmp_path))) as picture:
        assert picture.size == (6, 4)
    names = sorted(file.path for file in client.list_artifacts(run, "images"))
    assert len(names) == 2
    assert all("dark+step+3+timestamp+5" in name for name in names)


def test_a_stream_is_logged(client: MlflowClient, run: str, tmp_path: Path) -> None:
    client.log_stream(run, io.BytesIO(b"\x00" * 100_000), "raw/stream.bin")
    assert Path(client.download_artifacts(run, "raw/stream.bin", str(tmp_path))).read_bytes() == b"\x00" * 100_000


def test_files_of_a_logged_model_are_logged_and_listed(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(b"\x00\x01")
    (tmp_path / "MLmodel").write_text("flavors: {}")
    model = client.create_logged_model(experiment, "scorer").model_id
    client.log_model_artifact(model, str(tmp_path / "MLmodel"))
    client.log_model_artifacts(model, str(tmp_path))
    files = {file.path: (file.is_dir, file.file_size) for file in client.list_logged_model_artifacts(model)}
    assert files == {"MLmodel": (False, 11), "weights": (True, None)}
    below = client.list_logged_model_artifacts(model, "weights")
    assert [(file.path, file.file_size) for file in below] == [("weights/w.bin", 2)]
