"""Artifacts in a tree, with a preview of the one that is chosen.

What people stored is never run as a page of this server: it is shown as text, as an image, or in a frame that has no
origin, by answers whose own policy allows them nothing but themselves.
"""

from typing import Any

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.ui.listing import Pages, here
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.artifact_source import Source, of_logged_model, of_run
from modelkeep.ui.tracking_pages.artifact_tree import BEGINNING, Place, Tree
from modelkeep.ui.tracking_pages.logged_models import load_logged_model
from modelkeep.ui.tracking_pages.previews import (
    FRAME_BYTES,
    FRAMES,
    IMAGE_BYTES,
    IMAGES,
    Preview,
    extension_of,
    preview,
)
from modelkeep.ui.tracking_pages.run import load_run
from modelkeep.ui.view import view

_PREFIX = "/p/{platform}/w/{workspace}"
_SHARED = "default-src 'none'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
_POLICIES = {
    # A page of somebody's: its own scripts run, without an origin and without a way to anything.
    "html": f"sandbox allow-scripts; {_SHARED}; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:",
    # The browser's viewer is a plug-in of its own, which a sandbox would keep from starting.
    "pdf": f"{_SHARED}; object-src 'self'; plugin-types application/pdf",
    "": f"sandbox; {_SHARED}; style-src 'unsafe-inline'; img-src data:",
}


@view(f"{_PREFIX}/runs/{{run_id}}/artifacts")
async def run_artifacts(page: Page) -> Response:
    """The artifacts of a run."""
    shown = await load_run(page)
    context = await _context(page, of_run(page, shown.id))
    return page.render("tracking/run_artifacts.html", place="experiments", shown=shown, **context)


@view(f"{_PREFIX}/logged-models/{{model_id}}/artifacts")
async def model_artifacts(page: Page) -> Response:
    """The artifacts of a logged model."""
    shown, experiment_name = await load_logged_model(page)
    context = await _context(page, of_logged_model(page, shown.info.model_id))
    return page.render(
        "tracking/logged_model_artifacts.html",
        place="experiments",
        model=shown,
        experiment_name=experiment_name,
        **context,
    )


async def _context(page: Page, source: Source) -> dict[str, Any]:
    path, place = page.asked("path").strip("/"), _place_of(page)
    tree = Tree(source, path, place)
    entries = await tree.lines("", 0)
    chosen = next((entry for entry in entries if entry.is_chosen and not entry.is_dir), None)
    shown: Preview | None = None
    if chosen is not None:
        shown = await preview(source, chosen.path, chosen.size or 0)
    elif path and not any(entry.path == path for entry in entries):
        raise ApiError(ErrorKind.NOT_FOUND, f"There is no artifact {path[:200]!r}.")
    # A file is on one page of its folder; the others are the folder's.
    folder = chosen.path.rpartition("/")[0] if chosen else path
    first = here(page, path=folder, page_=None, after=None) if place != BEGINNING else ""
    further = here(page, path=folder, **tree.further._asdict()) if tree.further else ""
    return {
        "entries": entries,
        "chosen": chosen,
        "preview": shown,
        "pages": Pages(first, further),
        "left_out": tree.left_out,
        "base": source.segments,
        "download": source.download(chosen.path) if chosen else "",
    }


def _place_of(page: Page) -> Place:
    after = page.asked("after", "0")
    return Place(page.asked("page"), int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0)


@view(f"{_PREFIX}/runs/{{run_id}}/shown")
async def run_artifact(page: Page) -> Response:
    """An image, a PDF or a page among a run's artifacts, as a preview has it."""
    return await _shown(page, of_run(page, page.parameter("run_id")))


@view(f"{_PREFIX}/logged-models/{{model_id}}/shown")
async def model_artifact(page: Page) -> Response:
    """The same of a logged model."""
    return await _shown(page, of_logged_model(page, page.parameter("model_id")))


async def _shown(page: Page, source: Source) -> Response:
    path = page.asked("path")
    extension = extension_of(path)
    kind = IMAGES.get(extension) or FRAMES.get(extension)
    if kind is None:
        raise ApiError(ErrorKind.NOT_FOUND, f"There is no preview of {path[:200]!r}.")
    most = IMAGE_BYTES if extension in IMAGES else FRAME_BYTES
    content = await source.read(path, most)
    policy = _POLICIES["html" if extension in ("html", "htm") else extension if extension == "pdf" else ""]
    headers = {
        "content-security-policy": policy,
        "x-frame-options": "SAMEORIGIN",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-cache",
    }
    return Response(content, 200, headers, media_type=kind)
