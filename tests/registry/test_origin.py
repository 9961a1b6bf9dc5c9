"""Where a version came from, as the pages ask for it."""

from tests.support.api import Api
from tests.support.codes import NOT_FOUND


def test_a_version_remembers_the_workspace_run_and_model_that_it_came_from(
    oracle_api: Api, platform_api: Api, model: str
) -> None:
    oracle_api.post("model-versions/create", name=model, source="s3://m/1", run_id="r-1", model_id="m-1")
    platform_api.post("model-versions/create", name=model, source="s3://m/2")
    base = platform_api.base.removesuffix("/mlflow")
    origins = [platform_api.get(f"{base}/model-versions/origin", name=model, version=version) for version in ("1", "2")]
    assert origins == [
        {"workspace": "default", "run_id": "r-1", "model_id": "m-1"},
        {"workspace": "", "run_id": "", "model_id": ""},
    ]
    answer = platform_api.call("GET", f"{base}/model-versions/origin", query={"name": model, "version": "3"})
    assert answer.error == NOT_FOUND
