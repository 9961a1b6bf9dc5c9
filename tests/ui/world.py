"""A server with one of everything, whose texts are hard to show; and the address of each view of it."""

import re
from typing import Any, NamedTuple
from urllib.parse import quote

from modelkeep.ui.application import MODULES
from modelkeep.ui.view import views_of
from tests.identity.conftest import Guarded
from tests.identity.people import PASSWORD, key_pair
from tests.support.api import Api
from tests.ui.tracked import HOSTILE, keep_file, keep_model_file, make_run

_NO_PAGES = {
    "/p/{platform}/w/{workspace}/experiments/{experiment_id}/keys",
    "/p/{platform}/w/{workspace}/runs/{run_id}/points",
    "/p/{platform}/w/{workspace}/compare/points",
    "/p/{platform}/w/{workspace}/runs/{run_id}/shown",
    "/p/{platform}/w/{workspace}/logged-models/{model_id}/shown",
}
"""Views that answer JSON to a script, or the bytes of an artifact."""

VIEWS = sorted({declared.path for declared in views_of(MODULES) if declared.act is None} - _NO_PAGES)
"""The path of every page."""

DRAWN_LATER = "script[src*='plotly']"
"""What only pages with charts have."""


class Texts(NamedTuple):
    """What everything is called and described by. `name` is for what is a part of addresses."""

    name: str
    title: str
    value: str
    key: str
    tags: int

    def listed(self) -> list[dict[str, str]]:
        """The tags that each thing has."""
        return [{"key": f"{number}{self.key}"[:100], "value": self.value} for number in range(self.tags)]

    def word(self) -> str:
        """A word of the name, to search for."""
        words: list[str] = re.findall(r"\w+", self.name)
        return max(words, key=len)

    def prompt(self) -> str:
        """The name of the prompt."""
        return f"prompt {self.name}"[:250]

    def file(self) -> str:
        """The name of an artifact."""
        return f"{self.name[:240]}.txt"


HOSTILE_TEXTS = Texts(re.sub("[/:]", "", HOSTILE), HOSTILE, HOSTILE, "team", 1)
"""Each tries to be markup."""

LONG_TEXTS = Texts("long-name-" * 25, "unbroken" * 31, "v" * 300, "k" * 250, 40)
"""As long as people make them: names of 250 characters, 40 tags, values of 300, and no place to break a line."""

_COLLECTIONS, _OF_COLLECTION = ("/groups", "/roles"), ("", "/{name}", "/{name}/delete")


def fill(guarded: Guarded, texts: Texts) -> dict[str, list[str]]:
    """Make it all; of each view's path the addresses to be looked at."""
    headers = guarded.administrator.headers
    registry = Api(guarded.url, "/api/2.0/mlflow", headers)
    platform = Api(guarded.url, "/20260430/aiDataPlatforms/default", headers)
    workspace = platform.post("workspaces", displayName=texts.title, description=texts.value)["key"]
    tracked = _track(registry, texts)
    _register(registry, texts, tracked["runs"][0])
    people = _gather(guarded.administrator, texts)
    assignees = {"type": "USER", "targets": [texts.name]}
    for path in ("", f"workspaces/{workspace}/", f"mlops/api/2.0/mlflow/registered-models/{quote(texts.name)}/"):
        field = "assignRegisteredModelPermissionDetails" if "models" in path else "assignPermissionDetails"
        details = {"assignees": assignees, "permissions": ["READ"]}
        platform.ok("POST", f"{path}actions/managePermission", {field: details}, status=204)
    return {
        **_of_registry(texts),
        **_of_tracking(texts, tracked),
        **_of_people(texts, people),
        "/": ["/"],
        "/p/{platform}": ["/p/default"],
        "/p/{platform}/workspaces": ["/p/default/workspaces"],
        "/platforms": ["/platforms"],
        "/p/{platform}/audit": ["/p/default/audit", f"/p/default/audit?principal={quote(texts.title)}"],
        "/p/{platform}/w/{workspace}/overview": [f"/p/default/w/{workspace}/overview"],
        "/p/{platform}/w/{workspace}/overview/delete": [f"/p/default/w/{workspace}/overview/delete"],
        "/p/{platform}/permissions": ["/p/default/permissions"],
        "/server": ["/server"],
    }


def _register(api: Api, texts: Texts, run: str) -> None:
    """A model and a prompt, of two versions each."""
    tags = texts.listed()
    api.post("registered-models/create", name=texts.name, description=texts.value, tags=tags)
    for source in (f"runs:/{run}/model", f"s3://bucket/{texts.value}"):
        of_run = {"run_id": run} if source.startswith("runs") else {}
        details = {"description": texts.value, "tags": tags, "run_link": texts.value, **of_run}
        api.post("model-versions/create", name=texts.name, source=source, **details)
    flag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    prompt = texts.prompt()
    api.post("registered-models/create", name=prompt, description=texts.value, tags=[flag, *tags])
    for text in (texts.value, f"{texts.value}\n{{{{ name }}}}"):
        told = [flag, {"key": "mlflow.prompt.text", "value": text}, *tags]
        api.post("model-versions/create", name=prompt, source="dummy-source", description=texts.value, tags=told)
    for name in (texts.name, prompt):
        api.post("registered-models/alias", name=name, alias=re.sub(r"\W", "", texts.title), version="1")


def _track(api: Api, texts: Texts) -> dict[str, Any]:
    """An experiment with runs, one of them with a folder of files, and a logged model."""
    tags = texts.listed()
    experiment = api.post("experiments/create", name=texts.title, tags=tags)["experiment_id"]
    given = {tag["key"]: tag["value"] for tag in tags}
    given |= {"mlflow.note.content": texts.value, "mlflow.source.name": texts.value, "mlflow.user": texts.value}
    params, metrics = {texts.key: texts.value}, {texts.key: 0.5}
    runs = [
        make_run(api, texts.title, experiment=experiment, metrics=metrics, params=params, tags=given) for _ in range(2)
    ]
    make_run(api, texts.title, experiment=experiment, parent=runs[0])
    api.post("runs/log-metric", run_id=runs[0], key=f"system/{texts.key}"[:250], value=1.0, timestamp=1)
    for path in (texts.file(), f"{texts.name}/a.md", "model/MLmodel"):
        keep_file(api, runs[0], path, texts.value.encode())
    dataset = {"name": texts.title, "digest": "1", "source_type": texts.title, "source": texts.value}
    context = [{"key": "mlflow.data.context", "value": texts.value}]
    api.post("runs/log-inputs", run_id=runs[0], datasets=[{"dataset": dataset, "tags": context}])
    details = {"name": texts.name, "model_type": texts.title, "source_run_id": runs[0], "tags": tags}
    of_model = [{"key": key, "value": value} for key, value in params.items()]
    model = api.post("logged-models", experiment_id=experiment, params=of_model, **details)["model"]["info"]
    point = {"key": texts.key, "value": 0.9, "timestamp": 2, "step": 0, "model_id": model["model_id"]}
    measured = {"dataset_name": texts.title, "dataset_digest": "1"}
    api.post("runs/log-batch", run_id=runs[0], metrics=[{**point, **measured}])
    keep_model_file(api, model, texts.file(), texts.value.encode())
    return {"experiment": experiment, "runs": runs, "model": model["model_id"]}


def _gather(api: Api, texts: Texts) -> dict[str, str]:
    """A user with credentials, a group and a role."""
    details = dict.fromkeys(("display_name", "email", "issuer", "subject"), texts.title)
    api.ok("POST", "users", {"name": texts.name, "password": PASSWORD, **details}, status=201)
    name = quote(texts.name, safe="")
    api.ok("POST", f"users/{name}/tokens", {"name": texts.name}, status=201)
    key = api.ok("POST", f"users/{name}/keys", {"public_key": key_pair()[1]}, status=201)["api_key"]["fingerprint"]
    session = api.ok("POST", f"users/{name}/session-tokens", {"public_key": key_pair()[1]}, status=201)["id"]
    for path in ("groups", "roles"):
        api.ok("POST", path, {"name": texts.name, "description": texts.value}, status=201)
        api.ok("POST", f"{path}/{name}/members", {"kind": "user", "member": texts.name})
    return {"key": key, "session": session}


def _of_registry(texts: Texts) -> dict[str, list[str]]:
    names, tag = (texts.name, texts.prompt()), texts.listed()[0]["key"]
    model, below = "/p/{platform}/models/{name}", [f"/p/default/models/{quote(name)}" for name in names]
    registering = f"/p/default/register?model={quote(texts.name)}&source={quote(texts.value)}"
    return {
        "/p/{platform}/models": ["/p/default/models", f"/p/default/models?q={texts.word()}"],
        "/p/{platform}/new-model": ["/p/default/new-model"],
        "/p/{platform}/prompts": ["/p/default/prompts"],
        "/p/{platform}/new-prompt": ["/p/default/new-prompt"],
        "/p/{platform}/register": [registering],
        model: [f"{one}{more}" for one in below for more in ("", f"?tag={tag}", "?edit=description")],
        f"{model}/write": [f"{below[1]}/write", f"{below[1]}/write?from=1"],
        f"{model}/rename": [f"{one}/rename" for one in below],
        f"{model}/delete": [f"{one}/delete" for one in below],
        f"{model}/activity": [f"{one}/activity" for one in below],
        f"{model}/compare": [f"{one}/compare?versions=1,2" for one in below],
        f"{model}/versions/{{version}}": [f"{one}/versions/{number}" for one in below for number in (1, 2)],
        f"{model}/versions/{{version}}/delete": [f"{one}/versions/1/delete" for one in below],
        f"{model}/versions/{{version}}/run": [f"{below[0]}/versions/1/run"],
    }


def _of_tracking(texts: Texts, tracked: dict[str, Any]) -> dict[str, list[str]]:
    there, here, tag = "/p/{platform}/w/{workspace}", "/p/default/w/default", texts.listed()[0]["key"]
    experiment, run, model = tracked["experiment"], tracked["runs"][0], tracked["model"]
    of_experiment, of_run = f"{there}/experiments/{{experiment_id}}", f"{there}/runs/{{run_id}}"
    of_model, below = f"{there}/logged-models/{{model_id}}", f"{here}/logged-models/{model}"
    compared = "&".join(f"run={one}" for one in tracked["runs"])
    charts = "&".join(f"show={chart}" for chart in ("curves", "parallel", "scatter", "contour", "box"))
    columns = f"column=metrics.{texts.key}&column=params.{texts.key}&column=tags.{tag}"
    files = [quote(path) for path in (texts.file(), texts.name)]
    return {
        there: [here],
        f"{there}/experiments": [f"{here}/experiments", f"{here}/experiments?state=deleted"],
        f"{there}/new-experiment": [f"{here}/new-experiment"],
        of_experiment: [f"{here}/experiments/{experiment}?{columns}", f"{here}/experiments/{experiment}?keys=k"],
        f"{of_experiment}/runs": [f"{here}/experiments/{experiment}/runs"],
        f"{of_experiment}/details": [f"{here}/experiments/{experiment}/details?edit=description&tag={tag}"],
        f"{of_experiment}/delete": [f"{here}/experiments/{experiment}/delete"],
        f"{of_experiment}/logged-models": [f"{here}/experiments/{experiment}/logged-models"],
        of_run: [f"{here}/runs/{run}"],
        f"{of_run}/charts": [f"{here}/runs/{run}/charts"],
        f"{of_run}/system-metrics": [f"{here}/runs/{run}/system-metrics"],
        f"{of_run}/artifacts": [f"{here}/runs/{run}/artifacts?path={path}" for path in files],
        f"{there}/compare": [f"{here}/compare?{compared}&{charts}"],
        of_model: [below],
        f"{of_model}/artifacts": [f"{below}/artifacts", f"{below}/artifacts?path={files[0]}"],
        f"{of_model}/delete": [f"{below}/delete"],
    }


def _of_people(texts: Texts, made: dict[str, str]) -> dict[str, list[str]]:
    name = quote(texts.name, safe="")
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
