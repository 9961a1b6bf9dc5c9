"""A server that takes steps: symbols become its ids, and its answers become comparable."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.proofs.observed import seen
from tests.proofs.steps import Step
from tests.support.api import Answer, Api

_NOBODY = {"run": "0" * 32, "exp": "987654"}
_OLD_ETAG = '"0.0"'


def _default(api: Api) -> str:
    """The id of the experiment that each of this server's workspaces is made with; in MLflow's it has to be made."""
    found = api.call("GET", "experiments/get-by-name", query={"experiment_name": "Default"})
    made = found.body["experiment"] if found.status == 200 else api.post("experiments/create", name="Default")
    key: str = made["experiment_id"]
    return key


@dataclass(frozen=True)
class Outcome:
    """What is compared: the status, MLflow's error code, what the answer says, and its etag."""

    status: int
    code: str = ""
    seen: Any = None
    etag: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 200


class Target:
    """One server with one platform for each tenant of a sequence."""

    def __init__(self, url: str, platforms: list[str]) -> None:
        self._apis = [
            {
                False: Api(url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": platform}),
                True: Api(url, f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/api/2.0/mlflow"),
            }
            for platform in platforms
        ]
        self._ids: list[dict[str, list[str]]] = [{"run": [], "exp": [_default(apis[False])]} for apis in self._apis]

    def take(self, step: Step, etag: str = "") -> tuple[Outcome, Answer]:
        """Send a step. `etag` is what `if-match` "now" stands for."""
        headers = {}
        if step.token:
            headers["opc-retry-token"] = step.token
        if step.if_match:
            headers["if-match"] = etag if step.if_match == "now" else _OLD_ETAG
        fields = self._resolved(step)
        path = step.call.removesuffix("/get") if "alias/get" in step.call else step.call
        path = path.removesuffix("/delete") if "alias/delete" in path else path
        api = self._apis[step.tenant][step.oracle]
        if step.verb == "GET":
            answer = api.call("GET", path, query=fields, headers=headers)
        else:
            answer = api.call(step.verb, path, fields, headers=headers)
        if answer.status != 200:
            return Outcome(answer.status, answer.body["error_code"]), answer
        said = seen(step.call, answer.body, lambda kind, key: self._named(step.tenant, kind, key))
        return Outcome(200, "", said, answer.headers.get("etag", "")), answer

    def _resolved(self, step: Step) -> dict[str, Any]:
        def resolve(value: Any) -> Any:
            if isinstance(value, list):
                return [resolve(one) for one in value]
            kind, colon, number = value.partition(":") if isinstance(value, str) else ("", "", "")
            if not colon or kind not in _NOBODY:
                return value
            known = self._ids[step.tenant][kind]
            return known[int(number)] if int(number) < len(known) else _NOBODY[kind]

        return {name: resolve(value) for name, value in step.fields.items()}

    def _named(self, tenant: int, kind: str, key: str) -> str:
        """The symbol of an id; one that was not seen yet is the next."""
        if key == _NOBODY[kind]:
            return f"{kind}:none"
        known = self._ids[tenant][kind]
        if key not in known:
            assert not any(key in others[kind] for others in self._ids if kind == "run"), "a row of another tenant"
            known.append(key)
        return f"{kind}:{known.index(key)}"


def comparable(step: Step, outcome: Outcome) -> tuple[int, str, Any]:
    """Status, code and what is said; a search that names no order may come in any."""
    said = outcome.seen
    if isinstance(said, list) and not step.fields.get("order_by"):
        said = sorted(said, key=partial(json.dumps, sort_keys=True))
    return outcome.status, outcome.code, said
