"""What is in the world: a platform with two workspaces, each resource and another of its kind, and another platform."""

from typing import Any

from modelkeep.storage import schema
from tests.identity.people import key_pair
from tests.permissions.world import PLATFORM, WORKSPACE, World

MODEL, ANOTHER_MODEL = "c.s.churn", "c.s.other"

ABSENT = {
    "model": "c.s.chern",
    "experiment": "7",
    "experiment_name": "thirst",
    "run": "f" * 32,
    "logged_model": "m-" + "f" * 32,
    "workspace": "lob",
    "platform": "ocme",
    "deleted_experiment": "8",
    "webhook": "f" * 32,
    "role": "9999",
    "role_permission": str(9999 << 35),
}
"""Names of what is not there, as long as those of what is."""


def fill(world: World) -> None:
    """Make it all by operations, as an administrator."""
    ids = world.ids
    for platform in (PLATFORM, "elsewhere"):
        world.does("create_platform", id=platform)
    for workspace in (WORKSPACE, "attic"):
        world.does_at_platform("create_workspace", displayName=workspace)
    made = {name: world.does("create_experiment", name=name).experiment_id for name in ("first", "other", "gone")}
    ids |= {
        "platform": PLATFORM,
        "workspace": WORKSPACE,
        "model": MODEL,
        "experiment": made["first"],
        "experiment_name": "first",
        "deleted_experiment": made["gone"],
        "another experiment": made["other"],
    }
    _fill_experiment(world)
    for model in (MODEL, ANOTHER_MODEL):
        world.does("create_registered_model", name=model)
        world.does("create_model_version", name=model, source="s3://b/m")
    world.does("set_registered_model_alias", name=MODEL, alias="champion", version="1")
    hook = world.raw_at_platform(
        "create_webhook",
        name="here",
        url="https://hooks.example/y",
        events=[{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    )
    ids["webhook"] = hook["webhook"]["webhook_id"]
    _fill_identities(world)
    world.does("delete_experiment", experiment_id=made["gone"])
    _note_rows(world)


def _fill_experiment(world: World) -> None:
    ids = world.ids
    run = world.raw("create_run", experiment_id=ids["experiment"])
    ids["run"] = run["run"]["info"]["run_id"]
    logged = world.raw("create_logged_model", experiment_id=ids["experiment"], tags=[{"key": "kept", "value": "v"}])
    ids["logged_model"] = logged["model"]["info"]["model_id"]
    world.does("set_run_tag", run_id=ids["run"], key="kept", value="v")
    world.does("set_experiment_tag", experiment_id=ids["experiment"], key="kept", value="v")
    world.does("log_metric", run_id=ids["run"], key="auc", value=0.5, timestamp=1)
    dataset = {"name": "d", "digest": "1", "source_type": "s", "source": "s"}
    world.does("log_inputs", run_id=ids["run"], datasets=[{"dataset": dataset}])


def _fill_identities(world: World) -> None:
    world.does("create_user", name="wera")
    world.does("create_group", name="team")
    world.does("create_role", name="stewards")
    for kind, name in (("group", "team"), ("role", "stewards")):
        world.does(f"add_{kind}_member", name=name, kind="user", member="wera")
    world.does("create_token", user="wera", name="one")
    world.does("create_user", name="zoe")
    grant: dict[str, Any] = {"username": "wera", "permission": "READ"}
    world.does("mlflow_create_experiment_permission", experiment_id=world.ids["experiment"], **grant)
    world.does("mlflow_create_model_permission", name=MODEL, **grant)
    role = world.raw("mlflow_create_role", workspace=PLATFORM, name="readers")["role"]["id"]
    world.ids["role"] = str(role)
    on: dict[str, Any] = {"resource_type": "workspace", "resource_pattern": "*", "permission": "READ"}
    made = world.raw("mlflow_add_role_permission", role_id=role, **on)
    world.ids["role_permission"] = str(made["role_permission"]["id"])
    world.does("mlflow_assign_role", role_id=role, username="wera")
    key = world.raw("add_key", user="wera", public_key=key_pair()[1])
    world.ids["fingerprint"] = key["profile"]["fingerprint"]
    world.ids["session_token"] = world.raw("create_session_token", user="wera", public_key=key_pair()[1])["id"]
    world.ids["new_public_key"] = key_pair()[1]


def _note_rows(world: World) -> None:
    """The row ids that grants name."""
    p, w, m, e = schema.platforms, schema.workspaces, schema.registered_models, schema.experiments
    ids = world.ids
    ids["platform row"] = str(world.row_of(p, p.c.key == PLATFORM))
    ids["another platform row"] = str(world.row_of(p, p.c.key == "elsewhere"))
    here = w.c.platform_id == int(ids["platform row"])
    ids["workspace row"] = str(world.row_of(w, here, w.c.key == WORKSPACE))
    ids["another workspace row"] = str(world.row_of(w, here, w.c.key == "attic"))
    ids["model row"] = str(world.row_of(m, m.c.name == MODEL))
    ids["another model row"] = str(world.row_of(m, m.c.name == ANOTHER_MODEL))
    for which, name in (("experiment", "first"), ("another experiment", "other"), ("gone", "gone")):
        ids[f"{which} row"] = str(world.row_of(e, e.c.name == name))
    ids["another gone row"] = ids["another experiment row"]
