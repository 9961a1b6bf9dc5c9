"""Compares source and workspace after an import: how many of each kind, object by object, and sums of metrics."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from modelkeep.importing import tallies
from modelkeep.importing.journal import Target
from modelkeep.importing.records import Run
from modelkeep.importing.source import Batch, Source
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction

Tally = tuple[float, ...]


class Counted(NamedTuple):
    """One line of the comparison."""

    what: str
    source: float
    target: float

    @property
    def same(self) -> bool:
        return tallies.agree(self.source, self.target)


class Comparison(NamedTuple):
    """All lines, and the first objects that differ."""

    counted: list[Counted]
    differing: list[str]

    @property
    def same(self) -> bool:
        return not self.differing


class Aspect(NamedTuple):
    """What is compared of one kind: names of the numbers, and how both sides tell them for a batch."""

    kind: str
    names: Sequence[str]
    read: Callable[[Source], Iterator[Batch[Any]]]
    expected: Callable[[Any], tuple[object, Tally]]
    found: Callable[[Transaction, Target, list[Any]], dict[Any, Tally]]


_ASPECTS = (
    Aspect(
        "experiment",
        ("experiments", "tags of experiments"),
        lambda source: source.experiments(""),
        lambda record: (record.number, (1, len(dict(record.tags)))),
        tallies.of_experiments,
    ),
    Aspect(
        "run",
        ("runs", "params", "tags of runs", "latest metrics", "datasets read", "tags of datasets", "models of runs"),
        lambda source: source.runs(""),
        lambda record: (record.key, _of_run(record)),
        tallies.of_runs,
    ),
    Aspect(
        "metrics of run",
        ("points of metrics", "sum of steps", "sum of values"),
        lambda source: source.sums(),
        lambda record: (record.run, (record.points, record.steps, record.values)),
        tallies.of_points,
    ),
    Aspect(
        "logged model",
        ("logged models", "tags of logged models", "params of logged models", "metrics of logged models"),
        lambda source: source.logged_models(""),
        lambda record: (record.key, (1, len(dict(record.tags)), len(dict(record.params)), len(record.metrics))),
        tallies.of_logged_models,
    ),
    Aspect(
        "registered model",
        ("registered models", "tags of models", "numbers of last versions"),
        lambda source: source.models(""),
        lambda record: (record.name, (1, len(dict(record.tags)), record.last_version)),
        tallies.of_models,
    ),
    Aspect(
        "version",
        ("versions", "tags of versions"),
        lambda source: source.versions(""),
        lambda record: ((record.model, record.number), (1, len(dict(record.tags)))),
        tallies.of_versions,
    ),
    Aspect(
        "alias",
        ("aliases",),
        lambda source: source.aliases(""),
        lambda record: ((record.model, record.name), (1,)),
        tallies.of_aliases,
    ),
    Aspect(
        "webhook",
        ("webhooks", "events of webhooks"),
        lambda source: source.webhooks(""),
        lambda record: (record.key, (1, len(record.events))),
        tallies.of_webhooks,
    ),
)


class Watcher(Protocol):
    """Is told what is compared."""

    def comparing(self, kind: str) -> None: ...


async def compare(engine: Engine, target: Target, source: Source, watcher: Watcher) -> Comparison:
    """Read both once more. What the source has and cannot be kept, such as points of runs that are gone, counts not."""
    counted: list[Counted] = []
    differing: list[str] = []
    for aspect in _ASPECTS:
        watcher.comparing(aspect.names[0])
        sums = [[0.0] * len(aspect.names), [0.0] * len(aspect.names)]
        for batch in aspect.read(source):
            expected = dict(map(aspect.expected, batch.records))
            found = await engine.read(partial(_found, aspect, target, batch.records))
            for key, tally in expected.items():
                other = found.get(key, (0,) * len(tally))
                for side, numbers in zip(sums, (tally, other), strict=True):
                    for place, number in enumerate(numbers):
                        side[place] += number
                if not all(map(tallies.agree, tally, other)):
                    differing.append(f"{aspect.kind} {_shown(key)}")
        counted += map(Counted, aspect.names, *sums)
    return Comparison(counted, differing)


def together(comparisons: Sequence[Comparison]) -> Comparison:
    """Several comparisons as one, each line added up."""
    counted = [
        Counted(lines[0].what, sum(line.source for line in lines), sum(line.target for line in lines))
        for lines in zip(*(comparison.counted for comparison in comparisons), strict=True)
    ]
    return Comparison(counted, [name for comparison in comparisons for name in comparison.differing])


def _found(aspect: Aspect, target: Target, records: list[Any], tx: Transaction) -> dict[Any, Tally]:
    return aspect.found(tx, target, records)


def _of_run(run: Run) -> Tally:
    read = {(data.name, data.digest): dict(data.tags) for data in run.datasets}
    return (
        1,
        len(dict(run.params)),
        len(dict(run.tags)),
        len(run.latest),
        len(read),
        sum(map(len, read.values())),
        len(set(run.models)),
    )


def _shown(key: object) -> str:
    return f"{key[0]} {key[1]}" if isinstance(key, tuple) else str(key)
