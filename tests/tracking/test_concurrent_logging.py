"""Many clients at once: every point is kept, the latest is right, and no number or name is given twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import EXISTS, NOT_ACTIVE, NOT_FOUND

WRITERS, BATCHES, KEYS = 8, 12, 10


def batch(writer: int, number: int, keys: int) -> list[dict[str, Any]]:
    """Points of many metrics, at steps that no other batch has."""
    step = number * WRITERS + writer
    return [{"key": f"m{n % keys}", "value": step, "timestamp": n // keys, "step": step} for n in range(60)]


def together(writers: Any) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(writer) for writer in writers]:
            done.result()


def steps(api: Api, run: str, key: str) -> list[int]:
    found = api.get("metrics/get-history", run_id=run, metric_key=key)["metrics"]
    return sorted(point["step"] for point in found)


@pytest.mark.parametrize("keys", [1, KEYS])
def test_batches_of_many_clients_to_one_run_are_all_kept(oracle_api: Api, run: str, keys: int) -> None:
    def writer(number: int) -> None:
        for round_ in range(BATCHES):
            oracle_api.post("runs/log-batch", run_id=run, metrics=batch(number, round_, keys))

    together([lambda number=number: writer(number) for number in range(WRITERS)])
    last = WRITERS * BATCHES - 1
    metrics = oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
    assert {(metric["step"], metric["value"], metric["timestamp"]) for metric in metrics} == {
        (last, float(last), 60 // keys - 1)
    }
    for key in range(keys):
        assert steps(oracle_api, run, f"m{key}") == sorted(list(range(last + 1)) * (60 // keys))


def test_batches_to_several_runs_are_kept_by_each(oracle_api: Api, experiment: str) -> None:
    runs = [oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"] for _ in range(WRITERS)]

    def writer(number: int) -> None:
        for round_ in range(BATCHES):
            oracle_api.post("runs/log-batch", run_id=runs[number], metrics=batch(number, round_, KEYS))
            oracle_api.post("runs/log-metric", run_id=runs[number], key="own", value=round_, timestamp=1, step=round_)

    together([lambda number=number: writer(number) for number in range(WRITERS)])
    for number, run in enumerate(runs):
        own = [round_ * WRITERS + number for round_ in range(BATCHES)]
        assert steps(oracle_api, run, "m0") == sorted(own * (60 // KEYS))
        latest = {
            metric["key"]: metric["step"] for metric in oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
        }
        assert latest == {**{f"m{key}": own[-1] for key in range(KEYS)}, "own": BATCHES - 1}


def test_metrics_with_new_names_from_many_clients_are_told_apart(oracle_api: Api, run: str) -> None:
    def writer(number: int) -> None:
        for name in range(30):
            oracle_api.post("runs/log-metric", run_id=run, key=f"new/{name}", value=number, timestamp=1, step=number)
            bad = {"run_id": run, "metrics": [{"key": f"bad/{number}-{name}", "value": 1, "timestamp": 1}]}
            bad["params"] = [{"key": "set", "value": str(number)}, {"key": "set", "value": "again"}]
            assert oracle_api.call("POST", "runs/log-batch", bad).status == 400

    together([lambda number=number: writer(number) for number in range(WRITERS)])
    for name in range(30):
        assert steps(oracle_api, run, f"new/{name}") == list(range(WRITERS))
    assert len(oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]) == 30


def test_a_batch_that_fails_takes_no_name_of_a_metric_from_one_that_does_not(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-parameter", run_id=run, key="set", value="first")

    def writer(number: int) -> None:
        for name in range(20):
            metrics = [{"key": f"m/{number}-{name}-{part}", "value": part, "timestamp": 1} for part in range(10)]
            # That the model is not there is found only after the names were written.
            refused = {"metrics": [*metrics, {"key": "x", "value": 1, "timestamp": 1, "model_id": "m-none"}]}
            assert oracle_api.call("POST", "runs/log-batch", {"run_id": run, **refused}).status >= 400
            oracle_api.post("runs/log-batch", run_id=run, metrics=metrics)

    together([lambda number=number: writer(number) for number in range(WRITERS)])
    found = oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
    assert {metric["key"]: metric["value"] for metric in found} == {
        f"m/{number}-{name}-{part}": float(part)
        for number in range(WRITERS)
        for name in range(20)
        for part in range(10)
    }


def test_one_of_many_experiments_of_one_name_is_made(oracle_api: Api) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        made = list(pool.map(lambda _: oracle_api.call("POST", "experiments/create", {"name": "same"}), range(24)))
    assert sorted(answer.status for answer in made) == [200] + [409] * 23
    assert {answer.error for answer in made if answer.status != 200} == {EXISTS}


def test_experiments_made_at_once_have_numbers_of_their_own(oracle_api: Api) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        made = list(pool.map(lambda n: oracle_api.post("experiments/create", name=f"e{n}"), range(40)))
    assert sorted(int(answer["experiment_id"]) for answer in made) == list(range(1, 41))


def test_one_of_many_values_of_a_param_is_kept(oracle_api: Api, run: str) -> None:
    def put(number: int) -> int:
        body = {"run_id": run, "key": "depth", "value": str(number)}
        return oracle_api.call("POST", "runs/log-parameter", body).status

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = list(pool.map(put, range(24)))
    assert sorted(statuses) == [200] + [400] * 23
    (param,) = oracle_api.get("runs/get", run_id=run)["run"]["data"]["params"]
    assert param == {"key": "depth", "value": str(statuses.index(200))}


def test_a_run_that_is_deleted_for_good_while_it_is_logged_to_is_not_found_from_then_on(
    oracle_api: Api, experiment: str
) -> None:
    for _ in range(5):
        run = oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]

        def writer(number: int, run: str = run) -> list[int]:
            metrics = batch(number, 0, KEYS)
            path, params, tags = "runs/log-batch", [{"key": f"p{number}", "value": "1"}], [{"key": f"t{number}"}]
            body = {"run_id": run, "metrics": metrics, "params": params, "tags": tags}
            return [oracle_api.call("POST", path, body).status for _ in range(6)]

        def remover(run: str = run) -> list[int]:
            return [oracle_api.call("POST", "runs/delete", {"run_id": run, "is_permanent": True}).status]

        with ThreadPoolExecutor(WRITERS + 1) as pool:
            writers = [pool.submit(writer, number) for number in range(WRITERS)]
            assert pool.submit(remover).result() == [200]
            for done in writers:
                statuses = done.result()
                assert set(statuses) <= {200, 404}
                assert statuses == sorted(statuses)
        assert oracle_api.call("GET", "runs/get", query={"run_id": run}).error == NOT_FOUND


def test_runs_made_in_an_experiment_while_it_is_deleted_are_deleted_with_it_or_refused(oracle_api: Api) -> None:
    for number in range(5):
        experiment = oracle_api.post("experiments/create", name=f"e{number}")["experiment_id"]

        def maker(experiment: str = experiment) -> list[Any]:
            return [oracle_api.call("POST", "runs/create", {"experiment_id": experiment}) for _ in range(4)]

        with ThreadPoolExecutor(WRITERS + 1) as pool:
            makers = [pool.submit(maker) for _ in range(WRITERS)]
            oracle_api.post("experiments/delete", experiment_id=experiment)
            answers = [answer for done in makers for answer in done.result()]
        assert {answer.error for answer in answers if answer.status != 200} <= {NOT_ACTIVE}
        for run in (answer.body["run"]["info"]["run_id"] for answer in answers if answer.status == 200):
            assert oracle_api.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"


def test_of_many_changes_that_name_one_etag_one_is_done(oracle_api: Api, experiment: str, run: str) -> None:
    for path, named, get in (
        ("experiments/set-experiment-tag", {"experiment_id": experiment}, "experiments/get"),
        ("runs/set-tag", {"run_id": run}, "runs/get"),
    ):
        seen = {"if-match": oracle_api.call("GET", get, query=named).headers["etag"]}

        def put(number: int, path: str = path, named: Any = named, seen: Any = seen) -> int:
            body = {**named, "key": f"k{number}", "value": "1"}
            return oracle_api.call("POST", path, body, headers=seen).status

        with ThreadPoolExecutor(WRITERS) as pool:
            assert sorted(pool.map(put, range(24))) == [200] + [412] * 23
