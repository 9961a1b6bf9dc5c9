"""A server that takes the same steps, with callers of its own for each sequence."""

from typing import Any

from tests.proofs.permissions.reference import DEFAULT, ROOT, WORKSPACES, Expected, Step
from tests.support.api import Answer, Api

_LEVELS = ("", "READ", "MANAGE", "ADMIN")
_ABSENT = "987654"
USERS, GROUP, ROLE = ("u0", "u1", "u2"), "g", "r"
MODELS = ("c.s.m0", "c.s.m1")


class Target:
    """One new platform of a server. Users, a group and a role have the platform's name before theirs."""

    def __init__(self, administrator: Api, key: str) -> None:
        self._key = key
        self._headers = {ROOT: administrator.headers}
        self._root = Api(administrator.url, "/api/3.0/modelkeep", administrator.headers)
        self._root.ok("POST", "/20260430/aiDataPlatforms", {"id": key})
        self._root.ok("POST", f"{self._platform}/workspaces", {"displayName": "lab"})
        for user in USERS:
            self._root.ok("POST", "users", {"name": self._name(user)}, status=201)
            token = self._root.ok("POST", f"users/{self._name(user)}/tokens", {"name": "one"}, status=201)["token"]
            self._headers[user] = {"authorization": f"Bearer {token}"}
        self._root.ok("POST", "groups", {"name": self._name(GROUP)}, status=201)
        self._root.ok("POST", "roles", {"name": self._name(ROLE)}, status=201)
        self._experiments = {name: ["0"] for name in WORKSPACES}

    @property
    def _platform(self) -> str:
        return f"/20260430/aiDataPlatforms/{self._key}"

    def _name(self, symbol: str) -> str:
        return symbol if symbol == ROOT else f"{self._key}-{symbol}"

    def _symbol(self, name: str) -> str:
        return name.removeprefix(f"{self._key}-")

    def take(self, step: Step) -> Expected:
        """What the server answers."""
        if step.call in LISTED:
            return self._list(step)
        verb, path, fields = self._request(step)
        answer = self._api(step).call(
            verb, path, None if verb == "GET" else fields, query=fields if verb == "GET" else None
        )
        if answer.status >= 300:
            return Expected(answer.status, answer.body["error_code"])
        return Expected(200, "", self._said(step, answer))

    def _api(self, step: Step) -> Api:
        if step.call in ("join", "leave"):
            return Api(self._root.url, "/api/3.0/modelkeep", self._headers[step.who])
        headers = self._headers[step.who]
        if step.mlflow and step.workspace == DEFAULT:
            return Api(self._root.url, "/api/2.0/mlflow", {**headers, "X-MLFLOW-WORKSPACE": self._key})
        base = f"{self._platform}/workspaces/{step.workspace}/mlops/api/2.0/mlflow"
        return Api(self._root.url, base, headers)

    def _request(self, step: Step) -> tuple[str, str, dict[str, Any]]:
        fields = step.fields
        if step.call in ("grant", "permissions"):
            return self._grants(step)
        if step.call in ("join", "leave"):
            kind, name = fields["into"]
            member_kind, member = fields["member"]
            body = {"kind": member_kind.lower(), "member": self._name(member)}
            return "POST" if step.call == "join" else "DELETE", f"{kind.lower()}s/{self._name(name)}/members", body
        tag = {"key": "k", "value": "v"}
        if "experiment" in fields:
            known = self._experiments[step.workspace]
            number = fields["experiment"]
            named = {"experiment_id": known[number] if number < len(known) else _ABSENT}
        else:
            named = {"name": fields["name"]}
        return {
            "create model": ("POST", "registered-models/create", named),
            "get model": ("GET", "registered-models/get", named),
            "tag model": ("POST", "registered-models/set-tag", {**named, **tag}),
            "delete model": ("DELETE", "registered-models/delete", named),
            "create version": ("POST", "model-versions/create", {**named, "source": "s3://b/k"}),
            "create experiment": ("POST", "experiments/create", named),
            "get experiment": ("GET", "experiments/get", named),
            "tag experiment": ("POST", "experiments/set-experiment-tag", {**named, **tag}),
            "create run": ("POST", "runs/create", named),
        }[step.call]

    def _grants(self, step: Step) -> tuple[str, str, dict[str, Any]]:
        on = step.fields["on"]
        path = {
            "platform": lambda: self._platform,
            "workspace": lambda: f"{self._platform}/workspaces/{on[1]}",
            "model": lambda: f"registered-models/{on[1]}",
            "experiment": lambda: f"experiments/{self._experiment(on[1], int(on[2]))}",
        }[on[0]]()
        if step.call == "permissions":
            return "GET", f"{path}/permissions", {}
        middle = "RegisteredModelPermissionDetails" if on[0] == "model" else "PermissionDetails"
        kind, name = step.fields["to"]
        body = {
            f"{change}{middle}": {
                "assignees": {"type": kind, "targets": [self._name(name)]},
                "permissions": [_LEVELS[step.fields[change]]],
            }
            for change in ("revoke", "assign")
            if step.fields.get(change)
        }
        return "POST", f"{path}/actions/managePermission", body

    def _experiment(self, workspace: str, number: int) -> str:
        known = self._experiments[workspace]
        return known[number] if number < len(known) else _ABSENT

    def _said(self, step: Step, answer: Answer) -> Any:
        if step.call == "permissions":
            return sorted(
                (
                    one["granteeType"],
                    self._symbol(one["granteeName"]),
                    _LEVELS.index(one["granteePermissions"][0]),
                    one["isInherited"],
                )
                for one in answer.body["items"]
            )
        if step.call == "create model":
            return answer.body["registered_model"]["name"]
        if step.call == "create version":
            return int(answer.body["model_version"]["version"])
        if step.call == "create experiment":
            self._experiments[step.workspace].append(answer.body["experiment_id"])
        return None

    def _list(self, step: Step) -> Expected:
        """A whole list, by pages of one: none may be short."""
        verb, path, fields, field = self._listing(step)
        api, found = self._api(step), []
        token = ""
        while True:
            asked = {**fields, **({"page_token": token} if token else {})}
            answer = _ask(api, verb, path, asked)
            if answer.status >= 300:
                return Expected(answer.status, answer.body["error_code"])
            if step.call == "count":
                return Expected(200, "", (answer.body["registered_models_count"], answer.body["model_versions_count"]))
            page = answer.body.get(field, [])
            found += page
            token = answer.body.get("next_page_token", "")
            assert not token or len(page) == fields.get("max_results"), (step, "a short page", answer.body)
            if not token:
                return Expected(200, "", self._listed(step, found))

    def _listing(self, step: Step) -> tuple[str, str, dict[str, Any], str]:
        one: dict[str, Any] = {"max_results": 1}
        experiments = {"experiment_ids": self._experiments[step.workspace], **one}
        return {
            "models": ("GET", "registered-models/search", one, "registered_models"),
            "versions": ("GET", "model-versions/search", one, "model_versions"),
            "count": ("GET", self._summary(step), {"catalog": "c", "schema": "s"}, ""),
            "experiments": ("POST", "experiments/search", one, "experiments"),
            "runs": ("POST", "runs/search", experiments, "runs"),
            "workspaces": ("GET", f"{self._platform}/workspaces", {}, "items"),
        }[step.call]

    def _summary(self, step: Step) -> str:
        return self._api(step).base.removesuffix("/mlflow") + "/registered-models/summary"

    def _listed(self, step: Step, found: list[dict[str, Any]]) -> list[Any]:
        known = self._experiments[step.workspace]
        if step.call == "models":
            return sorted(one["name"] for one in found)
        if step.call == "versions":
            return sorted((one["name"], int(one["version"])) for one in found)
        if step.call == "experiments":
            return sorted(known.index(one["experiment_id"]) for one in found)
        if step.call == "runs":
            return sorted(known.index(one["info"]["experiment_id"]) for one in found)
        return sorted(one["key"] for one in found)


LISTED = ("models", "versions", "count", "experiments", "runs", "workspaces")


def _ask(api: Api, verb: str, path: str, fields: dict[str, Any]) -> Answer:
    return api.call("GET", path, query=fields) if verb == "GET" else api.call(verb, path, fields)
