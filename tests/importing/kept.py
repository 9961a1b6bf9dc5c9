"""A server of this project's own that has one of everything, and the archive of it."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.importing.filled import fill
from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

WEIGHTS = b"weights" * 1000


class Kept:
    """A data directory or database with what `modelkeep export` wrote of it while its server ran."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.data = folder / "data"
        self.archive = folder / "archive.zip"
        self.variables = {"MODELKEEP_DATABASE": flags[1]} if flags else {}
        self.flags = flags
        with RunningServer(self.data, *flags) as server:
            self.ids = fill(server.url)
            _fill_further(server.url, self.ids)
            exported = run("export", self.archive, "--data", self.data, "--json", **self.variables)
        self.exported: dict[str, Any] = exported.json


def workspace_path(platform: str, workspace: str) -> str:
    return f"/20260430/aiDataPlatforms/{platform}/workspaces/{workspace}/mlops/api/2.0/mlflow"


def _fill_further(url: str, ids: dict[str, Any]) -> None:
    """What a client of MLflow does not make: other platforms and workspaces, and traces of what was changed."""
    root = Api(url)
    root.ok("POST", "/20260430/aiDataPlatforms", {"id": "acme", "description": "Acme & Söhne"})
    workspaces = "/20260430/aiDataPlatforms/acme/workspaces"
    for name in ("Gone", "Fraud Team"):
        root.ok("POST", workspaces, {"displayName": name, "description": f"{name}'s", "defaultCatalogKey": "c"})
    gone, fraud = (Api(url, workspace_path("acme", key)) for key in ("gone", "fraud-team"))
    fraud.post("registered-models/create", name="a.b.scorer", description="once")
    fraud.call("PATCH", "registered-models/update", {"name": "a.b.scorer", "description": "twice"})
    gone.post("model-versions/create", name="a.b.scorer", source="s3://b/1")
    fraud.post("model-versions/create", name="a.b.scorer", source="s3://b/2", tags=[{"key": "k", "value": "v"}])
    fraud.post("model-versions/set-tag", name="a.b.scorer", version="2", key="late", value="1")
    root.ok("DELETE", f"{workspaces}/gone")
    made = fraud.post("experiments/create", name="fraud")["experiment_id"]
    run_ = fraud.post("runs/create", experiment_id=made, run_name="many")["run"]["info"]
    for step in range(3):
        # Ten metrics at once are put aside; one that is logged again is in both places.
        points = [{"key": f"m{n}", "value": n / 3, "timestamp": step, "step": step} for n in range(10)]
        fraud.post("runs/log-batch", run_id=run_["run_id"], metrics=points)
    fraud.post("runs/log-metric", run_id=run_["run_id"], key="m1", value=1 / 3, timestamp=0, step=0)
    fraud.post("runs/log-metric", run_id=run_["run_id"], key="large", value="Infinity", timestamp=0, step=0)
    model = fraud.post("logged-models", experiment_id=made, name="deleted")["model"]["info"]["model_id"]
    fraud.call("DELETE", f"logged-models/{model}")
    path = run_["artifact_uri"].removeprefix("mlflow-artifacts:/")
    tenant = workspace_path("acme", "fraud-team").removesuffix("/mlflow")
    for name, content in (("model.bin", WEIGHTS), ("großes/ü b%c.txt", b""), ("large.bin", b"x" * 700_000)):
        put = root.call("PUT", f"{tenant}/mlflow-artifacts/artifacts/{path}/{quote(name)}", content=content)
        assert put.status == 200, put
    ids["fraud"] = {"run": run_["run_id"], "path": path}
