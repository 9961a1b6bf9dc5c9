"""A running MLflow server as a source, read page by page over its REST API.

Pages are not snapshots: what is written to the server meanwhile may be missed.
"""

from collections.abc import Iterator
from typing import Any

from modelkeep.importing import server_records as record_of
from modelkeep.importing.records import Alias, Experiment, LoggedModel, Model, Point, Run, Version, Webhook
from modelkeep.importing.rest import NotThere, Rest
from modelkeep.importing.source import LOCKED, Batch, PointSum, SourceUnusable, added, number_of

_PAGE = 1_000
_RUNS_PAGE = 200
_MODELS_PAGE = 50
_POINTS_PAGE = 20_000
_IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"


class ServerSource:
    """One workspace of a server."""

    def __init__(self, url: str, workspace: str) -> None:
        self.rest = Rest(url, workspace)
        self.name = self.rest.shown if workspace == "default" else f"{self.rest.shown}#{workspace}"
        self._locked = 0
        self._list = self._experiments()
        self._logs_models = self._has_logged_models()

    def experiments(self, after: str) -> Iterator[Batch[Experiment]]:
        yield Batch("", self._list)

    def runs(self, after: str) -> Iterator[Batch[Run]]:
        """Experiment by experiment; a position is the last experiment that was read to its end."""
        position = after
        for number in self._numbers(after):
            for page in self._pages_of_runs(number):
                if self._logs_models:
                    page = [self._with_models(run) for run in page]
                yield Batch(position, [record_of.run(run) for run in page])
            position = str(number)

    def points(self, after: str) -> Iterator[Batch[Point]]:
        position = after
        for number in self._numbers(after):
            for page in self._pages_of_runs(number):
                for run in page:
                    for metric in run.get("data", {}).get("metrics", []):
                        for points in self._history(run["info"]["run_id"], metric["key"]):
                            yield Batch(position, points)
            position = str(number)

    def sums(self) -> Iterator[Batch[PointSum]]:
        return added(self.points(""))

    def logged_models(self, after: str) -> Iterator[Batch[LoggedModel]]:
        if not self._logs_models:
            return
        position = after
        for number in self._numbers(after):
            asked = {"experiment_ids": [str(number)], "max_results": _MODELS_PAGE}
            for found in self._pages("POST", "mlflow/logged-models/search", "models", asked):
                yield Batch(position, [record_of.logged_model(model) for model in found])
            position = str(number)

    def models(self, after: str) -> Iterator[Batch[Model]]:
        for found in self._registry("mlflow/registered-models/search", "registered_models"):
            yield Batch("", [record_of.model(model) for model in found])

    def versions(self, after: str) -> Iterator[Batch[Version]]:
        for found in self._registry("mlflow/model-versions/search", "model_versions"):
            yield Batch("", [record_of.version(version, self._location(version)) for version in found])

    def aliases(self, after: str) -> Iterator[Batch[Alias]]:
        for found in self._registry("mlflow/registered-models/search", "registered_models"):
            yield Batch("", [alias for model in found for alias in record_of.aliases(model)])

    def webhooks(self, after: str) -> Iterator[Batch[Webhook]]:
        """A server does not say whether one has a secret, so each counts as locked."""
        try:
            pages = list(self._pages("GET", "mlflow/webhooks", "webhooks", {"max_results": _PAGE}))
        except SourceUnusable:
            # Releases before 3.3 have none, nor have stores of files, nor callers that may not see them.
            return
        found = [record_of.webhook(webhook) for page in pages for webhook in page]
        records = [record for record in found if record.events]
        self._locked = len(records)
        yield Batch("", records)

    def expected(self, kind: str) -> int | None:
        return len(self._list) if kind == "experiments" else None

    def left_out(self) -> dict[str, int]:
        return {LOCKED: self._locked} if self._locked else {}

    def close(self) -> None:
        return

    def _experiments(self) -> list[Experiment]:
        asked = {"view_type": "ALL", "max_results": _PAGE}
        found = self._pages("POST", "mlflow/experiments/search", "experiments", asked)
        return sorted(record_of.experiment(item) for page in found for item in page)

    def _has_logged_models(self) -> bool:
        """Servers have them since MLflow 3; others that speak its API may say any release."""
        numbers = [str(experiment.number) for experiment in self._list[:1]] or ["0"]
        try:
            self.rest.post("mlflow/logged-models/search", experiment_ids=numbers, max_results=1)
        except NotThere:
            return False
        return True

    def _numbers(self, after: str) -> list[int]:
        return [item.number for item in self._list if item.number > int(after or -1)]

    def _pages_of_runs(self, number: int) -> Iterator[list[dict[str, Any]]]:
        asked = {
            "experiment_ids": [str(number)],
            "run_view_type": "ALL",
            "max_results": _RUNS_PAGE,
            # The oldest first: what is new meanwhile comes to the last page and moves none.
            "order_by": ["attributes.start_time ASC"],
        }
        return self._pages("POST", "mlflow/runs/search", "runs", asked)

    def _with_models(self, run: dict[str, Any]) -> dict[str, Any]:
        """A search does not say which logged models a run read."""
        whole: dict[str, Any] = self.rest.get("mlflow/runs/get", run_id=run["info"]["run_id"])["run"]
        return whole

    def _history(self, run: str, key: str) -> Iterator[list[Point]]:
        asked = {"run_id": run, "metric_key": key, "max_results": _POINTS_PAGE}
        for page in self._pages("GET", "mlflow/metrics/get-history", "metrics", asked):
            yield [
                (run, key, int(point["timestamp"]), int(point.get("step", 0)), *number_of(float(point["value"])))
                for point in page
            ]

    def _registry(self, path: str, field: str) -> Iterator[list[dict[str, Any]]]:
        """Models and, since a search leaves them out, prompts."""
        seen: set[tuple[str, str]] = set()
        for condition in ("", _IS_PROMPT):
            for page in self._pages("GET", path, field, {"filter": condition, "max_results": _PAGE}):
                new = [item for item in page if (item["name"], str(item.get("version", ""))) not in seen]
                if condition == "":
                    seen.update(
                        (item["name"], str(item.get("version", ""))) for item in new if record_of.is_prompt(item)
                    )
                yield new

    def _location(self, version: dict[str, Any]) -> str:
        source = str(version.get("source", ""))
        if not source.startswith(("models:", "runs:")):
            return source
        named = {"name": version["name"], "version": version["version"]}
        return str(self.rest.get("mlflow/model-versions/get-download-uri", **named).get("artifact_uri", source))

    def _pages(self, method: str, path: str, field: str, asked: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        token = None
        while True:
            call = self.rest.get if method == "GET" else self.rest.post
            answer = call(path, **asked, page_token=token)
            if answer.get(field):
                yield answer[field]
            token = answer.get("next_page_token")
            if not token:
                return
