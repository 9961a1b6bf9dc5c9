"""The files of an `mlruns` folder: a folder a resource, its fields in `meta.yaml`, and a file for each tag or param."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from modelkeep.importing.records import Pair

META = "meta.yaml"


class Unreadable(Exception):
    """A folder has no fields that can be read, as a crash of a writer leaves it."""


def fields_of(folder: Path) -> dict[str, Any]:
    """What `meta.yaml` says."""
    try:
        found = msgspec.yaml.decode((folder / META).read_bytes())
    except (OSError, msgspec.MsgspecError):
        raise Unreadable(str(folder)) from None
    if not isinstance(found, dict):
        raise Unreadable(str(folder))
    return found


def names_below(folder: Path) -> list[str]:
    """Files however deep; a slash in a key is a folder."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), folder) for parent, _, files in os.walk(folder) for name in files
    )


def pairs_in(folder: Path) -> list[Pair]:
    """Keys and values, a file each."""
    return [(name, (folder / name).read_bytes().decode(errors="replace")) for name in names_below(folder)]


def folders_in(folder: Path) -> list[Path]:
    """Folders with a `meta.yaml`, by name."""
    try:
        return sorted(path for path in folder.iterdir() if (path / META).is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []


def lines_of(folder: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Each metric, and its lines split at spaces."""
    for name in names_below(folder):
        text = (folder / name).read_text(errors="replace")
        yield name, [line.split(" ") for line in map(str.strip, text.splitlines()) if line]


def whole(value: Any) -> int:
    """A number that may be missing."""
    return int(value or 0)


def text(value: Any) -> str:
    """Text that may be missing."""
    return "" if value is None else str(value)
