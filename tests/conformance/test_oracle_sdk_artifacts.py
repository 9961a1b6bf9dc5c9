"""Oracle's SDK on the artifacts of a run."""

from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

from tests.conformance.schema import assert_complete
from tests.support.api import Api

WORKSPACE = "default"


@pytest.fixture
def run(ml_ops: Any, oracle_api: Api, platform: str) -> Any:
    """A run with files, put there as MLflow's client does."""
    made = ml_ops.create_experiment_run(platform, WORKSPACE, models.CreateExperimentRunDetails()).data.run
    place = made.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    for path in ("MLmodel", "data/a.bin", "data/b.bin"):
        below = oracle_api.base.replace("/mlflow", "/mlflow-artifacts/artifacts")
        answer = oracle_api.call("PUT", f"{below}/{place}/{path}", content=b"12345")
        assert answer.status == 200, answer
    return made


def test_the_files_and_folders_of_a_run_are_listed(ml_ops: Any, platform: str, run: Any) -> None:
    page = ml_ops.list_artifacts(platform, WORKSPACE, run.info.run_id).data
    assert page.root_uri == run.info.artifact_uri
    assert {file.path: (file.is_dir, file.file_size) for file in page.files} == {
        "MLmodel": (False, 5),
        "data": (True, None),
    }


def test_a_folder_is_listed_whole(ml_ops: Any, platform: str, run: Any) -> None:
    page = ml_ops.list_artifacts(platform, WORKSPACE, run.info.run_id, path="data").data
    assert_complete(page, absent=frozenset({"next_page_token"}))
    assert [(file.path, file.is_dir, file.file_size) for file in page.files] == [
        ("data/a.bin", False, 5),
        ("data/b.bin", False, 5),
    ]


def test_the_files_of_a_run_that_is_not_there_are_404(ml_ops: Any, platform: str) -> None:
    with pytest.raises(ServiceError) as caught:
        ml_ops.list_artifacts(platform, WORKSPACE, "none")
    assert (caught.value.status, caught.value.code) == (404, "NotAuthorizedOrNotFound")
