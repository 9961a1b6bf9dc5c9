"""`modelkeep import archive`: back from what `modelkeep export` wrote."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from modelkeep.cli.caller import open_alone
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data, split_name

if TYPE_CHECKING:
    from modelkeep.artifacts.stores import Stores
    from modelkeep.cli.import_report import Shown
    from modelkeep.importing.archive import Archive
    from modelkeep.importing.bring_archive import Brought
    from modelkeep.storage.engine import Engine

_STOPPED = 130


def archive(
    file: Annotated[Path, typer.Argument(help="What `modelkeep export` wrote.")],
    platform: Annotated[
        str, typer.Option(help="Only this PLATFORM or PLATFORM/WORKSPACE of it; all where none is named.")
    ] = "",
    artifacts: Annotated[bool, typer.Option(help="Bring the artifacts as well.")] = True,
    verify: Annotated[bool, typer.Option(help="Compare archive and workspaces at the end.")] = True,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Bring platforms, workspaces and all that is in them from an archive, into SQLite or PostgreSQL.

    The whole archive is checked before anything is written. Where it was stopped, the same command goes on.
    """
    from modelkeep.artifacts.store import StoreFailed
    from modelkeep.cli.import_report import Shown, print_report
    from modelkeep.importing.archive import Archive
    from modelkeep.importing.source import SourceUnusable
    from modelkeep.storage.errors import Unavailable

    wanted = _Wanted(*(split_name(platform) if platform else ("", "")), artifacts, verify)
    try:
        opened = Archive(file)
        try:
            with Shown(quiet=as_json) as shown:
                opened.check(artifacts=artifacts, watcher=shown)
                with open_alone(data) as local:
                    brought = local.lend(_work(opened, wanted, shown))
            report: dict[str, Any] = {"source": str(file), "went_on": shown.went_on, "written": shown.written}
            report["left_out"] = opened.unknown()
        finally:
            opened.close()
    except (SourceUnusable, Unavailable, StoreFailed) as error:
        raise CommandFailed(" ".join(str(error).split())) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on where it was.", err=True)
        raise typer.Exit(_STOPPED) from None
    if brought.files is not None:
        report["artifacts"] = {"files": brought.files, "bytes": brought.bytes, "left": 0}
    report["moved"] = [move._asdict() for move in brought.moved]
    print_report(report, brought.comparison, as_json=as_json)
    if brought.comparison is not None and not brought.comparison.same:
        raise CommandFailed(
            f"{len(brought.comparison.differing)} of the objects differ between archive and workspaces."
        )


class _Wanted(NamedTuple):
    platform: str
    workspace: str
    artifacts: bool
    verify: bool


def _work(archive: "Archive", wanted: _Wanted, shown: "Shown") -> "Callable[[Engine, Stores], Awaitable[Brought]]":
    async def work(engine: "Engine", stores: "Stores") -> "Brought":
        from modelkeep.importing.archive_places import NoSuchPlace, TakenName
        from modelkeep.importing.bring_archive import bring_archive
        from modelkeep.importing.importer import Clash, NotWritten

        with_bytes = stores if wanted.artifacts and archive.has_artifacts else None
        try:
            return await bring_archive(
                engine, with_bytes, archive, wanted.platform, wanted.workspace, shown, verify=wanted.verify
            )
        except (Clash, NotWritten, NoSuchPlace, TakenName) as error:
            raise CommandFailed(str(error)) from None

    return work
