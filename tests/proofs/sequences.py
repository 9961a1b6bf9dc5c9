"""Random sequences of steps. Names are few, so that steps meet; a sequence shrinks to the least that still fails."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.proofs.reference.registry import MODEL_FILTERS, VERSION_FILTERS
from tests.proofs.reference.tracking import EXPERIMENT_FILTERS, RUN_FILTERS
from tests.proofs.steps import Step
from tests.proofs.weights import weighted

_Fields = dict[str, SearchStrategy[Any]]
_TEXTS = st.sampled_from(["x", "xy", "ÿ %_'", "", "Ω\u2028"])
_KEYS = st.sampled_from(["k0", "k 1", "a/b.c"])
_TAG = st.fixed_dictionaries({"key": _KEYS, "value": _TEXTS})
_MODELS = st.sampled_from(["m0", "m1", "cat.schema.m2"])
_VERSIONS = st.integers(1, 4).map(str)
_ALIASES = st.sampled_from(["champion", "a-1"])
_STAGES = st.sampled_from(["None", "Staging", "Production", "Archived"])
_RUNS = st.integers(0, 3).map("run:{}".format)
_EXPERIMENTS = st.sampled_from(["exp:0", "exp:0", "exp:1", "exp:2"])
_EXPERIMENT_NAMES = st.sampled_from(["e0", "e1", "Default"])
_VIEWS = st.sampled_from(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
_METRIC = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["loss", "acc"]),
        "value": st.sampled_from([0.25, 0.5, 0.75, -1.5e300, 3]),
        "timestamp": st.sampled_from([0, 5, 1_700_000_000_000]),
        "step": st.sampled_from([-1, 0, 0, 2]),
    }
)
_PARAM = st.fixed_dictionaries({"key": st.sampled_from(["p0", "p1"]), "value": st.sampled_from(["x", "y"])})


def _distinct(pairs: SearchStrategy[dict[str, Any]], most: int) -> SearchStrategy[list[dict[str, Any]]]:
    return st.lists(pairs, max_size=most, unique_by=lambda pair: str(pair["key"]))


def _filters(known: dict[str, Any]) -> SearchStrategy[str]:
    return st.sampled_from([text for text in known if text])


def _call(
    call: str, optional: _Fields | None = None, /, **fields: SearchStrategy[Any]
) -> SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(call), st.fixed_dictionaries(fields, optional=optional or {}))


_MODEL: _Fields = {"name": _MODELS}
_VERSION: _Fields = {"name": _MODELS, "version": _VERSIONS}
_MAKING = [
    _call("registered-models/create", {"tags": _distinct(_TAG, 2), "description": _TEXTS}, **_MODEL),
    _call("model-versions/create", {"tags": _distinct(_TAG, 2), "run_id": _RUNS}, **_MODEL, source=st.just("s3://b/k")),
]
_REGISTRY = [
    _call("registered-models/get", **_MODEL),
    _call("registered-models/update", **_MODEL, description=_TEXTS),
    _call("registered-models/search", {"filter": _filters(MODEL_FILTERS), "order_by": st.just(["name DESC"])}),
    _call("registered-models/set-tag", **_MODEL, key=_KEYS, value=_TEXTS),
    _call("registered-models/delete-tag", **_MODEL, key=_KEYS),
    _call("registered-models/get-latest-versions", {"stages": st.lists(_STAGES, min_size=1, max_size=2)}, **_MODEL),
    _call("registered-models/alias", **_VERSION, alias=_ALIASES),
    _call("registered-models/alias", **_VERSION, alias=st.sampled_from(["champion", "latest"])),
    _call("registered-models/alias/delete", **_MODEL, alias=_ALIASES),
    _call("registered-models/alias/get", **_MODEL, alias=st.sampled_from(["champion", "a-1", "latest"])),
    _call("model-versions/get", **_VERSION),
    _call("model-versions/update", **_VERSION, description=_TEXTS),
    _call("model-versions/set-tag", **_VERSION, key=_KEYS, value=_TEXTS),
    _call("model-versions/delete-tag", **_VERSION, key=_KEYS),
    _call("model-versions/transition-stage", **_VERSION, stage=_STAGES, archive_existing_versions=st.booleans()),
    _call("model-versions/search", {"filter": _filters(VERSION_FILTERS)}),
]
_RUN: _Fields = {"run_id": _RUNS}
_EXPERIMENT: _Fields = {"experiment_id": _EXPERIMENTS}
_TIMES = st.sampled_from([0, 7, 1_700_000_000_000])
_RUNS_MADE = _call(
    "runs/create", {"tags": _distinct(_TAG, 2)}, **_EXPERIMENT, run_name=st.sampled_from(["r", "s"]), start_time=_TIMES
)
_POINTS = st.tuples(st.just("runs/log-metric"), st.builds(lambda run, point: {"run_id": run, **point}, _RUNS, _METRIC))
_TRACKING = [
    _call("experiments/create", {"tags": _distinct(_TAG, 2)}, name=_EXPERIMENT_NAMES),
    _call("experiments/get", **_EXPERIMENT),
    _call("experiments/get-by-name", experiment_name=_EXPERIMENT_NAMES),
    _call("experiments/update", **_EXPERIMENT, new_name=_EXPERIMENT_NAMES),
    _call("experiments/restore", **_EXPERIMENT),
    _call("experiments/search", {"filter": _filters(EXPERIMENT_FILTERS)}, view_type=_VIEWS, max_results=st.just(50)),
    _call("experiments/set-experiment-tag", **_EXPERIMENT, key=_KEYS, value=_TEXTS),
    _call("runs/get", **_RUN),
    _call(
        "runs/update",
        {"status": st.sampled_from(["RUNNING", "FINISHED"]), "end_time": _TIMES, "run_name": st.just("t")},
        **_RUN,
    ),
    _call("runs/restore", **_RUN),
    _call("runs/set-tag", **_RUN, key=_KEYS, value=_TEXTS),
    _call("runs/delete-tag", **_RUN, key=_KEYS),
    _call("runs/log-parameter", **_RUN, key=st.just("p0"), value=st.sampled_from(["x", "y"])),
    _call(
        "runs/log-batch",
        {"params": st.lists(_PARAM, max_size=2), "tags": _distinct(_TAG, 2)},
        **_RUN,
        metrics=st.lists(_METRIC, max_size=9),
    ),
    _call("metrics/get-history", **_RUN, metric_key=st.sampled_from(["loss", "acc"])),
    _call(
        "runs/search",
        {"filter": _filters(RUN_FILTERS)},
        experiment_ids=st.just(["exp:0", "exp:1"]),
        run_view_type=_VIEWS,
        max_results=st.just(50),
    ),
]
_ENDING = [
    _call("registered-models/rename", **_MODEL, new_name=_MODELS),
    _call("registered-models/delete", **_MODEL),
    _call("model-versions/delete", **_VERSION),
    _call("experiments/delete", **_EXPERIMENT),
    _call("runs/delete", **_RUN),
]
CALLS = weighted(
    *((4, call) for call in _MAKING),
    (6, _RUNS_MADE),
    (4, _POINTS),
    *((2, call) for call in (*_REGISTRY, *_TRACKING)),
    *((1, call) for call in _ENDING),
)

# So that most steps meet something.
_FIRST = [
    *[Step("registered-models/create", {"name": name, "tags": [{"key": "k0", "value": "x"}]}) for name in ("m0", "m1")],
    *[Step("model-versions/create", {"name": name, "source": "s3://b/k"}) for name in ("m0", "m0", "m0", "m1")],
    Step("registered-models/alias", {"name": "m0", "version": "2", "alias": "champion"}),
    Step("experiments/create", {"name": "e0"}),
    *[
        Step("runs/create", {"experiment_id": experiment, "run_name": "r", "start_time": 7})
        for experiment in ("exp:0", "exp:1", "exp:1")
    ],
]

_TOKENS = st.sampled_from([None] * 30 + [f"t{number}" for number in range(10)])
_IF_MATCH = st.sampled_from([None, None, None, None, "now", "now", "old"])


@st.composite
def oracle_sequences(draw: st.DrawFn, most: int = 60) -> list[Step]:
    """Steps of two tenants in both dialects, with retry tokens that are used again and etags that may be stale."""
    steps = [*_FIRST, *(replace(step, tenant=1) for step in _FIRST[:3])]
    for call, fields in draw(st.lists(CALLS, min_size=30, max_size=most)):
        # The same request again, as a client sends it whose answer was lost.
        if draw(st.integers(0, 9)) == 9:
            steps.append(draw(st.sampled_from(steps)))
            continue
        token = draw(_TOKENS)
        steps.append(
            Step(
                call,
                fields,
                tenant=int(draw(st.integers(0, 3)) == 3),
                oracle=draw(st.booleans()),
                token=token,
                if_match=_of_a_creation(call, draw(st.integers(0, 9))) if call.endswith("/create") else draw(_IF_MATCH),
            )
        )
    return steps


def _of_a_creation(call: str, drawn: int) -> str | None:
    """Few have a condition: what is not there yet has no etag, so it is refused. A run's is its experiment's."""
    return "old" if drawn == 9 and call in ("registered-models/create", "model-versions/create") else None


def mlflow_sequences(most: int = 60) -> SearchStrategy[list[Step]]:
    """Steps that MLflow's server knows as well: one tenant, no tokens and no etags."""
    return st.lists(CALLS.map(lambda chosen: Step(*chosen)), min_size=30, max_size=most).map(
        lambda steps: _FIRST + steps
    )
