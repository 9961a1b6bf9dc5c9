"""Whose artifacts are shown: those of a run, or those of a logged model."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from modelkeep.tracking.artifact_places import FileInfo
from modelkeep.tracking.artifacts import ListArtifacts, RunArtifact, get_artifact, list_artifacts
from modelkeep.tracking.logged_model_artifacts import (
    ListLoggedModelArtifacts,
    LoggedModelArtifact,
    get_logged_model_artifact,
    list_logged_model_artifacts,
)
from modelkeep.ui.page import Page


class Folder(NamedTuple):
    """What is directly in a folder: folders first. `further` is the token of the rest, "" where this is all."""

    files: list[FileInfo]
    further: str


class Source(NamedTuple):
    """The way to somebody's artifacts."""

    segments: tuple[str, str]
    """Where the pages are: `runs` or `logged-models`, and the id."""
    list: Callable[[str, str], Awaitable[Any]]
    """Of a folder, a page by its token."""
    read: Callable[[str, int], Awaitable[bytes]]
    download: Callable[[str], str]
    """The address of the whole file, which a browser saves."""

    async def folder(self, path: str, token: str) -> Folder:
        answer = await self.list(path, token)
        files = sorted(answer.files, key=lambda file: (not file.is_dir, file.path.lower()))
        return Folder(files, answer.next_page_token or "")


def of_run(page: Page, run_id: str) -> Source:
    return Source(
        ("runs", run_id),
        lambda path, token: page.list_artifacts(
            list_artifacts, ListArtifacts(run_id, path=path or None, page_token=token or None)
        ),
        lambda path, most: page.read_artifact(get_artifact, RunArtifact(path, run_id), most_bytes=most),
        lambda path: f"{_api(page)}/get-artifact?{urlencode({'run_id': run_id, 'path': path})}",
    )


def of_logged_model(page: Page, model_id: str) -> Source:
    return Source(
        ("logged-models", model_id),
        lambda path, token: page.list_artifacts(
            list_logged_model_artifacts, ListLoggedModelArtifacts(model_id, path or None, token or None)
        ),
        lambda path, most: page.read_artifact(
            get_logged_model_artifact, LoggedModelArtifact(model_id, path), most_bytes=most
        ),
        lambda path: (
            f"{_api(page)}/logged-models/{quote(model_id, safe='')}/artifacts/files?"
            f"{urlencode({'artifact_file_path': path})}"
        ),
    )


def _api(page: Page) -> str:
    platform, workspace = quote(page.platform, safe=""), quote(page.workspace, safe="")
    return f"/20260430/aiDataPlatforms/{platform}/workspaces/{workspace}/mlops/api/2.0/mlflow"
