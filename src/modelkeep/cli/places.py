"""Platforms and workspaces as commands name and find them: PLATFORM or PLATFORM/WORKSPACE."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from modelkeep.cli.caller import Caller
from modelkeep.cli.failure import CommandFailed

PLATFORMS = "/20260430/aiDataPlatforms"
DATA_DEFAULT = Path("modelkeep-data")

Data = Annotated[Path, typer.Option("--data", envvar="MODELKEEP_DATA", help="Data directory, served or not.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def split_name(name: str) -> tuple[str, str]:
    """Platform and workspace, "" where none is named."""
    platform, _, workspace = name.partition("/")
    if not platform or "/" in workspace:
        raise CommandFailed(f"{name!r} is no name; PLATFORM or PLATFORM/WORKSPACE is.")
    return platform, workspace


def workspaces_path(platform: str) -> str:
    return f"{_platform_path(platform)}/workspaces"


def _platform_path(platform: str) -> str:
    return f"{PLATFORMS}/{quote(platform, safe='')}"


def operations_path(platform: str, workspace: str = "") -> str:
    """Below which the operations of a workspace are, or of a platform."""
    place = f"{workspaces_path(platform)}/{quote(workspace, safe='')}" if workspace else _platform_path(platform)
    return f"{place}/mlops/api/2.0/mlflow"


def all_platforms(caller: Caller) -> list[str]:
    return [platform["id"] for platform in caller.call("GET", PLATFORMS)["items"]]


def all_workspaces(caller: Caller, platform: str) -> Iterator[dict[str, Any]]:
    page: str | None = ""
    while page is not None:
        query = f"?{urlencode({'page': page})}" if page else ""
        yield from caller.call("GET", workspaces_path(platform) + query)["items"]
        page = caller.next_page
