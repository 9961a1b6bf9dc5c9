"""Addresses of pages: every segment and value is quoted here and nowhere else."""

from typing import Any
from urllib.parse import quote, urlencode


def link(*segments: Any, **query: Any) -> str:
    """The address of these segments, with those of the query that are neither None nor ""."""
    path = "/" + "/".join(quote(str(segment), safe="") for segment in segments)
    given = {key.rstrip("_"): value for key, value in query.items() if value not in (None, "", [])}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def platform_link(platform: str, *segments: Any, **query: Any) -> str:
    """What belongs to a platform: its registry and its workspaces."""
    return link("p", platform, *segments, **query)


def workspace_link(platform: str, workspace: str, *segments: Any, **query: Any) -> str:
    """What belongs to a workspace: experiments, runs, logged models."""
    return link("p", platform, "w", workspace, *segments, **query)


def run_link(platform: str, workspace: str, run_id: str) -> str:
    """The page of a run."""
    return workspace_link(platform, workspace, "runs", run_id)


def logged_model_link(platform: str, workspace: str, model_id: str) -> str:
    """The page of a logged model."""
    return workspace_link(platform, workspace, "logged-models", model_id)
