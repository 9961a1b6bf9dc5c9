"""How an archive is laid out: a zip with a member of JSON Lines for each kind of record of each place, and artifacts.

A line is a record as an array; the manifest, which is written last, names the fields of each kind, and every member
with its size and digest. A kind that is added stands in the manifest like the others. Readers of this format leave out
kinds that they do not know and say so; what they must not leave out raises `FORMAT`. A field that is added to a record
comes last and raises it too.
"""

from collections.abc import Callable
from math import inf, isinf
from typing import Any, NamedTuple

import msgspec

from modelkeep.importing.records import (
    Alias,
    Experiment,
    Latest,
    LoggedModel,
    Measured,
    Model,
    Platform,
    ReadDataset,
    Run,
    Version,
    Workspace,
)

FORMAT = 1
MANIFEST = "manifest.json"


class Series(NamedTuple):
    """Points of one metric of a run, all of it or a part. What is no number to JSON is a word: nan, inf or -inf."""

    run: str
    key: str
    timestamps: list[int]
    steps: list[int]
    values: list[float | str]


class KeptFile(NamedTuple):
    """An artifact: its path below its workspace's root."""

    path: str
    bytes: int
    sha256: str


KINDS: dict[str, type[Any]] = {
    "platforms": Platform,
    "workspaces": Workspace,
    "models": Model,
    "versions": Version,
    "aliases": Alias,
    "experiments": Experiment,
    "runs": Run,
    "points": Series,
    "logged_models": LoggedModel,
    "files": KeptFile,
}
"""The records of each kind of member."""
_WITHIN = {"runs.latest": Latest, "runs.datasets": ReadDataset, "logged_models.metrics": Measured}


class Member(msgspec.Struct, kw_only=True):
    """A member of JSON Lines. `platform` and `workspace` are the keys of what its records belong to."""

    name: str
    kind: str
    platform: str
    workspace: str
    lines: int
    records: int
    """More than the lines where a line has several."""
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, kw_only=True):
    """What an archive says of itself."""

    format: int
    modelkeep: str
    """The release that made it."""
    made_at: str
    artifacts: bool
    """Whether artifacts are in it."""
    fields: dict[str, list[str]]
    members: list[Member]


class Claim(msgspec.Struct):
    """What is read of a manifest before its format is known to be one that can be read."""

    format: int
    modelkeep: str


_INFINITE = {inf: 2, -inf: 3}
"""What `is_nan` says, beside 1 for NaN, of a value that JSON has no number for; the value is 0 then."""
_INFINITE_AGAIN = {mark: value for value, mark in _INFINITE.items()}


def portable(record: Any) -> Any:
    """A record as its line has it."""
    return _with_values(record, lambda value: isinf(value.value), _marked)


def restored(record: Any) -> Any:
    """A record as its line was written of."""
    return _with_values(record, lambda value: value.is_nan in _INFINITE_AGAIN, _unmarked)


def _with_values(record: Any, is_other: Callable[[Any], bool], other: Callable[[Any], Any]) -> Any:
    if isinstance(record, Run):
        if any(map(is_other, record.latest)):
            return record._replace(latest=[other(value) if is_other(value) else value for value in record.latest])
    elif isinstance(record, LoggedModel) and any(map(is_other, record.metrics)):
        return record._replace(metrics=[other(value) if is_other(value) else value for value in record.metrics])
    return record


def _marked(value: Any) -> Any:
    return value._replace(value=0.0, is_nan=_INFINITE[value.value])


def _unmarked(value: Any) -> Any:
    return value._replace(value=_INFINITE_AGAIN[value.is_nan], is_nan=0)


def fields() -> dict[str, list[str]]:
    """The names of the fields of each kind of record."""
    return {kind: list(record._fields) for kind, record in (KINDS | _WITHIN).items()}


def count(record: object) -> int:
    """For how many records a line counts."""
    return len(record.steps) if isinstance(record, Series) else 1


def platform_folder(row: int) -> str:
    """Where the members of a platform are, by the row id that it had."""
    return f"platforms/{row}"


def workspace_folder(row: int) -> str:
    """The same for a workspace."""
    return f"workspaces/{row}"


def artifact_name(row: int, path: str) -> str:
    """The member that has an artifact of that workspace."""
    return f"{workspace_folder(row)}/artifacts/{path}"
