"""`modelkeep import`: the way in from an existing MLflow, and from an archive."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from urllib.parse import quote

import typer

from modelkeep.cli.caller import Local, open_alone
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.import_archive import archive
from modelkeep.cli.places import DATA_DEFAULT, PLATFORMS, AsJson, Data, all_platforms, split_name, workspaces_path

if TYPE_CHECKING:
    from modelkeep.artifacts.stores import Stores
    from modelkeep.cli.import_report import Shown
    from modelkeep.importing.copying import Copied
    from modelkeep.importing.source import Source
    from modelkeep.importing.verify import Comparison
    from modelkeep.storage.engine import Engine

app = typer.Typer(help="Bring in what another server has.", no_args_is_help=True)
_STOPPED = 130


class Artifacts(Enum):
    """What becomes of artifacts."""

    LEAVE = "leave"
    COPY = "copy"


@app.callback()
def import_() -> None:
    """Bring in what another server has."""


@app.command()
def mlflow(
    source: Annotated[
        str,
        typer.Argument(help="A SQLite file, postgresql://…, an mlruns folder, or http://… of a running server."),
    ],
    into: Annotated[str, typer.Option(help="PLATFORM/WORKSPACE to import into.")] = "default/default",
    create: Annotated[bool, typer.Option("--create", help="Create platform and workspace where they are not.")] = False,
    artifacts: Annotated[
        Artifacts, typer.Option(help="Copy artifacts into the workspace, or leave them where they are.")
    ] = Artifacts.LEAVE,
    artifacts_from: Annotated[
        str, typer.Option(help="Where the old server keeps what is at mlflow-artifacts: (a folder or s3://…).")
    ] = "",
    source_workspace: Annotated[
        str, typer.Option(help="Which workspace of the source, where it has some.")
    ] = "default",
    verify: Annotated[bool, typer.Option(help="Compare source and workspace at the end.")] = True,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Import experiments, runs, metrics, logged models, registered models and their artifacts from an MLflow.

    Nothing in the source is changed. Where it was stopped, the same command goes on.
    """
    from modelkeep.cli.import_report import Shown, print_report
    from modelkeep.importing.places import open_source
    from modelkeep.importing.source import SourceUnusable
    from modelkeep.storage.errors import Unavailable

    platform, workspace = split_name(into)
    comparison: Comparison | None
    try:
        opened = open_source(source, source_workspace)
        try:
            with open_alone(data) as local, Shown(quiet=as_json) as shown:
                _check_place(local, platform, workspace or "default", create)
                wanted = _Wanted((platform, workspace or "default"), artifacts, artifacts_from, verify)
                comparison, copied = local.lend(_work(opened, wanted, shown))
                report: dict[str, Any] = {"source": opened.name, "went_on": shown.went_on, "written": shown.written}
                report["seconds"] = shown.seconds
                report["left_out"] = opened.left_out()
                if copied is not None:
                    report["artifacts"] = vars(copied)
        finally:
            opened.close()
    except (SourceUnusable, Unavailable) as error:
        raise CommandFailed(" ".join(str(error).split())) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on where it was.", err=True)
        raise typer.Exit(_STOPPED) from None
    print_report(report, comparison, as_json=as_json)
    if copied is not None and copied.failed:
        raise CommandFailed(f"The artifacts of {len(copied.failed)} could not be copied, such as {copied.failed[0]}")
    if comparison is not None and not comparison.same:
        raise CommandFailed(f"{len(comparison.differing)} of the objects differ between source and workspace.")


app.command()(archive)


class _Wanted(NamedTuple):
    into: tuple[str, str]
    artifacts: Artifacts
    artifacts_from: str
    verify: bool


def _work(
    source: "Source", wanted: _Wanted, shown: "Shown"
) -> "Callable[[Engine, Stores], Awaitable[tuple[Comparison | None, Copied | None]]]":
    async def work(engine: "Engine", stores: "Stores") -> "tuple[Comparison | None, Copied | None]":
        from modelkeep.core.clock import now_ms
        from modelkeep.importing.copying import copy_artifacts
        from modelkeep.importing.importer import Clash, NotWritten, bring, raise_it
        from modelkeep.importing.journal import find_target
        from modelkeep.importing.origins import Origins
        from modelkeep.importing.verify import compare

        target = await engine.read(lambda tx: find_target(tx, *wanted.into))
        if target is None:
            raise CommandFailed(f"The workspace {'/'.join(wanted.into)} is gone.")
        try:
            journal = await bring(engine, target, source, shown)
        except (Clash, NotWritten) as error:
            raise CommandFailed(str(error)) from None
        copied = None
        if wanted.artifacts is Artifacts.COPY:
            origins = Origins(source, wanted.artifacts_from)
            copied = await copy_artifacts(engine, stores, target, source, origins, journal, shown)
        comparison = await compare(engine, target, source, shown) if wanted.verify else None
        await engine.write(lambda tx: journal.finish(tx, now_ms()), raise_it)
        return comparison, copied

    return work


def _check_place(local: Local, platform: str, workspace: str, create: bool) -> None:
    """Fail where the workspace is not there, or create it."""
    if create:
        if platform not in all_platforms(local):
            local.call("POST", PLATFORMS, {"id": platform})
        try:
            local.call("GET", f"{workspaces_path(platform)}/{quote(workspace, safe='')}")
        except CommandFailed:
            local.call("POST", workspaces_path(platform), {"displayName": workspace})
        return
    local.call("GET", f"{workspaces_path(platform)}/{quote(workspace, safe='')}")
