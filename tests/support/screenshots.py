"""`make screenshots`: pictures of every view, light and dark, into `docs/images/`.

Other folders and views: `python -m tests.support.screenshots FOLDER [VIEW…]`.
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.identity.people import PASSWORD, basic, key_pair
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


_TRACKING = "/p/default/w/default"

VIEWS = [
    View("models", "/p/default/models"),
    View("models-narrow", "/p/default/models", 390),
    View("models-wrong-filter", "/p/default/models?q=tags.team+%3D+risk", status=400),
    View("models-empty", "/p/empty/models"),
    View("new-model", "/p/default/new-model"),
    View("model", "/p/default/models/main.growth.churn"),
    View("model-narrow", "/p/default/models/main.growth.churn", 390),
    View("activity", "/p/default/models/main.growth.churn/activity"),
    View("rename-model", "/p/default/models/main.growth.churn/rename"),
    View("delete-model", "/p/default/models/main.growth.churn/delete"),
    View("version", "/p/default/models/main.growth.churn/versions/3"),
    View("version-narrow", "/p/default/models/main.growth.churn/versions/3", 390),
    View("delete-version", "/p/default/models/main.growth.churn/versions/3/delete"),
    View("compare-versions", "/p/default/models/main.growth.churn/compare?versions=1,2,3,4"),
    View("prompts", "/p/default/prompts"),
    View("prompts-empty", "/p/empty/prompts"),
    View("new-prompt", "/p/default/new-prompt"),
    View("write-prompt", "/p/default/models/support-answer/write"),
    View("prompt", "/p/default/models/support-answer"),
    View("prompt-version", "/p/default/models/support-answer/versions/3"),
    View("prompt-version-narrow", "/p/default/models/support-answer/versions/3", 390),
    View("prompt-chat", "/p/default/models/ticket-triage/versions/1"),
    View("compare-prompts", "/p/default/models/support-answer/compare?versions=1,2,3"),
    View("register", "/p/default/register?model=main.growth.churn"),
    View("experiments", f"{_TRACKING}/experiments"),
    View("new-experiment", f"{_TRACKING}/new-experiment"),
    View("experiments-empty", "/p/empty/w/default/experiments?q=nothing"),
    View("runs", f"{_TRACKING}/experiments/1"),
    View("runs-narrow", f"{_TRACKING}/experiments/1", 390),
    View("runs-columns", f"{_TRACKING}/experiments/1?keys=l"),
    View("runs-empty", "/p/empty/w/default/experiments/0"),
    View("experiment-details", f"{_TRACKING}/experiments/1/details"),
    View("delete-experiment", f"{_TRACKING}/experiments/1/delete"),
    View("logged-models", f"{_TRACKING}/experiments/1/logged-models"),
    View("run", f"{_TRACKING}/runs/{{run}}"),
    View("run-narrow", f"{_TRACKING}/runs/{{run}}", 390),
    View("run-charts", f"{_TRACKING}/runs/{{run}}/charts?smooth=0.6"),
    View("run-system-metrics", f"{_TRACKING}/runs/{{run}}/system-metrics"),
    View("run-artifacts", f"{_TRACKING}/runs/{{run}}/artifacts?path=predictions.csv"),
    View("run-artifact-page", f"{_TRACKING}/runs/{{run}}/artifacts?path=report.html"),
    View("compare-runs", f"{_TRACKING}/compare?{{runs}}&show=curves&show=parallel&show=contour&show=box"),
    View("logged-model", f"{_TRACKING}/logged-models/{{logged_model}}"),
    View("logged-model-artifacts", f"{_TRACKING}/logged-models/{{logged_model}}/artifacts?path=MLmodel"),
    View("delete-logged-model", f"{_TRACKING}/logged-models/{{logged_model}}/delete"),
    View("workspaces", "/p/default/workspaces"),
    View("platforms", "/platforms"),
    View("workspace", "/p/default/w/default/overview"),
    View("delete-workspace", "/p/default/w/trials/overview/delete"),
    View("permissions", "/p/default/permissions"),
    View("users", "/users"),
    View("users-narrow", "/users", 390),
    View("new-user", "/new-user"),
    View("user", "/users/alma"),
    View("user-narrow", "/users/alma", 390),
    View("delete-user", "/users/ines/delete"),
    View("revoke-token", "/users/alma/tokens/laptop/revoke"),
    View("groups", "/groups"),
    View("group", "/groups/growth"),
    View("delete-group", "/groups/growth/delete"),
    View("roles", "/roles"),
    View("role", "/roles/auditors"),
    View("server", "/server"),
    View("log-in", "/login"),
    View("audit", "/p/default/audit"),
    View("not-found", "/p/default/models/absent", status=404),
    View("extreme-models", "/p/extreme/models"),
    View("extreme-model", "/p/extreme/models/" + "long-name-" * 25),
    View("extreme-experiments", "/p/extreme/w/default/experiments"),
    View("extreme-runs", "/p/extreme/w/default/experiments/1"),
    View("extreme-run", "/p/extreme/w/default/runs/{extreme_run}"),
    View("extreme-run-narrow", "/p/extreme/w/default/runs/{extreme_run}", 390),
    View("extreme-users", "/users?q=long-name"),
    View("extreme-user", "/users/" + "long-name-" * 20),
    View("extreme-user-narrow", "/users/" + "long-name-" * 20, 390),
    View("extreme-role", "/roles/" + "long-name-" * 20),
    View("extreme-compare", "/p/extreme/models/" + "long-name-" * 25 + "/compare?versions=1,2"),
    View("extreme-experiment-details", "/p/extreme/w/default/experiments/1/details"),
    View("extreme-delete-experiment", "/p/extreme/w/default/experiments/1/delete"),
    View("extreme-charts", "/p/extreme/w/default/runs/{extreme_run}/charts"),
    View("extreme-prompts", "/p/extreme/prompts"),
    View("extreme-prompt", "/p/extreme/models/" + "long-prompt-" * 20),
    View("extreme-prompt-version", "/p/extreme/models/" + "long-prompt-" * 20 + "/versions/1"),
    View("extreme-prompt-compare", "/p/extreme/models/" + "long-prompt-" * 20 + "/compare?versions=1,2"),
    View("extreme-workspace", "/p/extreme/w/default/overview"),
    View("extreme-version-narrow", "/p/extreme/models/" + "long-name-" * 25 + "/versions/1", 390),
    View("extreme-version", "/p/extreme/models/" + "long-name-" * 25 + "/versions/1"),
]
"""Every view. Those whose names begin with `extreme` are for looking at, and not kept in `docs/images/`."""


def fill(server: RunningServer) -> dict[str, str]:
    """The demonstration, a platform without anything, and one of long names and many tags; ids for the paths."""
    assert run("demo", server.url).code == 0
    root = Api(server.url)
    for platform in ("empty", "extreme"):
        root.ok("POST", "/api/3.0/mlflow/workspaces", {"name": platform}, status=201)
    Api(server.url, "/20260430/aiDataPlatforms/default").post("workspaces", displayName="trials")
    extreme = Api(server.url, "/20260430/aiDataPlatforms/extreme/workspaces/default/mlops/api/2.0/mlflow")
    fill_extremes(extreme)
    shown = Api(server.url, "/api/2.0/mlflow")
    by_name = {"experiment_ids": ["1"], "order_by": ["run_name"]}
    runs = {run["info"]["run_name"]: run["info"]["run_id"] for run in shown.post("runs/search", **by_name)["runs"]}
    models = shown.post("logged-models/search", experiment_ids=["1"])["models"]
    return {
        "run": runs["boosted-search"],
        "runs": "&".join(f"run={runs[name]}" for name in runs if name.startswith("boosted-trial")),
        "logged_model": models[0]["info"]["model_id"],
        "extreme_run": fill_extreme_runs(extreme),
    }


def fill_extremes(api: Api) -> str:
    """A model with a name, tags and values as long as people make them; its name."""
    name = "long-name-" * 25
    tags = [{"key": f"tag-number-{number}", "value": "a value of many words " * 14} for number in range(40)]
    tags.append({"key": "k" * 200, "value": "v" * 300})
    api.post("registered-models/create", name=name, tags=tags, description="word" * 300 + "\n\n`" + "c" * 400 + "`")
    for _ in range(2):
        api.post("model-versions/create", name=name, source="s3://" + "folder/" * 60, tags=tags, description="x" * 999)
    prompt, flag = "long-prompt-" * 20, {"key": "mlflow.prompt.is_prompt", "value": "true"}
    api.post("registered-models/create", name=prompt, tags=[flag, *tags])
    for said in ("{{ " + "v" * 200 + " }} " + "word" * 300, "One line\n" * 60 + "x" * 900):
        told = [flag, {"key": "mlflow.prompt.text", "value": said}, *tags]
        api.post("model-versions/create", name=prompt, source="dummy-source", tags=told)
    for number in range(12):
        for one in (name, prompt):
            api.post("registered-models/alias", name=one, alias=f"alias-{number}-" + "a" * 60, version="1")
    return name


def fill_extreme_runs(api: Api) -> str:
    """An experiment whose runs have names, params, metrics and tags as long as people make them; the id of one."""
    long = "a value of many words " * 14
    tags = [{"key": f"tag-number-{number}", "value": long} for number in range(40)]
    experiment = api.post("experiments/create", name="long-name-" * 25, tags=tags)["experiment_id"]
    parent = ""
    for _ in range(6):
        nested = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
        asked = {"experiment_id": experiment, "run_name": "run-of-a-name-" * 17, "user_id": "user-" * 40}
        run = api.post("runs/create", **asked, tags=[*tags, *nested])["run"]["info"]["run_id"]
        metrics = [{"key": f"group/{'m' * 80}/{key}", "value": 10.0**key, "timestamp": 1} for key in range(-30, 30)]
        params = [{"key": f"param-{'p' * 60}-{key}", "value": "v" * 300 if key % 5 else long} for key in range(40)]
        api.post("runs/log-batch", run_id=run, metrics=metrics, params=params)
        parent = parent or run
    return parent


def fill_people(root: Api, *, extreme: bool) -> dict[str, str]:
    """People, groups, roles, tokens, keys and grants; the headers by which an administrator calls."""
    api = Api(root.url, "/api/3.0/modelkeep")
    api.ok("POST", "users", {"name": "alma", "password": PASSWORD, "is_administrator": True}, status=201)
    api.headers["authorization"] = basic("alma")
    made = api.ok("POST", "users/alma/tokens", {"name": "laptop"}, status=201)
    api.headers["authorization"] = f"Bearer {made['token']}"
    api.ok("PATCH", "users/alma", {"display_name": "Alma Kern", "email": "alma@example.com"})
    token = {"name": "nightly training", "scope": "MANAGE", "platform": "default", "days": 90}
    api.ok("POST", "users/alma/tokens", token, status=201)
    api.ok("POST", "users/alma/keys", {"public_key": key_pair()[1]}, status=201)
    api.ok("POST", "users/alma/session-tokens", {"public_key": key_pair()[1]}, status=201)
    for name, called in (("ines", "Ines Rocha"), ("joon", "Joon Park"), ("mira", "Mira Sand")):
        details = {"name": name, "display_name": called, "email": f"{name}@example.com", "is_disabled": name == "mira"}
        api.ok("POST", "users", details, status=201)
    for path, names in (("groups", ("growth", "risk")), ("roles", ("approvers", "auditors"))):
        for name in names:
            _gather(api, path, name, f"Those of {name}", ("alma", "ines"))
    platform = Api(root.url, "/20260430/aiDataPlatforms/default", api.headers)
    for kind, name, level in (("GROUP", "growth", "MANAGE"), ("ROLE", "auditors", "READ"), ("USER", "joon", "ADMIN")):
        granted = {"assignees": {"type": kind, "targets": [name]}, "permissions": [level]}
        platform.ok("POST", "actions/managePermission", {"assignPermissionDetails": granted}, status=204)
    if extreme:
        long = "long-name-" * 20
        api.ok("POST", "users", {"name": long, "display_name": long, "email": f"{long}@example.com"}, status=201)
        api.ok("POST", f"users/{long}/tokens", {"name": long}, status=201)
        for path in ("groups", "roles"):
            _gather(api, path, long, long * 5, (long,))
    return dict(api.headers)


def _gather(api: Api, path: str, name: str, description: str, members: tuple[str, ...]) -> None:
    """Make a group or role of these users."""
    api.ok("POST", path, {"name": name, "description": description}, status=201)
    for member in members:
        api.ok("POST", f"{path}/{name}/members", {"kind": "user", "member": member})


def take(browser: "Browser", server: RunningServer, view: View, theme: str, headers: dict[str, str]) -> bytes:
    """The picture of a view, a PNG of few colours."""
    from PIL import Image

    size = {"width": view.width, "height": 800}
    visitor = Visitor(browser, server.url, color_scheme=theme, viewport=size, extra_http_headers=headers)
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
        ids = fill(server)
        headers = fill_people(Api(server.url), extreme=any(view.name.startswith("extreme") for view in wanted))
        for view in wanted:
            for theme in _THEMES:
                (folder / f"{view.name}-{theme}.png").write_bytes(
                    take(browser, server, view._replace(path=view.path.format(**ids)), theme, headers)
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER, sys.argv[2:])
