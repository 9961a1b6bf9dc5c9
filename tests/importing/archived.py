"""Archives as tests look at them: their records, and copies that differ in one thing."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Records = dict[str, list[Any]]


def records(path: Path) -> Records:
    """The records of each member, in an order of their own; points of a metric are one record, however they are cut."""
    found: Records = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".jsonl"):
                lines = [json.loads(line) for line in archive.read(name).splitlines()]
                found[name] = _points(lines) if name.endswith("points.jsonl") else sorted(lines, key=str)
    return found


def _points(lines: list[Any]) -> list[Any]:
    of_metric: dict[tuple[str, str], list[Any]] = {}
    for run, key, *points in lines:
        of_metric.setdefault((run, key), []).extend(zip(*points, strict=True))
    return sorted([*metric, sorted(points, key=str)] for metric, points in of_metric.items())


def changed(path: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A copy, each member of which is what `change` makes of it."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, change(name, archive.read(name)))
    return target


def with_manifest(path: Path, target: Path, change: Callable[[Any], None]) -> Path:
    """A copy with another manifest."""

    def edit(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        manifest = json.loads(content)
        change(manifest)
        return json.dumps(manifest).encode()

    return changed(path, target, edit)
