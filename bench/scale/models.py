"""Registered models, their versions and aliases, as records that an import would bring."""

from collections.abc import Iterator

from bench.scale.runs import run_key
from bench.scale.volume import GIANT, MODELS, RUNS, VERSIONS, Volume, mixed
from modelkeep.importing.records import Alias, Model, Version

SCHEMAS = 100
BEGAN = 1_600_000_000_000
_YEAR_MS = 365 * 86_400_000
_OTHERS = VERSIONS - VERSIONS // GIANT
_FRAMEWORKS = ("sklearn", "xgboost", "lightgbm", "torch", "tensorflow", "spark")
_STAGED, _GOLDEN, _OF_RUN = 97, 9_973, 3
CHAMPION, CHALLENGER = "champion", "challenger"


def model_name(model: int) -> str:
    """Each is in one of a hundred schemas of a catalogue."""
    return f"main.s{model % SCHEMAS:02}.model-{model:05}"


def place_of(version: int) -> tuple[int, int]:
    """Model and number of the version with this number of all."""
    if version % GIANT == 0:
        return 0, version // GIANT + 1
    place = version - version // GIANT - 1
    model = place * (MODELS - 1) // _OTHERS
    first = -(-model * _OTHERS // (MODELS - 1))
    return model + 1, place - first + 1


def _most_versions(model: int) -> int:
    """How many versions a model has in the whole, at most: the next is counted after it at any share."""
    return VERSIONS // GIANT if model == 0 else _OTHERS // (MODELS - 1) + 1


def build_of(version: int) -> str:
    """The value of a tag that no other version has."""
    return f"build-{mixed(version):08x}-{version}"


def source_of(version: int) -> str:
    return f"s3://models/{mixed(version, 1):08x}/{version}"


def models_in(volume: Volume) -> int:
    return place_of(volume.versions - 1)[0] + 1 if volume.versions > 1 else 0


def models(before: Volume, now: Volume) -> Iterator[Model]:
    for number in range(models_in(before), models_in(now)):
        tags = [("owner", f"team-{number % 20}"), ("domain", f"domain-{mixed(number, 2) % 50}")]
        if number % 997 == 0:
            tags.append(("audited", "yes"))
        created = BEGAN + mixed(number, 3) % _YEAR_MS
        yield Model(model_name(number), f"Model {number}", created, created + number, "", _most_versions(number), tags)


def versions(before: Volume, now: Volume) -> Iterator[Version]:
    """The time of a version grows with its number; the models' years overlap."""
    for version in range(before.versions, now.versions):
        model, number = place_of(version)
        created = BEGAN + number * (_YEAR_MS // _most_versions(model)) + mixed(version, 4) % 3_600_000
        tags = [
            ("build", build_of(version)),
            ("dataset", f"dataset-{mixed(version, 5) % 1000}"),
            ("framework", _FRAMEWORKS[mixed(version, 6) % len(_FRAMEWORKS)]),
            ("team", f"team-{model % 20}"),
            ("golden", "yes") if version % _GOLDEN == 0 else ("validation", ("passed", "failed")[version % 9 == 0]),
        ]
        stage = ("Production", "Staging")[version % 2] if version % _STAGED == 0 else "None"
        run = run_key(version % RUNS) if version % _OF_RUN == 0 else ""
        yield Version(
            model_name(model),
            number,
            created,
            created,
            f"user-{version % 100}",
            stage,
            f"Version {number}",
            source_of(version),
            source_of(version),
            run,
            "",
            "",
            tags,
        )


def aliases(before: Volume, now: Volume) -> Iterator[Alias]:
    """They name a version in the middle; the last model may not have so many yet."""
    for model in range(models_in(before), models_in(now)):
        middle = _most_versions(1) // 2 if 0 < model < models_in(now) - 1 else 1
        yield Alias(model_name(model), CHAMPION, middle)
        if model % 2:
            yield Alias(model_name(model), CHALLENGER, middle)
