"""`modelkeep export`: everything of a server, a platform or a workspace into one file."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from modelkeep.cli.caller import open_beside
from modelkeep.cli.copies import new_file
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data, split_name

if TYPE_CHECKING:
    from modelkeep.artifacts.stores import Stores
    from modelkeep.cli.import_report import Shown
    from modelkeep.storage.engine import Engine

    Work = Callable[[Engine, Stores], Awaitable[dict[str, Any]]]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    target: Annotated[Path, typer.Argument(help="A new file.")],
    platform: Annotated[str, typer.Option(help="PLATFORM or PLATFORM/WORKSPACE; all where none is named.")] = "",
    artifacts: Annotated[bool, typer.Option(help="Write the artifacts as well.")] = True,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write platforms, experiments, runs, models and their artifacts to one file, while the server runs.

    `modelkeep import archive` reads it, into SQLite or PostgreSQL. The records are of one moment, the artifacts of the
    time after it. Users, tokens and other secrets are not in it.
    """
    from modelkeep.artifacts.store import Replaced, StoreFailed
    from modelkeep.cli.import_report import Shown
    from modelkeep.exporting.places import NoSuchPlace
    from modelkeep.storage.errors import Unavailable

    wanted = _Wanted(*(split_name(platform) if platform else ("", "")), artifacts)
    try:
        with open_beside(data) as beside, new_file(target) as file, Shown(quiet=as_json) as shown:
            report = beside.lend(_work(file, wanted, shown))
    except (NoSuchPlace, Unavailable, StoreFailed) as error:
        raise CommandFailed(" ".join(str(error).split())) from None
    except Replaced:
        raise CommandFailed("An artifact was written anew again and again while it was read. Try again.") from None
    except OSError as error:
        raise CommandFailed(f"The archive cannot be written: {error.strerror or error}.") from None
    if as_json:
        typer.echo(json.dumps({"file": str(target), **report}, indent=2))
        return
    size = target.stat().st_size
    typer.echo(
        f"Wrote {report['workspaces']} workspaces of {report['platforms']} platforms to {target}, {size:,} bytes."
    )


class _Wanted(NamedTuple):
    platform: str
    workspace: str
    artifacts: bool


def _work(file: Path, wanted: _Wanted, shown: "Shown") -> "Work":
    async def work(engine: "Engine", stores: "Stores") -> dict[str, Any]:
        from modelkeep.exporting.archive_writer import ArchiveWriter
        from modelkeep.exporting.artifacts import write_artifacts
        from modelkeep.exporting.exporter import write_records
        from modelkeep.exporting.places import Chosen
        from modelkeep.storage.transaction import Transaction

        with file.open("r+b") as opened, ArchiveWriter(opened, artifacts=wanted.artifacts) as archive:

            def write(tx: Transaction) -> Chosen:
                # A read may be run once more, where the connection was lost.
                archive.begin_again()
                return write_records(tx, archive, wanted.platform, wanted.workspace, shown)

            chosen = await engine.read(write)
            size = 0
            if wanted.artifacts:
                for workspace in chosen.workspaces:
                    size += await write_artifacts(stores, archive, workspace, shown)
                await stores.drop_views()
            archive.finish()
        counts = {"platforms": len(chosen.platforms), "workspaces": len(chosen.workspaces)}
        return {**counts, "written": shown.written, "artifact_bytes": size}

    return work
