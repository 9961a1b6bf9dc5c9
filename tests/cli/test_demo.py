"""`modelkeep demo` fills a server by its public API, once."""

from pathlib import Path

from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer


def test_the_demonstration_fills_a_server_and_a_second_time_adds_nothing(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        first = run("demo", server.url)
        assert first.output.startswith("Made 16 runs and 8 versions."), first
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/set-tag", name="main.growth.churn", key="owner", value="somebody else")
        second = run("demo", server.url)
        assert second.output.startswith("Made 0 runs and 0 versions."), second
        model = api.get("registered-models/get", name="main.growth.churn")["registered_model"]
        assert {"key": "owner", "value": "somebody else"} in model["tags"]
        assert {alias["alias"] for alias in model["aliases"]} == {"champion", "challenger", "august"}
        version = api.get("registered-models/alias", name=model["name"], alias="champion")["model_version"]
        prompts = api.get("model-versions/search", filter="tags.`mlflow.prompt.is_prompt` = 'true'")["model_versions"]
        assert sorted((prompt["name"], prompt["version"]) for prompt in prompts) == [
            ("support-answer", "1"),
            ("support-answer", "2"),
            ("support-answer", "3"),
            ("ticket-triage", "1"),
        ]
        assert {metric["key"] for metric in version["model_metrics"]} == {"val_auc", "precision", "recall", "f1"}


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    outcome = run("demo", "http://127.0.0.1:9")
    assert (outcome.code, outcome.output) == (1, "")
    assert outcome.errors.startswith("modelkeep: No server answers at http://127.0.0.1:9")
