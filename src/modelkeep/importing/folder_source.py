"""An `mlruns` folder as a source. Folders are read in the order of their names, so that an import can go on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from modelkeep.importing import folder_registry
from modelkeep.importing.folder_files import (
    Unreadable,
    fields_of,
    folders_in,
    lines_of,
    pairs_in,
    text,
    whole,
)
from modelkeep.importing.records import (
    Alias,
    Experiment,
    Latest,
    LoggedModel,
    Measured,
    Model,
    Point,
    ReadDataset,
    Run,
    Version,
    Webhook,
)
from modelkeep.importing.source import Batch, PointSum, SourceUnusable, added, number_of

T = TypeVar("T")

_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_TRASH = ".trash"
_AT_ONCE = 100
_POINTS_AT_ONCE = 20_000


class FolderSource:
    """The experiments and, below `models`, the registry of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.name = f"file://{self._folder}"
        self._unreadable: set[str] = set()
        if not any(self._experiments()) and not folders_in(self._folder / folder_registry.FOLDER):
            raise SourceUnusable(f"{str(folder)!r} is no mlruns folder: nothing in it has a meta.yaml.")

    def experiments(self, after: str) -> Iterator[Batch[Experiment]]:
        records = []
        for folder in self._experiments():
            found = self._fields(folder)
            if found is not None:
                records.append(
                    Experiment(
                        int(found["experiment_id"]),
                        text(found["name"]),
                        text(found.get("artifact_location")),
                        text(found.get("lifecycle_stage")) or "active",
                        whole(found.get("creation_time")),
                        whole(found.get("last_update_time")),
                        pairs_in(folder / "tags"),
                    )
                )
        yield Batch("", sorted(records))

    def runs(self, after: str) -> Iterator[Batch[Run]]:
        return self._batches(after, "run_id", self._run, _AT_ONCE)

    def points(self, after: str) -> Iterator[Batch[Point]]:
        together: list[Point] = []
        position = after
        for folder, _ in self._runs(after):
            for name, lines in lines_of(folder / "metrics"):
                # A point that was written twice counts once, wherever it is kept.
                points = {(int(at), _step(rest), *number_of(float(value))) for at, value, *rest in lines}
                together += [(folder.name, name, *point) for point in sorted(points)]
                while len(together) >= _POINTS_AT_ONCE:
                    yield Batch(position, together[:_POINTS_AT_ONCE])
                    del together[:_POINTS_AT_ONCE]
            position = _position(folder)
        yield Batch(position, together)

    def sums(self) -> Iterator[Batch[PointSum]]:
        return added(self.points(""))

    def logged_models(self, after: str) -> Iterator[Batch[LoggedModel]]:
        return self._batches(after, "model_id", _logged_model, _AT_ONCE)

    def models(self, after: str) -> Iterator[Batch[Model]]:
        return folder_registry.models(self._folder)

    def versions(self, after: str) -> Iterator[Batch[Version]]:
        return folder_registry.versions(self._folder)

    def aliases(self, after: str) -> Iterator[Batch[Alias]]:
        return folder_registry.aliases(self._folder)

    def webhooks(self, after: str) -> Iterator[Batch[Webhook]]:
        """MLflow's store of files keeps none."""
        return iter(())

    def expected(self, kind: str) -> int | None:
        return None

    def left_out(self) -> dict[str, int]:
        traces = sum(len(folders_in(folder / "traces")) for folder in self._experiments())
        found = {"folders that cannot be read": len(self._unreadable), "traces": traces}
        return {kind: count for kind, count in found.items() if count}

    def close(self) -> None:
        return

    def _experiments(self) -> list[Path]:
        found = [*folders_in(self._folder), *folders_in(self._folder / _TRASH)]
        return sorted((folder for folder in found if folder.name.isdecimal()), key=lambda folder: folder.name)

    def _fields(self, folder: Path) -> dict[str, Any] | None:
        try:
            return fields_of(folder)
        except Unreadable:
            self._unreadable.add(str(folder))
            return None

    def _runs(self, after: str, kind: str = "run_id") -> Iterator[tuple[Path, dict[str, Any]]]:
        """Folders of runs, or of logged models, and their fields."""
        for experiment in self._experiments():
            for folder in folders_in(experiment if kind == "run_id" else experiment / "models"):
                if _position(folder) > after:
                    found = self._fields(folder)
                    if found is not None and found.get(kind, found.get("run_uuid")) == folder.name:
                        yield folder, found

    def _batches(self, after: str, kind: str, read: Any, size: int) -> Iterator[Batch[Any]]:
        together: list[Any] = []
        for folder, found in self._runs(after, kind):
            together.append(read(folder, found))
            if len(together) == size:
                yield Batch(_position(folder), together)
                together = []
        yield Batch("", together)

    def _run(self, folder: Path, found: dict[str, Any]) -> Run:
        end, deleted = found.get("end_time"), found.get("deleted_time")
        latest = []
        for name, lines in lines_of(folder / "metrics"):
            points = [(_step(rest), int(at), *number_of(float(value))) for at, value, *rest in lines]
            if points:
                step, timestamp, value, is_nan = max(points)
                latest.append(Latest(name, timestamp, step, value, is_nan))
        return Run(
            folder.name,
            int(found["experiment_id"]),
            text(found.get("run_name") or found.get("name")),
            text(found.get("user_id")),
            _STATUSES.get(whole(found.get("status")), "RUNNING"),
            whole(found.get("start_time")),
            None if end is None else int(end),
            text(found.get("lifecycle_stage")) or "active",
            None if deleted is None else int(deleted),
            text(found.get("artifact_uri")),
            pairs_in(folder / "params"),
            pairs_in(folder / "tags"),
            latest,
            *self._read(folder),
        )

    def _read(self, folder: Path) -> tuple[list[ReadDataset], list[tuple[str, str, int]]]:
        """Datasets that a run read, and logged models that it read or made."""
        datasets = []
        models = []
        for place in folders_in(folder / "inputs"):
            found = self._fields(place) or {}
            source = text(found.get("source_id"))
            if found.get("source_type") == "MODEL":
                models.append(("input", source, 0))
            elif found.get("source_type") == "DATASET":
                data = self._fields(folder.parent / "datasets" / source)
                if data is not None:
                    fields = (
                        text(data.get(n)) for n in ("name", "digest", "source_type", "source", "schema", "profile")
                    )
                    tags = [(str(key), text(value)) for key, value in (found.get("tags") or {}).items()]
                    datasets.append(ReadDataset._make((*fields, tags)))
        for place in folders_in(folder / "outputs"):
            found = self._fields(place) or {}
            models.append(("output", place.name, whole(found.get("step"))))
        return datasets, models


def _position(folder: Path) -> str:
    parents = [part for part in folder.parts if part.isdecimal()]
    return f"{parents[-1] if parents else ''}/{folder.name}"


def _step(rest: list[str]) -> int:
    return int(rest[0]) if rest else 0


def _logged_model(folder: Path, found: dict[str, Any]) -> LoggedModel:
    metrics = []
    for name, lines in lines_of(folder / "metrics"):
        known = set()
        for at, value, step, run, *data in lines:
            name_and_digest = (data[0], data[1]) if len(data) > 1 else ("", "")
            # Of two at one time the first counts, as for what is logged here.
            if (key := (at, step, run, name_and_digest)) not in known:
                known.add(key)
                number = number_of(float(value))
                metrics.append(Measured(name, int(at), int(step), run, *number, *name_and_digest))
    return LoggedModel(
        folder.name,
        int(found["experiment_id"]),
        text(found.get("name")),
        text(found.get("artifact_location")),
        whole(found.get("creation_timestamp")),
        whole(found.get("last_updated_timestamp")),
        whole(found.get("status")),
        text(found.get("status_message")),
        text(found.get("model_type")),
        text(found.get("source_run_id")),
        text(found.get("lifecycle_stage")) or "active",
        pairs_in(folder / "tags"),
        pairs_in(folder / "params"),
        metrics,
    )
