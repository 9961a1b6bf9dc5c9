"""Train a model, log everything about it, register it, and serve predictions with it by its alias.

Needs mlflow, scikit-learn and matplotlib, and a server to log to:

    export MLFLOW_TRACKING_URI=http://127.0.0.1:5000
    python examples/train_and_serve.py

The same works in a workspace of a platform, whose address is a path of the same server:

    export MLFLOW_TRACKING_URI=http://127.0.0.1:5000/20260430/aiDataPlatforms/acme/workspaces/fraud/mlops
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split

EXPERIMENT = "churn"
MODEL = "churn-scorer"
COLUMNS = ["months", "calls", "bill", "age"]
STRENGTHS = [0.01, 0.1, 1.0, 10.0]
EPOCHS = 20
MLFLOW_3 = int(mlflow.__version__.partition(".")[0]) >= 3


def customers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers to learn from and others to test with; `left` says who went."""
    features, left = make_classification(n_samples=400, n_features=len(COLUMNS), n_redundant=0, random_state=7)
    frame = pd.DataFrame(features, columns=COLUMNS).assign(left=left == 1)
    training, test = train_test_split(frame, test_size=0.25, random_state=7)
    return training, test


def search_for_a_scorer(training: pd.DataFrame) -> LogisticRegression:
    """Try several strengths. Autologging makes each try a run below the present one."""
    search = GridSearchCV(LogisticRegression(), {"C": STRENGTHS}, cv=3)
    search.fit(training[COLUMNS], training["left"])
    return search.best_estimator_


def log_a_learning_curve(training: pd.DataFrame) -> list[float]:
    """Train another model step by step, and log how wrong it is after each epoch."""
    model = SGDClassifier(loss="log_loss", random_state=7)
    losses = []
    for epoch in range(EPOCHS):
        model.partial_fit(training[COLUMNS], training["left"], classes=np.array([False, True]))
        losses.append(float(log_loss(training["left"], model.predict_proba(training[COLUMNS]))))
        mlflow.log_metric("epoch_loss", losses[-1], step=epoch)
    return losses


def log_files(scorer: LogisticRegression, losses: list[float], test: pd.DataFrame) -> pd.DataFrame:
    """Log a text, a picture and a table, each as a file of the run."""
    with tempfile.TemporaryDirectory() as directory:
        notes = Path(directory) / "notes.txt"
        notes.write_text(f"C={scorer.C} on {', '.join(COLUMNS)}\n")
        mlflow.log_artifact(str(notes), "about")
    figure, axes = plt.subplots()
    axes.plot(losses)
    mlflow.log_figure(figure, "plots/epoch_loss.png")
    plt.close(figure)
    predictions = test.assign(predicted=scorer.predict(test[COLUMNS])).reset_index(drop=True)
    mlflow.log_table(predictions, "predictions.json")
    return predictions


def main() -> None:
    """Train, log, register and serve; then read back what the server has, and see that it is right."""
    client = MlflowClient()
    training, test = customers()
    experiment = mlflow.set_experiment(EXPERIMENT)

    # The model is logged below, once, by hand; autologging would log two more of it.
    mlflow.autolog(log_models=False, silent=True)
    with mlflow.start_run(run_name="scorer") as run:
        scorer = search_for_a_scorer(training)
        mlflow.autolog(disable=True)
        losses = log_a_learning_curve(training)
        data = mlflow.data.from_pandas(training, name="customers", targets="left")
        mlflow.log_input(data, context="training")
        predictions = log_files(scorer, losses, test)
        logged = mlflow.sklearn.log_model(
            scorer,
            **{"name" if MLFLOW_3 else "artifact_path": "scorer"},
            input_example=training[COLUMNS].head(3),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            registered_model_name=MODEL,
        )
    run_id = run.info.run_id

    version = logged.registered_model_version
    client.set_registered_model_alias(MODEL, "champion", str(version))
    served = mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
    answers = served.predict(test[COLUMNS])
    assert (answers == predictions["predicted"]).all()
    print(f"{MODEL} version {version} predicts that {int(answers.sum())} of {len(answers)} customers leave")

    tried = mlflow.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert sorted(map(float, tried["params.C"])) == STRENGTHS
    assert set(tried["status"]) == {"FINISHED"}
    best = tried.sort_values("metrics.mean_test_score").iloc[-1]
    print(f"{len(tried)} scorers were tried, the best has a score of {best['metrics.mean_test_score']:.3f}")

    found = client.get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["best_cv_score"] == best["metrics.mean_test_score"]
    assert found.data.metrics["epoch_loss"] == losses[-1]
    history = client.get_metric_history(run_id, "epoch_loss")
    assert [(point.step, point.value) for point in history] == list(enumerate(losses))
    print(f"the loss of the other model fell from {history[0].value:.3f} to {history[-1].value:.3f}")

    contexts = {dataset.dataset.name: [tag.value for tag in dataset.tags] for dataset in found.inputs.dataset_inputs}
    assert contexts["customers"] == ["training"]
    print(f"the run read {', '.join(sorted(contexts))}")

    files = {file.path for file in client.list_artifacts(run_id)}
    assert {"about", "plots", "predictions.json"} <= files
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/about/notes.txt").endswith("months, calls, bill, age\n")
    table = mlflow.load_table("predictions.json", run_ids=[run_id])
    assert table["predicted"].tolist() == predictions["predicted"].tolist()
    print(f"the run keeps {', '.join(sorted(files))}")

    registered = client.get_model_version_by_alias(MODEL, "champion")
    assert (registered.version, registered.run_id, registered.status) == (str(version), run_id, "READY")
    if MLFLOW_3:
        (model,) = mlflow.search_logged_models(
            [experiment.experiment_id], f"source_run_id = '{run_id}'", output_format="list"
        )
        assert (model.name, model.model_id, str(model.status)) == ("scorer", logged.model_id, "READY")
        print(f"logged model {model.name} is {model.status}")


if __name__ == "__main__":
    main()
