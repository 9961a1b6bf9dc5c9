"""Whatever is logged in whatever portions: the history is the set of all points, and the latest is the largest."""

import random
from typing import Any

import pytest

from tests.support.api import Api

Point = tuple[str, int, int, float | str]
KEYS = [f"m{number}" for number in range(12)]
_AS_NUMBER = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": 0.0}


def _points(chance: random.Random, count: int, known: list[Point]) -> list[Point]:
    """Points of which some are known already. NaN has steps of its own, since it compares with nothing."""
    points: list[Point] = []
    for _ in range(count):
        key, at, step = chance.choice(KEYS), chance.randrange(40), chance.randrange(-5, 20)
        match chance.randrange(12):
            case 0 if known:
                points.append(chance.choice(known))
            case 1:
                points.append((key, at, step + 100, "NaN"))
            case 2:
                points.append((key, at, step, chance.choice(["Infinity", "-Infinity"])))
            case _:
                points.append((key, at, step, float(chance.randrange(-3, 4))))
    return points


def _sizes(chance: random.Random) -> list[int]:
    """Portions large and small, with more points in all than are put aside."""
    return [chance.choice([1, 3, 60, 400, 1_000]) for _ in range(22)] + [1_000] * 2


def _number(value: float | str) -> float:
    return _AS_NUMBER[value] if isinstance(value, str) else value


def _place(point: Point) -> tuple[int, int, float, bool]:
    _, at, step, value = point
    return at, step, _number(value), value == "NaN"


def _history(api: Api, run: str, key: str) -> list[Point]:
    found = api.get("metrics/get-history", run_id=run, metric_key=key)["metrics"]
    return [(point["key"], point["timestamp"], point["step"], point["value"]) for point in found]


@pytest.mark.parametrize("seed", range(3))
def test_histories_are_whole_in_order_and_without_doubles(oracle_api: Api, run: str, seed: int) -> None:
    chance = random.Random(seed)
    known: list[Point] = []
    for size in _sizes(chance):
        portion = _points(chance, size, known)
        known += portion
        metrics: list[dict[str, Any]] = [
            {"key": key, "timestamp": at, "step": step, "value": value} for key, at, step, value in portion
        ]
        oracle_api.post("runs/log-batch", run_id=run, metrics=metrics)
    latest = {metric["key"]: metric for metric in oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]}
    for key in KEYS:
        expected = sorted({point for point in known if point[0] == key}, key=_place)
        assert _history(oracle_api, run, key) == expected
        _, at, step, value = max(expected, key=lambda point: (point[2], point[1], _number(point[3])))
        assert latest[key] == {"key": key, "timestamp": at, "step": step, "value": value}
