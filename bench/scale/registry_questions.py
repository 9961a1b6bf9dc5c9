"""What is asked of models and versions."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from bench.scale.models import CHALLENGER, CHAMPION, build_of, model_name, models_in, place_of, source_of
from bench.scale.questions import API, PAGE, Question
from bench.scale.runs import run_key
from bench.scale.volume import Volume, mixed

_DIFFERENT = 40
_NAMES = "registry, look-ups"
_VERSIONS = "versions"
_MODELS = "models"
_NOTHING = (
    ("name: nothing", "name = 'no.such.model'"),
    ("tags: no such value", "tags.framework = 'none'"),
    ("tags: no such key", "tags.nobody = 'has'"),
    ("current_stage: nothing", "current_stage = 'Archived'"),
    ("source_path: nothing", "source_path = 's3://nowhere'"),
    ("run_id: nothing", "run_id = 'none'"),
    ("aliases: nothing", "aliases = 'nobody'"),
    ("creation_timestamp: nothing", "creation_timestamp < 5"),
)
"""Filters that no version meets."""


def questions(volume: Volume) -> Iterator[Question]:
    yield from _look_ups(volume)
    yield from _versions(volume)
    yield from _models(volume)


def _some(volume: Volume) -> list[int]:
    """Numbers of versions, all over."""
    return [mixed(number, 40) % volume.versions for number in range(_DIFFERENT)]


def _names(volume: Volume, start: int = 0) -> list[str]:
    """Names of models, some twice where there are few."""
    return [model_name(1 + (start + mixed(number, 41)) % (models_in(volume) - 1)) for number in range(_DIFFERENT)]


def _look_ups(volume: Volume) -> Iterator[Question]:
    places = [place_of(version) for version in _some(volume)]
    versions = [{"name": model_name(model), "version": str(number)} for model, number in places]
    names = [{"name": name} for name in _names(volume)]
    latest = [{**name, "stages": ["None", "Staging", "Production"]} for name in names]
    yield Question(_NAMES, "get a version", "GET", f"{API}model-versions/get", versions, "model_version")
    aliased = [{**name, "alias": CHAMPION} for name in names]
    yield Question(_NAMES, "get by alias", "GET", f"{API}registered-models/alias", aliased, "model_version")
    yield Question(_NAMES, "get a model", "GET", f"{API}registered-models/get", names, "registered_model")
    path = f"{API}registered-models/get-latest-versions"
    yield Question(_NAMES, "latest versions by stage", "POST", path, latest, "model_versions")
    giant = [{"name": model_name(0), "stages": ["None", "Staging", "Production"]}]
    yield Question(_NAMES, "latest versions of the largest model", "POST", path, giant, "model_versions")
    schemas = [{"catalog": "main", "schema": f"s{number % 100:02}"} for number in range(_DIFFERENT)]
    yield Question(_NAMES, "count a schema", "GET", "/api/2.0/registered-models/summary", schemas)


def _version_filters(volume: Volume) -> list[tuple[str, list[str]]]:
    """Filters that some versions meet."""
    some, names = _some(volume), _names(volume)
    return [
        ("name = …", [f"name = '{name}'" for name in names]),
        ("name = the largest", [f"name = '{model_name(0)}'"]),
        ("name LIKE 'prefix%'", [f"name LIKE '{name[:-1]}%'" for name in names]),
        ("name ILIKE '%middle%'", ["name ILIKE '%MODEL-0000%'"]),
        ("name IN (…)", [f"name IN ('{name}', '{other}')" for name, other in pairwise(names)]),
        ("version_number = 7", ["version_number = 7"]),
        ("version_number > 60", ["version_number > 60"]),
        ("run_id = …", [f"run_id = '{run_key(run)}'" for run in range(0, volume.runs, max(3, volume.runs // 90 * 3))]),
        ("source_path = …", [f"source_path = '{source_of(version)}'" for version in some]),
        ("source_path LIKE 'prefix%'", [f"source_path LIKE '{source_of(version)[:20]}%'" for version in some]),
        ("aliases = …", [f"aliases = '{CHAMPION}'", f"aliases = '{CHALLENGER}'"]),
        ("current_stage = Production", ["current_stage = 'Production'"]),
        ("creation_timestamp > …", ["creation_timestamp > 1631000000000"]),
        ("last_updated_timestamp < …", ["last_updated_timestamp < 1600500000000"]),
        ("tags: one version has it", [f"tags.build = '{build_of(version)}'" for version in some]),
        ("tags: few have it", ["tags.golden = 'yes'"]),
        ("tags: one in a thousand has it", [f"tags.dataset = 'dataset-{mixed(v, 5) % 1000}'" for v in some]),
        ("tags: one in six has it", ["tags.framework = 'torch'", "tags.framework = 'spark'"]),
        ("tags: most have it", ["tags.validation = 'passed'"]),
        ("tags: LIKE 'prefix%'", ["tags.build LIKE 'build-00%'"]),
        ("tags: two of them", ["tags.framework = 'torch' AND tags.team = 'team-3'"]),
        ("name and tag", [f"name = '{name}' AND tags.validation = 'failed'" for name in names]),
    ]


def _versions(volume: Volume) -> Iterator[Question]:
    path = f"{API}model-versions/search"
    for page in (1, 100, 1_000):
        yield _search(_VERSIONS, f"page {page:,}", path, [{}], "model_versions", page=page)
    giant = [{"filter": f"name = '{model_name(0)}'"}]
    yield _search(_VERSIONS, "page 90 of the largest model", path, giant, "model_versions", page=90)
    for name, filters in _version_filters(volume):
        yield _search(_VERSIONS, name, path, [{"filter": text} for text in filters], "model_versions")
    for name, text in _NOTHING:
        yield Question(_VERSIONS, name, "GET", path, [{"filter": text}], "model_versions", "nothing")
    for column in ("name", "version_number", "creation_timestamp", "last_updated_timestamp"):
        for direction in ("ASC", "DESC"):
            order = [{"order_by": f"{column} {direction}"}]
            yield _search(_VERSIONS, f"order by {column} {direction}", path, order, "model_versions")


def _models(volume: Volume) -> Iterator[Question]:
    path, names = f"{API}registered-models/search", _names(volume)
    yield _search(_MODELS, "page 1", path, [{}], "registered_models")
    yield _search(_MODELS, "page 10", path, [{}], "registered_models", page=10)
    for name, filters in (
        ("name = …", [f"name = '{name}'" for name in names]),
        ("name LIKE 'prefix%'", [f"name LIKE '{name[:-1]}%'" for name in names]),
        ("name ILIKE '%middle%'", ["name ILIKE '%MODEL-0000%'"]),
        ("tags: few have it", ["tags.audited = 'yes'"]),
        ("tags: one in twenty has it", ["tags.owner = 'team-3'"]),
        ("aliases = …", [f"aliases = '{CHAMPION}'"]),
        ("creation_timestamp > …", ["creation_timestamp > 1601000000000"]),
    ):
        yield _search(_MODELS, name, path, [{"filter": text} for text in filters], "registered_models")
    nothing = [{"filter": "tags.owner = 'nobody'"}]
    yield Question(_MODELS, "tags: nothing", "GET", path, nothing, "registered_models", "nothing")
    for column in ("name DESC", "creation_timestamp", "last_updated_timestamp DESC"):
        yield _search(_MODELS, f"order by {column}", path, [{"order_by": column}], "registered_models")


def _search(group: str, name: str, path: str, bodies: list[dict[str, Any]], rows: str, *, page: int = 1) -> Question:
    sized: list[Mapping[str, Any]] = [{**body, "max_results": PAGE} for body in bodies]
    return Question(group, name, "GET", path, sized, rows, page=page)
