"""`modelkeep backup` and `restore`: the SQLite database of one moment and the artifacts, while a server runs."""

from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from modelkeep import __version__
from modelkeep.cli.copies import Copied, copy_file, files_below, is_copied, list_file, new_folder
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.places import DATA_DEFAULT
from modelkeep.core.clock import as_rfc3339, now_ms
from modelkeep.storage.sqlite.lock import DATABASE_NAME

_FORMAT = 1
_HEAD = "backup.json"
_FILES = "files.jsonl"
_ARTIFACTS = "artifacts"
_encode = msgspec.json.Encoder().encode

Data = Annotated[Path, typer.Option("--data", envvar="MODELKEEP_DATA", help="Data directory, served or not.")]
Artifacts = Annotated[
    str, typer.Option("--artifacts", envvar="MODELKEEP_ARTIFACTS", help="Folder of the artifacts, as for serve.")
]


class Head(msgspec.Struct):
    """What a backup says of itself."""

    format: int
    made_at: str
    modelkeep: str
    artifacts: bool
    """False where they are in a bucket, which its owner backs up."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    data: Data = DATA_DEFAULT,
    artifacts: Artifacts = "",
) -> None:
    """Copy the database and the artifacts to a new folder, while the server runs.

    The database is of one moment. Artifacts are copied before it and, those that came meanwhile, after it, so every
    artifact that it knows is there. Artifacts in a bucket are not copied.
    """
    from modelkeep.storage.errors import Unavailable
    from modelkeep.storage.sqlite.backup import copy_database

    folder = _local_folder(data, artifacts)
    with new_folder(target) as partial:
        with (partial / _FILES).open("xb") as listed:
            _copy_artifacts(folder, partial, listed)
            try:
                copy_database(data, partial / DATABASE_NAME)
            except Unavailable as error:
                raise CommandFailed(str(error)) from None
            _copy_artifacts(folder, partial, listed)
            listed.write(_encode(list_file(partial / DATABASE_NAME, DATABASE_NAME)) + b"\n")
        head = Head(_FORMAT, as_rfc3339(now_ms()), __version__, folder is not None)
        (partial / _HEAD).write_bytes(_encode(head))
        count = len(_listed(partial)) - 1
    left = "" if folder is not None else " The artifacts are in a bucket and were left there."
    typer.echo(f"Backed up the database and {count} artifacts to {target}.{left}")


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `modelkeep backup` made.")],
    data: Data = DATA_DEFAULT,
) -> None:
    """Bring a backup back, into a data directory that is new. Every file is checked."""
    try:
        head = msgspec.json.decode((source / _HEAD).read_bytes(), type=Head)
        files = _listed(source)
        del files[DATABASE_NAME]
    except (OSError, KeyError, msgspec.MsgspecError):
        raise CommandFailed(f"{str(source)!r} is no backup, or not a whole one.") from None
    if head.format != _FORMAT:
        raise CommandFailed(f"{str(source)!r} is a backup of another release: {head.modelkeep}.")
    with new_folder(data) as partial:
        for file in _listed(source).values():
            _bring_back(source, partial, file)
    typer.echo(f"Restored the database of {head.made_at} and {len(files)} artifacts to {data}.")


def _listed(folder: Path) -> dict[str, Copied]:
    """The files of a backup. One that was copied twice is as it was last."""
    with (folder / _FILES).open("rb") as lines:
        files = (msgspec.json.decode(line, type=Copied) for line in lines)
        return {file.path: file for file in files}


def _local_folder(data: Path, artifacts: str) -> Path | None:
    place = artifacts.removeprefix("file://") or str(data / _ARTIFACTS)
    return None if "://" in place else Path(place)


def _copy_artifacts(folder: Path | None, partial: Path, listed: BinaryIO) -> None:
    """Copy what is not copied yet, or was replaced since."""
    if folder is None or not folder.is_dir():
        return
    for path in files_below(folder):
        target = partial / _ARTIFACTS / path
        try:
            if not is_copied(folder / path, target):
                listed.write(_encode(copy_file(folder / path, target, f"{_ARTIFACTS}/{path}")) + b"\n")
        except FileNotFoundError:
            # Deleted since it was listed.
            continue


def _bring_back(source: Path, partial: Path, file: Copied) -> None:
    if ".." in file.path.split("/") or file.path.startswith("/"):
        raise CommandFailed(f"The backup names a file outside itself: {file.path!r}.")
    try:
        copied = copy_file(source / file.path, partial / file.path, file.path)
    except OSError as error:
        raise CommandFailed(f"{file.path!r} of the backup cannot be copied: {error.strerror}.") from None
    if copied != file:
        raise CommandFailed(f"{file.path!r} of the backup is not what it was: it is damaged or was changed.")
