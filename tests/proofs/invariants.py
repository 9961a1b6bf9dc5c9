"""What has to hold of a platform's registry whatever was done: read off its answers, without the reference."""

from collections import Counter
from typing import Any

from tests.support.api import Api


def check_registry(api: Api) -> int:
    """Hold what all models and versions say of each other; how many there are of both."""
    models = api.get("registered-models/search", max_results=1_000).get("registered_models", [])
    versions = api.get("model-versions/search", max_results=1_000).get("model_versions", [])
    numbers = Counter((one["name"], int(one["version"])) for one in versions)
    assert not [number for number, count in numbers.items() if count > 1], ("a version twice", numbers)
    assert {one["name"] for one in versions} <= {one["name"] for one in models}, "a version of no model"
    for model in models:
        own = {int(one["version"]): one for one in versions if one["name"] == model["name"]}
        _check_aliases(model, own)
        _check_latest(model, own)
    return len(models) + len(versions)


def _check_aliases(model: dict[str, Any], versions: dict[int, dict[str, Any]]) -> None:
    """Each points to a version that is there, and that version says so too."""
    pointed = {one["alias"]: int(one["version"]) for one in model.get("aliases", [])}
    assert set(pointed.values()) <= set(versions), ("an alias of what is deleted", model)
    said = {alias: number for number, one in versions.items() for alias in one.get("aliases", [])}
    assert said == pointed, ("model and versions say other aliases", model, said)


def _check_latest(model: dict[str, Any], versions: dict[int, dict[str, Any]]) -> None:
    """The highest number of each stage."""
    highest: dict[str, int] = {}
    for number, one in versions.items():
        highest[one["current_stage"]] = max(number, highest.get(one["current_stage"], 0))
    told = {one["current_stage"]: int(one["version"]) for one in model.get("latest_versions", [])}
    assert told == highest, ("not the latest versions", model, highest)
