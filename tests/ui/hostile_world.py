"""A server with one of everything, whose every text tries to be markup; and the address of each view of it."""

import re
from typing import Any
from urllib.parse import quote

from tests.identity.conftest import Guarded
from tests.identity.people import PASSWORD, key_pair
from tests.support.api import Api
from tests.ui.tracked import HOSTILE, keep_file, make_run

NAME = re.sub("[/:]", "", HOSTILE)
"""The same for names that are parts of addresses."""

NO_PAGES = {
    "/p/{platform}/w/{workspace}/experiments/{experiment_id}/keys",
    "/p/{platform}/w/{workspace}/runs/{run_id}/points",
    "/p/{platform}/w/{workspace}/compare/points",
    "/p/{platform}/w/{workspace}/runs/{run_id}/shown",
    "/p/{platform}/w/{workspace}/logged-models/{model_id}/shown",
}
"""Views that answer JSON to a script, or the bytes of an artifact."""

_FILE = f"{NAME}.txt"
_TAGS = [{"key": "team", "value": HOSTILE}]
_COLLECTIONS, _OF_COLLECTION = ("/groups", "/roles"), ("", "/{name}", "/{name}/delete")
_PROMPT = f"prompt {NAME}"


def fill(guarded: Guarded) -> dict[str, list[str]]:
    """Make it all; of each view's path the addresses to be looked at."""
    headers = guarded.administrator.headers
    registry = Api(guarded.url, "/api/2.0/mlflow", headers)
    platform = Api(guarded.url, "/20260430/aiDataPlatforms/default", headers)
    workspace = platform.post("workspaces", displayName=HOSTILE, description=HOSTILE)["key"]
    tracked = _track(registry)
    _register(registry, tracked["runs"][0])
    people = _gather(guarded.administrator)
    assignees = {"type": "USER", "targets": [NAME]}
    for path in ("", f"workspaces/{workspace}/", f"mlops/api/2.0/mlflow/registered-models/{quote(NAME)}/"):
        field = "assignRegisteredModelPermissionDetails" if "models" in path else "assignPermissionDetails"
        details = {"assignees": assignees, "permissions": ["READ"]}
        platform.ok("POST", f"{path}actions/managePermission", {field: details}, status=204)
    return {
        **_of_registry(),
        **_of_tracking(tracked),
        **_of_people(people),
        "/": ["/"],
        "/p/{platform}": ["/p/default"],
        "/p/{platform}/workspaces": ["/p/default/workspaces"],
        "/platforms": ["/platforms"],
        "/p/{platform}/audit": ["/p/default/audit", f"/p/default/audit?principal={quote(HOSTILE)}"],
        "/p/{platform}/w/{workspace}/overview": [f"/p/default/w/{workspace}/overview"],
        "/p/{platform}/w/{workspace}/overview/delete": [f"/p/default/w/{workspace}/overview/delete"],
        "/p/{platform}/permissions": ["/p/default/permissions"],
        "/server": ["/server"],
    }


def _register(api: Api, run: str) -> None:
    """A model and a prompt, of two versions each."""
    api.post("registered-models/create", name=NAME, description=HOSTILE, tags=_TAGS)
    for source in (f"runs:/{run}/model", f"s3://{HOSTILE}"):
        of_run = {"run_id": run} if source.startswith("runs") else {}
        details = {"description": HOSTILE, "tags": _TAGS, "run_link": HOSTILE, **of_run}
        api.post("model-versions/create", name=NAME, source=source, **details)
    api.post("registered-models/alias", name=NAME, alias="champion", version="1")
    flag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    api.post("registered-models/create", name=_PROMPT, description=HOSTILE, tags=[flag, *_TAGS])
    for text in (HOSTILE, f"{HOSTILE}\n{{{{ name }}}}"):
        tags = [flag, {"key": "mlflow.prompt.text", "value": text}, *_TAGS]
        api.post("model-versions/create", name=_PROMPT, source="dummy-source", description=HOSTILE, tags=tags)


def _track(api: Api) -> dict[str, Any]:
    """An experiment with runs, one of them with a folder of files, and a logged model."""
    experiment = api.post("experiments/create", name=HOSTILE, tags=_TAGS)["experiment_id"]
    given = {"team": HOSTILE, "mlflow.note.content": HOSTILE, "mlflow.source.name": HOSTILE}
    runs = [
        make_run(api, HOSTILE, experiment=experiment, metrics={"auc": 0.5}, params={"lr": HOSTILE}, tags=given)
        for _ in range(2)
    ]
    api.post("runs/log-metric", run_id=runs[0], key="system/cpu", value=1.0, timestamp=1)
    for path in (_FILE, f"{NAME}/a.md", "model/MLmodel"):
        keep_file(api, runs[0], path, HOSTILE.encode())
    dataset = {"name": HOSTILE, "digest": "1", "source_type": HOSTILE, "source": HOSTILE}
    api.post("runs/log-inputs", run_id=runs[0], datasets=[{"dataset": dataset, "tags": []}])
    details = {"name": "tree", "model_type": HOSTILE, "source_run_id": runs[0], "tags": _TAGS}
    model = api.post("logged-models", experiment_id=experiment, **details)["model"]["info"]["model_id"]
    return {"experiment": experiment, "runs": runs, "model": model}


def _gather(api: Api) -> dict[str, str]:
    """A user with credentials, a group and a role."""
    details = {"display_name": HOSTILE, "email": HOSTILE, "issuer": HOSTILE, "subject": HOSTILE}
    api.ok("POST", "users", {"name": NAME, "password": PASSWORD, **details}, status=201)
    user = f"users/{quote(NAME, safe='')}"
    api.ok("POST", f"{user}/tokens", {"name": NAME}, status=201)
    key = api.ok("POST", f"{user}/keys", {"public_key": key_pair()[1]}, status=201)["api_key"]["fingerprint"]
    session = api.ok("POST", f"{user}/session-tokens", {"public_key": key_pair()[1]}, status=201)["id"]
    for path in ("groups", "roles"):
        api.ok("POST", path, {"name": NAME, "description": HOSTILE}, status=201)
        api.ok("POST", f"{path}/{quote(NAME, safe='')}/members", {"kind": "user", "member": NAME})
    return {"key": key, "session": session}


def _of_registry() -> dict[str, list[str]]:
    model, below = "/p/{platform}/models/{name}", [f"/p/default/models/{quote(name)}" for name in (NAME, _PROMPT)]
    return {
        "/p/{platform}/models": ["/p/default/models", f"/p/default/models?q={quote('onerror')}"],
        "/p/{platform}/new-model": ["/p/default/new-model"],
        "/p/{platform}/prompts": ["/p/default/prompts"],
        "/p/{platform}/register": [f"/p/default/register?model={quote(NAME)}&source={quote(HOSTILE)}"],
        model: [f"{one}{more}" for one in below for more in ("", "?tag=team", "?edit=description")],
        f"{model}/rename": [f"{one}/rename" for one in below],
        f"{model}/delete": [f"{one}/delete" for one in below],
        f"{model}/activity": [f"{one}/activity" for one in below],
        f"{model}/compare": [f"{one}/compare?versions=1,2" for one in below],
        f"{model}/versions/{{version}}": [f"{one}/versions/{number}" for one in below for number in (1, 2)],
        f"{model}/versions/{{version}}/delete": [f"{one}/versions/1/delete" for one in below],
        f"{model}/versions/{{version}}/run": [f"{below[0]}/versions/1/run"],
    }


def _of_tracking(tracked: dict[str, Any]) -> dict[str, list[str]]:
    there, here = "/p/{platform}/w/{workspace}", "/p/default/w/default"
    experiment, run, model = tracked["experiment"], tracked["runs"][0], tracked["model"]
    of_experiment, of_run = f"{there}/experiments/{{experiment_id}}", f"{there}/runs/{{run_id}}"
    compared = "&".join(f"run={one}" for one in tracked["runs"])
    charts = "&".join(f"show={chart}" for chart in ("curves", "parallel", "scatter", "contour", "box"))
    return {
        there: [here],
        f"{there}/experiments": [f"{here}/experiments", f"{here}/experiments?state=deleted"],
        f"{there}/new-experiment": [f"{here}/new-experiment"],
        of_experiment: [f"{here}/experiments/{experiment}?column=params.lr&column=tags.team"],
        f"{of_experiment}/runs": [f"{here}/experiments/{experiment}/runs"],
        f"{of_experiment}/details": [f"{here}/experiments/{experiment}/details?edit=description&tag=team"],
        f"{of_experiment}/delete": [f"{here}/experiments/{experiment}/delete"],
        f"{of_experiment}/logged-models": [f"{here}/experiments/{experiment}/logged-models"],
        of_run: [f"{here}/runs/{run}"],
        f"{of_run}/charts": [f"{here}/runs/{run}/charts"],
        f"{of_run}/system-metrics": [f"{here}/runs/{run}/system-metrics"],
        f"{of_run}/artifacts": [f"{here}/runs/{run}/artifacts?path={quote(path)}" for path in (_FILE, NAME)],
        f"{there}/compare": [f"{here}/compare?{compared}&{charts}"],
        f"{there}/logged-models/{{model_id}}": [f"{here}/logged-models/{model}"],
        f"{there}/logged-models/{{model_id}}/artifacts": [f"{here}/logged-models/{model}/artifacts"],
        f"{there}/logged-models/{{model_id}}/delete": [f"{here}/logged-models/{model}/delete"],
    }


def _of_people(made: dict[str, str]) -> dict[str, list[str]]:
    name = quote(NAME, safe="")
    user = f"/users/{name}"
    return {
        "/me": ["/me"],
        "/users": ["/users", f"/users?q={name}"],
        "/new-user": ["/new-user"],
        "/users/{name}": [user],
        "/users/{name}/delete": [f"{user}/delete"],
        "/users/{name}/tokens/{token}/revoke": [f"{user}/tokens/{name}/revoke"],
        "/users/{name}/keys/{fingerprint}/revoke": [f"{user}/keys/{quote(made['key'])}/revoke"],
        "/users/{name}/session-tokens/{id}/revoke": [f"{user}/session-tokens/{made['session']}/revoke"],
        **{f"{kind}{more}": [f"{kind}{more.format(name=name)}"] for kind in _COLLECTIONS for more in _OF_COLLECTION},
    }
