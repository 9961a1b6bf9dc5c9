"""Tracking in the reference: experiments, runs, and what is logged to them."""

from collections.abc import Callable
from typing import Any

from tests.proofs.reference.records import Experiment, Refused, Run, Tenant, exists, invalid, not_found
from tests.proofs.reference.registry import Expect, Fields, Said, tags_of


def _number(symbol: str) -> int:
    return int(symbol.partition(":")[2])


def _experiment(tenant: Tenant, symbol: str, expect: Expect | None = None, *, active: bool = False) -> Experiment:
    if _number(symbol) >= len(tenant.experiments):
        raise not_found()
    experiment = tenant.experiments[_number(symbol)]
    if expect:
        expect(experiment.subject)
    if active and experiment.stage != "active":
        raise invalid()
    return experiment


def _run(tenant: Tenant, fields: Fields, expect: Expect | None = None, *, active: bool = False) -> Run:
    if _number(fields["run_id"]) >= len(tenant.runs):
        raise not_found()
    run = tenant.runs[_number(fields["run_id"])]
    if expect:
        expect(run.subject)
    if active and run.stage != "active":
        raise invalid()
    return run


def create_experiment(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    tags = tags_of(fields)
    if any(known.name == fields["name"] for known in tenant.experiments):
        raise exists()
    made = Experiment(tenant.number * 1_000 + len(tenant.experiments), fields["name"], tags)
    tenant.experiments.append(made)
    return Said(made.symbol, made.subject)


def get_experiment(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    found = _experiment(tenant, fields["experiment_id"])
    return Said(found.view(), found.subject)


def get_experiment_by_name(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    for known in tenant.experiments:
        if known.name == fields["experiment_name"]:
            return Said(known.view(), known.subject)
    raise not_found()


def rename_experiment(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    found = _experiment(tenant, fields["experiment_id"], expect, active=True)
    if any(known.name == fields["new_name"] for known in tenant.experiments if known is not found):
        raise exists()
    found.name = fields["new_name"]
    found.revision += 1
    return Said(None, found.subject)


def delete_experiment(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    return _mark(tenant, fields, expect, "active", "deleted")


def restore_experiment(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    return _mark(tenant, fields, expect, "deleted", "active")


def _mark(tenant: Tenant, fields: Fields, expect: Expect, was: str, becomes: str) -> Said:
    found = _experiment(tenant, fields["experiment_id"], expect)
    if found.stage != was:
        raise not_found()
    found.stage = becomes
    found.revision += 1
    for run in tenant.runs:
        if run.experiment is found:
            run.stage = becomes
    return Said(None, found.subject)


def search_experiments(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    wanted = EXPERIMENT_FILTERS[fields.get("filter", "")]
    found = [known.view() for known in tenant.experiments if _in_view(known.stage, fields) and wanted(known)]
    return Said(sorted(found, key=lambda view: str(view["name"])))


def set_experiment_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    found = _experiment(tenant, fields["experiment_id"], expect, active=True)
    found.tags[fields["key"]] = fields["value"]
    found.revision += 1
    return Said(None, found.subject)


def create_run(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    experiment = _experiment(tenant, fields["experiment_id"], active=True)
    tags = {tag["key"]: tag["value"] for tag in fields.get("tags", [])} | {"mlflow.runName": fields["run_name"]}
    identity = tenant.number * 1_000 + len(tenant.runs)
    run = Run(identity, experiment, fields["run_name"], fields["start_time"], tags)
    tenant.runs.append(run)
    return Said(run.view(), run.subject)


def get_run(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields)
    return Said(run.view(), run.subject)


def update_run(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect, active=True)
    run.status = fields.get("status", run.status)
    run.end = fields.get("end_time", run.end)
    if fields.get("run_name"):
        run.name = run.tags["mlflow.runName"] = fields["run_name"]
    return Said(run.info(), run.subject)


def delete_run(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect)
    run.stage = "deleted"
    return Said(None, run.subject)


def restore_run(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect)
    run.stage = "active"
    return Said(None, run.subject)


def set_run_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect, active=True)
    run.tags[fields["key"]] = fields["value"]
    return _wrote(run)


def delete_run_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect, active=True)
    if run.tags.pop(fields["key"], None) is None:
        raise not_found()
    return _wrote(run)


def log_param(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect, active=True)
    _check_params(run, [fields])
    run.params[fields["key"]] = fields["value"]
    return _wrote(run)


def log_metric(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    run = _run(tenant, fields, expect, active=True)
    _add_point(run, fields)
    return _wrote(run)


def log_batch(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    params = fields.get("params", [])
    if len({param["key"] for param in params}) != len(params):
        raise invalid()
    run = _run(tenant, fields, expect, active=True)
    _check_params(run, params)
    run.params.update({param["key"]: param["value"] for param in params})
    for metric in fields.get("metrics", []):
        _add_point(run, metric)
    run.tags.update({tag["key"]: tag["value"] for tag in fields.get("tags", [])})
    return _wrote(run)


def _check_params(run: Run, params: list[dict[str, Any]]) -> None:
    if any(run.params.get(param["key"], param["value"]) != param["value"] for param in params):
        raise invalid()


def _add_point(run: Run, metric: dict[str, Any]) -> None:
    point = (metric["step"], metric["timestamp"], float(metric["value"]))
    run.points.setdefault(metric["key"], set()).add(point)


def _wrote(run: Run) -> Said:
    return Said(None, ("run data", run.identity, "active"), etag=False)


def get_history(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    return Said(sorted(_run(tenant, fields).points.get(fields["metric_key"], ())))


def search_runs(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    wanted = RUN_FILTERS[fields.get("filter", "")]
    chosen = set(fields["experiment_ids"])
    found = [
        run.view()
        for run in tenant.runs
        if run.experiment.symbol in chosen and _in_view(run.stage, fields, "run_view_type") and wanted(run)
    ]
    return Said(sorted(found, key=lambda view: str(view["id"])))


def _in_view(stage: str, fields: Fields, field: str = "view_type") -> bool:
    return {"ACTIVE_ONLY": stage == "active", "DELETED_ONLY": stage == "deleted", "ALL": True}[fields[field]]


def _latest(run: Run, key: str) -> float | None:
    return max(run.points[key])[2] if key in run.points else None


EXPERIMENT_FILTERS: dict[str, Callable[[Experiment], bool]] = {
    "": lambda known: True,
    "name LIKE 'e%'": lambda known: known.name.startswith("e"),
    "tags.k0 = 'x'": lambda known: known.tags.get("k0") == "x",
}
RUN_FILTERS: dict[str, Callable[[Run], bool]] = {
    "": lambda run: True,
    "metrics.loss > 0.5": lambda run: (_latest(run, "loss") or 0) > 0.5,
    "metrics.loss <= 0.5 AND params.p0 = 'x'": lambda run: (
        "loss" in run.points and (_latest(run, "loss") or 0) <= 0.5 and run.params.get("p0") == "x"
    ),
    "attributes.status = 'FINISHED'": lambda run: run.status == "FINISHED",
    "tags.k0 = 'x'": lambda run: run.tags.get("k0") == "x",
}

CALLS = {
    "experiments/create": create_experiment,
    "experiments/get": get_experiment,
    "experiments/get-by-name": get_experiment_by_name,
    "experiments/update": rename_experiment,
    "experiments/delete": delete_experiment,
    "experiments/restore": restore_experiment,
    "experiments/search": search_experiments,
    "experiments/set-experiment-tag": set_experiment_tag,
    "runs/create": create_run,
    "runs/get": get_run,
    "runs/update": update_run,
    "runs/delete": delete_run,
    "runs/restore": restore_run,
    "runs/search": search_runs,
    "runs/set-tag": set_run_tag,
    "runs/delete-tag": delete_run_tag,
    "runs/log-parameter": log_param,
    "runs/log-metric": log_metric,
    "runs/log-batch": log_batch,
    "metrics/get-history": get_history,
}
__all__ = ["CALLS", "Refused"]
