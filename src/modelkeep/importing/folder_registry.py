"""The registry of an `mlruns` folder: a folder a model, and in it one for each version."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelkeep.importing.folder_files import Unreadable, fields_of, folders_in, pairs_in, text, whole
from modelkeep.importing.records import Alias, Model, Version
from modelkeep.importing.source import Batch

FOLDER = "models"
# A deleted version keeps its folder: its number is not used again.
_DELETED = "Deleted_Internal"


def models(root: Path) -> Iterator[Batch[Model]]:
    """By name."""
    for folder, found in _models(root):
        created = whole(found.get("creation_timestamp"))
        model = Model(
            text(found["name"]),
            text(found.get("description")),
            created,
            whole(found.get("last_updated_timestamp")) or created,
            text(found.get("deployment_job_id")),
            max((number for number, _ in _versions(folder)), default=0),
            pairs_in(folder / "tags"),
        )
        yield Batch("", [model])


def versions(root: Path) -> Iterator[Batch[Version]]:
    """By model and number."""
    for folder, model in _models(root):
        records = []
        for number, place in _versions(folder):
            found = _fields(place)
            if found is None or found.get("current_stage") == _DELETED:
                continue
            created, source = whole(found.get("creation_timestamp")), text(found.get("source"))
            records.append(
                Version(
                    text(model["name"]),
                    number,
                    created,
                    whole(found.get("last_updated_timestamp")) or created,
                    text(found.get("user_id")),
                    text(found.get("current_stage")) or "None",
                    text(found.get("description")),
                    source,
                    text(found.get("storage_location")) or source,
                    text(found.get("run_id")),
                    text(found.get("run_link")),
                    text(found.get("model_id")),
                    pairs_in(place / "tags"),
                )
            )
        if records:
            yield Batch("", records)


def aliases(root: Path) -> Iterator[Batch[Alias]]:
    """By model."""
    for folder, found in _models(root):
        there = {
            number
            for number, place in _versions(folder)
            if (_fields(place) or {"current_stage": _DELETED}).get("current_stage") != _DELETED
        }
        named = [Alias(text(found["name"]), name, whole(version)) for name, version in pairs_in(folder / "aliases")]
        yield Batch("", [alias for alias in named if alias.version in there])


def _models(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for folder in folders_in(root / FOLDER):
        found = _fields(folder)
        if found is not None and "name" in found:
            yield folder, found


def _fields(folder: Path) -> dict[str, Any] | None:
    try:
        return fields_of(folder)
    except Unreadable:
        return None


def _versions(folder: Path) -> list[tuple[int, Path]]:
    found = ((path.name.removeprefix("version-"), path) for path in folders_in(folder))
    return sorted((int(number), path) for number, path in found if number.isdecimal())
