"""Statuses that the OpenAPI document names can be met: each refusal is provoked on every path that is to give it.

What depends on a record (an etag, a range) is provoked on a path that leads to one: a workspace's records are not
below its platform's own path. Left to others: success, which `tests/permissions/test_every_operation.py` has of each
operation; 411, which takes a body without a length (`tests/artifacts`); and 500, which must not be met.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from modelkeep.core.operation import Operation, Reach
from modelkeep.server.openapi import openapi_document
from tests.identity.people import basic
from tests.permissions.filled import fill
from tests.permissions.table import ROWS
from tests.permissions.world import BY_NAME, OPERATIONS, PLATFORM, WORKSPACE, World, new_world
from tests.proofs.effort import Effort
from tests.support.api import Answer, Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_MOST_BYTES = 4_000
# Nothing is asked of the caller's body or credential: the URL is the credential.
_SIGNED = {"download_signed", "upload_signed"}


class Documented(NamedTuple):
    """One operation on one of its paths."""

    operation: Operation
    path: str
    statuses: frozenset[int]

    def __hash__(self) -> int:
        return hash((self.operation.verb, self.path))


class Filled(NamedTuple):
    """A server with the world of the tests of permissions in it."""

    server: RunningServer
    ids: dict[str, str]
    token: str

    def send(
        self, one: Documented, *, content: bytes | None = None, fields: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        """A right request of an administrator, but for what is given."""
        fields = ROWS[one.operation.name].fields(self.ids) | (fields or {})
        path = one.path.replace("{aiDataPlatformId}", PLATFORM).replace(
            "{workspaceKey}", headers.pop("workspace", WORKSPACE)
        )
        for name in [name for name in fields if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", str(fields.pop(name)))
        sent = {
            "authorization": f"Bearer {self.token}" if self.token else "",
            "X-MLFLOW-WORKSPACE": PLATFORM,
            **_named(headers),
        }
        api = Api(self.server.url, "", {name: value for name, value in sent.items() if value})
        if one.operation.takes_bytes:
            return api.call(one.operation.verb, path, query=fields, content=content or b"bytes")
        if one.operation.verb in ("GET", "HEAD"):
            return api.call(one.operation.verb, path, query=fields, content=content)
        return api.call(one.operation.verb, path, None if content else fields, content=content)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _documented() -> list[Documented]:
    paths = msgspec.json.decode(openapi_document(OPERATIONS))["paths"]
    return [
        Documented(BY_NAME[name], path, frozenset(int(status) for status in described["responses"] if status.isdigit()))
        for path, verbs in paths.items()
        for verb, described in verbs.items()
        if (name := described["operationId"].rsplit("_", 2)[0]) in BY_NAME and verb.upper() == BY_NAME[name].verb
    ]


_ALL = _documented()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    data = tmp_path_factory.mktemp("statuses") / "data"
    data.mkdir()
    with new_world(data, fill) as world:
        token = _administrator(world)
    limits = ["--max-body-bytes", str(_MOST_BYTES), "--max-artifact-bytes", str(_MOST_BYTES)]
    with RunningServer(data, "--no-access-log", *limits) as server:
        yield Filled(server, world.ids, token)
        assert b"Traceback" not in server.problems, server.problems.decode()


def _administrator(world: World) -> str:
    world.does("create_user", name="root", is_administrator=True)
    return str(world.raw("create_token", user="root", name="one")["token"])


def _hold(status: int, provoked: Callable[[Documented], Answer], *, but: set[str]) -> None:
    """Each path whose document names the status gives it."""
    named, others = _met(status, provoked, but)
    assert named
    assert not others


def _hold_on_one(status: int, provoked: Callable[[Documented], Answer], *, but: set[str]) -> None:
    """Each operation whose document names the status gives it, on one of its paths at least."""
    named, others = _met(status, provoked, but)
    met = {one.operation.name for one in named if one not in others}
    assert met
    assert not {one.operation.name: answered for one, answered in others.items() if one.operation.name not in met}


def _met(
    status: int, provoked: Callable[[Documented], Answer], but: set[str]
) -> tuple[list[Documented], dict[Documented, int]]:
    """The paths whose documents name the status, and what those answered that did not give it."""
    named = [one for one in _ALL if status in one.statuses and one.operation.name not in but]
    answers = {one: provoked(one).status for one in named}
    others = {one: answered for one, answered in answers.items() if answered != status}
    Effort("fuzz").say(f"{status} is documented on {len(named)} paths and met on {len(named) - len(others)}")
    return named, others


def test_no_credential_is_401_everywhere(filled: Filled) -> None:
    _hold(401, lambda one: filled.send(one, authorization=""), but=_SIGNED)


def test_a_request_id_that_is_none_is_400_everywhere(filled: Filled) -> None:
    _hold(400, lambda one: filled.send(one, opc_request_id="not one"), but=set())


def test_acting_for_another_without_leave_is_403_everywhere(filled: Filled) -> None:
    wera = _token_of(filled, "wera")
    _hold(403, lambda one: filled.send(one, authorization=wera, dh_user_principal="zoe"), but=_SIGNED)


def _token_of(filled: Filled, user: str) -> str:
    api = Api(filled.server.url, "/api/3.0/modelkeep", {"authorization": f"Bearer {filled.token}"})
    return f"Bearer {api.ok('POST', f'users/{user}/tokens', {'name': 'statuses'}, status=201)['token']}"


def test_a_platform_or_workspace_that_is_not_there_is_404_on_every_path_that_names_one(filled: Filled) -> None:
    def provoked(one: Documented) -> Answer:
        where = one._replace(path=one.path.replace("{aiDataPlatformId}", "absent"))
        return filled.send(where, X_MLFLOW_WORKSPACE="absent")

    above = {one.operation.name for one in _ALL if one.operation.reach is Reach.SERVER}
    _hold(404, provoked, but=above | _SIGNED)


def test_a_body_that_is_too_large_is_413_everywhere(filled: Filled) -> None:
    # Those two look first at what is uploaded where: a URL that was never signed, a run that another workspace has.
    first = {"upload_signed", "upload_run_artifact"}
    _hold(413, lambda one: filled.send(one, content=b"x" * (_MOST_BYTES + 1)), but=first)


def test_a_retry_token_of_another_request_is_409_on_every_write_that_takes_one(filled: Filled) -> None:
    spent = "spent"
    api = Api(filled.server.url, "/api/2.0/mlflow", {"authorization": f"Bearer {filled.token}"})
    api.ok("POST", "registered-models/create", {"name": "spent"}, headers={"opc-retry-token": spent})
    secret = {one.operation.name for one in _ALL if one.operation.secret or not one.operation.writes}
    _hold(409, lambda one: filled.send(one, opc_retry_token=spent), but=secret)


def test_who_failed_to_log_in_too_often_is_429_everywhere(filled: Filled) -> None:
    wrong = basic("wera", "not the password")
    api = Api(filled.server.url, "/api/3.0/modelkeep", {"authorization": wrong})

    def provoked(one: Documented) -> Answer:
        # What was used up comes back with time.
        answer = filled.send(one, authorization=wrong)
        while answer.status == 401 and api.call("GET", "users/wera").status == 401:
            answer = filled.send(one, authorization=wrong)
        return filled.send(one, authorization=wrong) if answer.status == 401 else answer

    _hold(429, provoked, but=_SIGNED)


def test_an_etag_that_nothing_has_is_412_of_every_write_and_nothing_is_done(filled: Filled) -> None:
    _hold_on_one(412, lambda one: filled.send(one, if_match='"nothing has this"'), but=set())


@pytest.mark.parametrize(
    ("status", "header"),
    [(206, {"range": "bytes=0-0"}), (416, {"range": "bytes=999-"}), (304, {"if_none_match": "*"})],
)
def test_a_part_of_a_file_is_206_one_behind_its_end_416_and_a_file_that_is_known_304(
    filled: Filled, status: int, header: dict[str, Any]
) -> None:
    kept = _files(filled)
    _hold_on_one(status, lambda one: filled.send(one, fields=kept.get(one.operation.name, {}), **header), but=_SIGNED)


def _files(filled: Filled) -> dict[str, dict[str, str]]:
    """A file of the run, which a version has too, and one of the logged model: what else is asked for."""
    ids = filled.ids
    where = f"/20260430/aiDataPlatforms/{PLATFORM}/workspaces/{WORKSPACE}/mlops/api/2.0"
    api = Api(filled.server.url, where, {"authorization": f"Bearer {filled.token}"})
    of_run, of_model = f"{ids['experiment']}/{ids['run']}", f"{ids['experiment']}/models/{ids['logged_model']}"
    for owner in (of_run, of_model):
        name = f"mlflow-artifacts/artifacts/{owner}/artifacts/f.txt"
        assert api.call("PUT", name, content=b"bytes").status == 200
    version = {"name": ids["model"], "source": f"mlflow-artifacts:/{of_run}/artifacts", "run_id": ids["run"]}
    made = api.ok("POST", "mlflow/model-versions/create", version)["model_version"]["version"]
    return {"get_model_version_artifact": {"version": made}}


def test_a_database_that_is_away_is_503_everywhere(filled: Filled, tmp_path: Path) -> None:
    with OwnPostgres() as postgres, RunningServer(tmp_path / "data", "--database", postgres.url) as server:
        postgres.kill()
        away = filled._replace(server=server, token="")
        _hold(503, away.send, but=set())
