"""An MLflow database as a source: SQLite or PostgreSQL, read by ranges of keys on one snapshot."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from modelkeep.importing import database_models, database_registry, database_runs, database_webhooks
from modelkeep.importing.mlflow_tables import MlflowTables
from modelkeep.importing.records import Alias, Experiment, LoggedModel, Model, Point, Run, Version, Webhook
from modelkeep.importing.source import LOCKED, Batch, PointSum

# Kinds that have a table of their own, which is counted.
_TABLES = {
    "experiments": "experiments",
    "runs": "runs",
    "points": "metrics",
    "logged_models": "logged_models",
    "models": "registered_models",
    "versions": "model_versions",
    "aliases": "registered_model_aliases",
}
_LEFT_OUT = {
    "traces": "trace_info",
    "evaluation datasets": "evaluation_datasets",
    "scorers": "scorers",
    "assessments": "assessments",
}


class DatabaseSource:
    """One workspace of an MLflow database."""

    def __init__(self, place: Path | str, shown: str, workspace: str) -> None:
        self.name = shown
        self._locked = 0
        self._tables = MlflowTables(place, shown, workspace)

    def experiments(self, after: str) -> Iterator[Batch[Experiment]]:
        return database_runs.experiments(self._tables, after)

    def runs(self, after: str) -> Iterator[Batch[Run]]:
        return database_runs.runs(self._tables, after)

    def points(self, after: str) -> Iterator[Batch[Point]]:
        return database_runs.points(self._tables, after)

    def sums(self) -> Iterator[Batch[PointSum]]:
        return database_runs.sums(self._tables)

    def logged_models(self, after: str) -> Iterator[Batch[LoggedModel]]:
        return database_models.logged_models(self._tables, after)

    def models(self, after: str) -> Iterator[Batch[Model]]:
        return database_registry.models(self._tables, after)

    def versions(self, after: str) -> Iterator[Batch[Version]]:
        return database_registry.versions(self._tables, after)

    def aliases(self, after: str) -> Iterator[Batch[Alias]]:
        return database_registry.aliases(self._tables, after)

    def webhooks(self, after: str) -> Iterator[Batch[Webhook]]:
        for batch in database_webhooks.webhooks(self._tables):
            self._locked = sum(record.locked for record in batch.records)
            yield batch

    def expected(self, kind: str) -> int | None:
        if kind not in _TABLES:
            return None
        part = self._tables.part(_TABLES[kind])
        return self._tables.count(part, *self._tables.here(part))

    def left_out(self) -> dict[str, int]:
        found = {kind: self._tables.count(self._tables.part(table)) for kind, table in _LEFT_OUT.items()}
        experiments = self._tables.part("experiments")
        if experiments.has("workspace"):
            elsewhere = experiments["workspace"] != self._tables.workspace
            others = sa.select(sa.func.count(sa.distinct(experiments["workspace"]))).where(elsewhere)
            found["other workspaces"] = int(self._tables.all(others)[0][0])
        found[LOCKED] = self._locked
        return {kind: count for kind, count in found.items() if count}

    def close(self) -> None:
        self._tables.close()
