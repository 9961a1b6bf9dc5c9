"""How much there is, of a workspace and of the server."""

from tests.support.api import Api


def test_a_workspace_counts_what_is_not_deleted(mlflow_api: Api, root: Api, platform: str) -> None:
    experiment = mlflow_api.post("experiments/create", name="one")["experiment_id"]
    gone = mlflow_api.post("experiments/create", name="two")["experiment_id"]
    for number in (experiment, experiment, gone):
        run = mlflow_api.post("runs/create", experiment_id=number)["run"]["info"]["run_id"]
    mlflow_api.post("experiments/delete", experiment_id=gone)
    run = mlflow_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    mlflow_api.post("runs/delete", run_id=run)
    mlflow_api.post("logged-models", experiment_id=experiment, name="tree")
    mlflow_api.post("registered-models/create", name="churn")
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    mlflow_api.post("registered-models/create", name="greeting", tags=prompt)
    for _ in range(2):
        mlflow_api.post("model-versions/create", name="churn", source="s3://m/1")
    counted = root.ok("GET", "/api/2.0/counts", headers={"X-MLFLOW-WORKSPACE": platform})
    assert counted == {
        "experiments": 2,
        "runs": 2,
        "logged_models": 1,
        "registered_models": 1,
        "model_versions": 2,
    }


def test_the_server_counts_everything(mlflow_api: Api, root: Api) -> None:
    before = root.ok("GET", "/api/3.0/modelkeep/server-counts")
    mlflow_api.post("registered-models/create", name="churn")
    mlflow_api.post("model-versions/create", name="churn", source="s3://m/1")
    mlflow_api.post("runs/create", experiment_id="0")
    after = root.ok("GET", "/api/3.0/modelkeep/server-counts")
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert changed == {"registered_models": 1, "model_versions": 1, "runs": 1}
    assert after["platforms"] >= 2
