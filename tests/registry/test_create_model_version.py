"""`model-versions/create`: what it answers and what it keeps."""

from tests.support.api import Api


def test_the_first_version_of_a_model_is_1_and_ready(oracle_api: Api) -> None:
    oracle_api.post("registered-models/create", name="churn")
    created = oracle_api.post("model-versions/create", name="churn", source="s3://lake/churn")["model_version"]
    assert created == {
        "name": "churn",
        "version": "1",
        "creation_timestamp": created["creation_timestamp"],
        "last_updated_timestamp": created["creation_timestamp"],
        "user_id": "anonymous",
        "current_stage": "None",
        "description": "",
        "source": "s3://lake/churn",
        "run_id": "",
        "run_link": "",
        "model_id": "",
        "tags": [],
        "aliases": [],
        "status": "READY",
        "status_message": "",
        "model_metrics": [],
        "model_params": [],
        "deployment_job_state": {
            "job_id": "",
            "run_id": "",
            "job_state": "NOT_SET_UP",
            "run_state": "NO_VALID_DEPLOYMENT_JOB_FOUND",
            "current_task_name": "",
        },
    }
    assert oracle_api.get("model-versions/get", name="churn", version="1")["model_version"] == created
