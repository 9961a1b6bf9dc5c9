"""Searches, pages, counts and side doors: what may not be seen is nowhere, and a page is never short."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Principal
from modelkeep.storage import schema
from tests.permissions.world import BY_NAME, World, new_world

_MODELS, _SEEN_EVERY = 60, 3


def _fill(world: World) -> None:
    for platform in ("acme", "elsewhere"):
        world.does("create_platform", id=platform)
    for workspace in ("lab", "attic"):
        world.does_at_platform("create_workspace", displayName=workspace)
    for number in range(_MODELS):
        world.does("create_registered_model", name=f"c.s.m{number:03}")
        world.does("create_model_version", name=f"c.s.m{number:03}", source="s3://b/m")
    for name in ("open", "closed"):
        experiment = world.raw("create_experiment", name=name)["experiment_id"]
        run = world.raw("create_run", experiment_id=experiment)["run"]["info"]["run_id"]
        world.does("log_metric", run_id=run, key="auc", value=0.5, timestamp=1)
        logged = world.raw("create_logged_model", experiment_id=experiment)["model"]["info"]["model_id"]
        world.ids |= {f"{name} experiment": experiment, f"{name} run": run, f"{name} model": logged}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("seen"), _fill) as world:
        yield world


@pytest.fixture(scope="module")
def reader(world: World) -> Principal:
    """May see every third model, and the open experiment."""
    row, m, e = world.principal_row("reader"), schema.registered_models, schema.experiments
    for number in range(0, _MODELS, _SEEN_EVERY):
        model = world.row_of(m, m.c.name == f"c.s.m{number:03}")
        world.grant(schema.registered_model_grants, model, row, 1)
    world.grant(schema.experiment_grants, world.row_of(e, e.c.name == "open"), row, 2)
    return Principal("reader", ids=(row,))


@pytest.fixture(scope="module")
def owner(world: World) -> Principal:
    """May change everything that was created in the attic, and so create models there."""
    row, w = world.principal_row("owner"), schema.workspaces
    world.grant(schema.workspace_grants, world.row_of(w, w.c.key == "attic"), row, 2)
    return Principal("owner", ids=(row,))


def _asked(world: World, by: Principal, name: str, **fields: Any) -> Any:
    at = {"workspace": fields.pop("at")} if "at" in fields else {}
    return msgspec.json.decode(msgspec.json.encode(world.run(by, BY_NAME[name], fields, **at)))


def _pages(world: World, by: Principal, name: str, key: str, size: int, **fields: Any) -> list[list[Any]]:
    pages, token = [], None
    while True:
        more: dict[str, Any] = {"page_token": token} if token else {}
        answer = _asked(world, by, name, max_results=size, **fields, **more)
        pages.append(answer[key])
        token = answer.get("next_page_token")
        if not token:
            return pages


_EXPECTED = [f"c.s.m{number:03}" for number in range(0, _MODELS, _SEEN_EVERY)]


@pytest.mark.parametrize("few", [True, False], ids=["few", "many"])
@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_every_page_is_full_and_has_what_is_seen_alone(
    world: World, reader: Principal, monkeypatch: pytest.MonkeyPatch, few: bool, size: int
) -> None:
    if not few:
        monkeypatch.setattr("modelkeep.identity.sight._FEW", 1)
    for name, key in (("search_registered_models", "registered_models"), ("search_model_versions", "model_versions")):
        pages = _pages(world, reader, name, key, size)
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert sorted(item["name"] for page in pages for item in page) == _EXPECTED


def test_what_was_created_in_a_workspace_is_seen_by_who_has_that(
    world: World, owner: Principal, reader: Principal
) -> None:
    created = world.run(owner, BY_NAME["create_registered_model"], {"name": "z.attic"}, workspace="attic", keep=True)
    assert created.registered_model.name == "z.attic"
    found = _asked(world, owner, "search_registered_models", at="attic")["registered_models"]
    assert [model["name"] for model in found] == ["z.attic"]
    assert "z.attic" not in str(_asked(world, reader, "search_registered_models", max_results=1_000))


def test_who_sees_a_workspace_by_something_in_it_is_not_told_who_was_granted_the_workspace(
    world: World, reader: Principal
) -> None:
    """Every platform has `default`: it is there for whoever sees anything of the platform."""
    named = {"workspaceKey": "default"}
    assert world.run(reader, BY_NAME["get_workspace"], named, workspace="").key == "default"
    refusal = world.refusal(reader, BY_NAME["list_workspace_permissions"], named, workspace="")
    assert refusal is not None
    assert refusal.kind is ErrorKind.NOT_AUTHORIZED


def test_who_creates_is_admin_and_may_grant(world: World, owner: Principal) -> None:
    world.run(owner, BY_NAME["create_registered_model"], {"name": "z.mine"}, workspace="attic", keep=True)
    world.does("create_user", name="friend")
    details = {"assignees": {"type": "USER", "targets": ["friend"]}, "permissions": ["READ"]}
    fields = {"registeredModelKey": "z.mine", "assignRegisteredModelPermissionDetails": details}
    assert world.refusal(owner, BY_NAME["manage_registered_model_permission"], fields, workspace="attic") is None


def test_a_page_token_is_its_callers_own(world: World, reader: Principal, owner: Principal) -> None:
    token = _asked(world, reader, "search_registered_models", max_results=2)["next_page_token"]
    for other, at in ((owner, "attic"), (Principal("administrator", administrator=True), "lab")):
        fields = {"max_results": 2, "page_token": token}
        refusal = world.refusal(other, BY_NAME["search_registered_models"], fields, workspace=at)
        assert refusal is not None
        assert refusal.kind is ErrorKind.INVALID_PARAMETER


def test_counts_are_of_what_is_seen(world: World, reader: Principal) -> None:
    asked = {"catalog": "c", "schema": "s"}
    counts = _asked(world, reader, "get_registered_model_summary", **asked)
    assert (counts["registered_models_count"], counts["model_versions_count"]) == (20, 20)


@pytest.mark.parametrize(
    ("name", "key"), [("search_runs", "runs"), ("search_logged_models", "models"), ("search_datasets", "")]
)
def test_what_is_in_a_hidden_experiment_is_not_found(world: World, reader: Principal, name: str, key: str) -> None:
    both = [world.ids["open experiment"], world.ids["closed experiment"]]
    answer = _asked(world, reader, name, experiment_ids=both)
    assert "closed" not in str(answer)
    for hidden in ("closed run", "closed model"):
        assert world.ids[hidden] not in str(answer)
    if key:
        assert len(answer[key]) == 1
        assert _asked(world, reader, name, experiment_ids=both[1:])[key] == []


def test_experiments_platforms_and_workspaces_that_are_hidden_are_not_listed(world: World, reader: Principal) -> None:
    assert [found["name"] for found in _asked(world, reader, "search_experiments")["experiments"]] == ["open"]
    assert [found["id"] for found in _asked(world, reader, "list_platforms")["items"]] == ["acme"]
    listed = [found["key"] for found in _asked(world, reader, "list_workspaces", at="")["items"]]
    assert listed == ["default", "lab"]


def test_a_hidden_run_gives_a_version_nothing(world: World, reader: Principal, owner: Principal) -> None:
    """A version may name any run, as it may live elsewhere; nothing of one that is hidden is looked up for it."""
    name = "z.from-hidden"
    row = reader.ids[0]
    world.does("create_registered_model", name=name)
    m = schema.registered_models
    world.grant(schema.registered_model_grants, world.row_of(m, m.c.name == name), row, 2)
    for run, metrics in (("open run", 1), ("closed run", 0), ("unknown", 0)):
        key = world.ids.get(run, "f" * 32)
        made = world.run(
            reader,
            BY_NAME["create_model_version"],
            {"name": name, "source": f"runs:/{key}/model", "run_id": key},
            keep=True,
        ).model_version
        assert (made.run_id, len(made.model_metrics)) == (key, metrics)
        got = world.run(reader, BY_NAME["get_model_version"], {"name": name, "version": made.version}).model_version
        assert len(got.model_metrics) == metrics


def test_a_hidden_logged_model_does_not_lend_its_run(world: World, reader: Principal) -> None:
    name = "z.lent"
    world.does("create_registered_model", name=name)
    m = schema.registered_models
    world.grant(schema.registered_model_grants, world.row_of(m, m.c.name == name), reader.ids[0], 2)
    own = world.run(
        reader,
        BY_NAME["create_logged_model"],
        {"experiment_id": world.ids["open experiment"], "source_run_id": world.ids["closed run"]},
        keep=True,
    ).model.info.model_id
    made = world.run(
        reader, BY_NAME["create_model_version"], {"name": name, "source": f"models:/{own}", "model_id": own}, keep=True
    ).model_version
    world.run(reader, BY_NAME["delete_logged_model"], {"model_id": own}, keep=True)
    world.does("collect_garbage", model_ids=[own])
    got = world.run(reader, BY_NAME["get_model_version"], {"name": name, "version": made.version}).model_version
    assert got.model_metrics == []


def test_a_version_cannot_be_made_from_a_hidden_version(world: World, owner: Principal) -> None:
    world.run(owner, BY_NAME["create_registered_model"], {"name": "z.copy"}, workspace="attic", keep=True)
    messages = []
    for source in ("models:/c.s.m000/1", "models:/c.s.none/1"):
        fields = {"name": "z.copy", "source": source}
        refusal = world.refusal(owner, BY_NAME["create_model_version"], fields, workspace="attic")
        assert refusal is not None
        messages.append((refusal.kind, refusal.message.replace(source, "")))
    assert messages[0] == messages[1]


def test_a_metric_of_a_hidden_logged_model_is_as_of_one_that_is_not_there(world: World, reader: Principal) -> None:
    found = []
    for model in (world.ids["closed model"], "m-" + "f" * 32):
        fields = {"run_id": world.ids["open run"], "key": "auc", "value": 1, "timestamp": 2, "model_id": model}
        refusal = world.refusal(reader, BY_NAME["log_metric"], fields)
        assert isinstance(refusal, ApiError)
        found.append((refusal.kind, refusal.message.replace(model, "")))
    assert found[0] == found[1]


def test_several_histories_are_answered_only_if_every_run_is_seen(world: World, reader: Principal) -> None:
    runs = [world.ids["open run"], world.ids["closed run"]]
    for name, field in (("get_metric_history_bulk", "run_id"), ("get_metric_history_bulk_interval", "run_ids")):
        refusal = world.refusal(reader, BY_NAME[name], {"metric_key": "auc", field: runs})
        assert refusal is not None
        assert refusal.kind is ErrorKind.NOT_FOUND
        assert _asked(world, reader, name, metric_key="auc", **{field: runs[:1]})["metrics"]


@pytest.mark.parametrize("operation", ["download_artifact", "list_folder_of_artifacts", "upload_artifact"])
def test_what_a_model_has_may_be_read_by_who_sees_the_model_alone(world: World, operation: str) -> None:
    row = world.principal_row(f"loader of {operation}")
    loader, name = Principal("loader", ids=(row,)), f"z.loaded.{operation}"
    world.does("create_registered_model", name=name)
    location = f"mlflow-artifacts:/{world.ids['closed experiment']}/{world.ids['closed run']}/artifacts/model"
    world.does("create_model_version", name=name, source=location, run_id=world.ids["closed run"])
    m = schema.registered_models
    world.grant(schema.registered_model_grants, world.row_of(m, m.c.name == name), row, 1)
    field = "path" if operation == "list_folder_of_artifacts" else "artifact_path"
    inside = location.removeprefix("mlflow-artifacts:/")
    beside = inside.replace("/model", "/modelx")
    allowed = world.refusal(loader, BY_NAME[operation], {field: f"{inside}/MLmodel"})
    assert (allowed.kind if allowed else None) == (ErrorKind.NOT_AUTHORIZED if operation == "upload_artifact" else None)
    for other in (beside, inside.rpartition("/")[0], world.ids["closed experiment"]):
        refusal = world.refusal(loader, BY_NAME[operation], {field: other})
        assert refusal is not None
        assert refusal.kind is ErrorKind.NOT_FOUND


def test_a_grant_of_nothing_gives_nothing(world: World) -> None:
    row, m = world.principal_row("nobody"), schema.registered_models
    world.grant(schema.registered_model_grants, world.row_of(m, m.c.name == "c.s.m000"), row, 0)
    refusal = world.refusal(Principal("nobody", ids=(row,)), BY_NAME["get_registered_model"], {"name": "c.s.m000"})
    assert refusal is not None
    assert "AI Data Platform" in refusal.message
