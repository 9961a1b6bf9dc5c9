"""`make screenshots`: pictures of every view, light and dark, into `docs/images/`.

Other folders and views: `python -m tests.support.screenshots FOLDER [VIEW…]`.
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.support.api import Api
from tests.support.browser import Visitor, open_browser
from tests.support.command import run
from tests.support.server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FOLDER = Path(__file__).parents[2] / "docs" / "images"
_THEMES = ("light", "dark")
_COLOURS = 256


class View(NamedTuple):
    """A page and the name of its picture. `width` is that of the window."""

    name: str
    path: str
    width: int = 1280
    status: int = 200


VIEWS = [
    View("models", "/p/default/models"),
    View("models-narrow", "/p/default/models", 390),
    View("models-wrong-filter", "/p/default/models?q=tags.team+%3D+risk", status=400),
    View("models-empty", "/p/empty/models"),
    View("new-model", "/p/default/new-model"),
    View("model", "/p/default/models/main.growth.churn"),
    View("model-narrow", "/p/default/models/main.growth.churn", 390),
    View("rename-model", "/p/default/models/main.growth.churn/rename"),
    View("delete-model", "/p/default/models/main.growth.churn/delete"),
    View("version", "/p/default/models/main.growth.churn/versions/3"),
    View("version-narrow", "/p/default/models/main.growth.churn/versions/3", 390),
    View("delete-version", "/p/default/models/main.growth.churn/versions/3/delete"),
    View("compare-versions", "/p/default/models/main.growth.churn/compare?versions=1,2,3,4"),
    View("register", "/p/default/register?model=main.growth.churn"),
    View("workspaces", "/p/default/workspaces"),
    View("platforms", "/platforms"),
    View("not-found", "/p/default/models/absent", status=404),
    View("extreme-models", "/p/extreme/models"),
    View("extreme-model", "/p/extreme/models/" + "long-name-" * 25),
    View("extreme-version", "/p/extreme/models/" + "long-name-" * 25 + "/versions/1"),
]
"""Every view. Those whose names begin with `extreme` are for looking at, and not kept in `docs/images/`."""


def fill(server: RunningServer) -> None:
    """The demonstration, a platform without anything, and one of long names and many tags."""
    assert run("demo", server.url).code == 0
    root = Api(server.url)
    for platform in ("empty", "extreme"):
        root.ok("POST", "/api/3.0/mlflow/workspaces", {"name": platform}, status=201)
    fill_extremes(Api(server.url, "/20260430/aiDataPlatforms/extreme/workspaces/default/mlops/api/2.0/mlflow"))


def fill_extremes(api: Api) -> str:
    """A model with a name, tags and values as long as people make them; its name."""
    name = "long-name-" * 25
    tags = [{"key": f"tag-number-{number}", "value": "a value of many words " * 14} for number in range(40)]
    tags.append({"key": "k" * 200, "value": "v" * 300})
    api.post("registered-models/create", name=name, tags=tags, description="word" * 300 + "\n\n`" + "c" * 400 + "`")
    for _ in range(2):
        api.post("model-versions/create", name=name, source="s3://" + "folder/" * 60, tags=tags, description="x" * 999)
    for number in range(12):
        api.post("registered-models/alias", name=name, alias=f"alias-{number}-" + "a" * 60, version="1")
    return name


def take(browser: "Browser", server: RunningServer, view: View, theme: str) -> bytes:
    """The picture of a view, a PNG of few colours."""
    from PIL import Image

    size = {"width": view.width, "height": 800}
    visitor = Visitor(browser, server.url, color_scheme=theme, viewport=size)
    visitor.open(view.path, view.status)
    visitor.page.wait_for_load_state("networkidle")
    taken = Image.open(BytesIO(visitor.page.screenshot()))
    visitor.close()
    small = BytesIO()
    taken.convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


def main(folder: Path, names: list[str]) -> None:
    wanted = [
        view
        for view in VIEWS
        if (view.name in names if names else folder != _FOLDER or not view.name.startswith("extreme"))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        RunningServer(Path(data) / "data", "--no-access-log") as server,
        open_browser() as browser,
    ):
        fill(server)
        for view in wanted:
            for theme in _THEMES:
                (folder / f"{view.name}-{theme}.png").write_bytes(take(browser, server, view, theme))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER, sys.argv[2:])
