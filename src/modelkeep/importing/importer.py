"""Brings a source into a workspace, kind by kind; each batch is one transaction, its note of progress in it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple, NoReturn, Protocol

from modelkeep.core.clock import now_ms
from modelkeep.importing.ahead import read_ahead
from modelkeep.importing.clashes import find_clashes
from modelkeep.importing.journal import Journal, Target, open_journal
from modelkeep.importing.metric_rows import write_logged_models, write_new_points, write_points
from modelkeep.importing.registry_rows import write_aliases, write_models, write_versions
from modelkeep.importing.source import Batch, Source
from modelkeep.importing.tracking_rows import write_experiments, write_runs
from modelkeep.importing.webhook_rows import write_webhooks
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.transaction import Transaction

_log = logging.getLogger("modelkeep.importing")


class Kind(NamedTuple):
    """Records of one kind: how they are read and how they are written.

    `write_new` writes faster and fails where one of the records is there already; from then on `write` is taken.
    """

    name: str
    read: Callable[[Source, str], Iterator[Batch[Any]]]
    write: Callable[[Transaction, Target, Sequence[Any]], None]
    write_new: Callable[[Transaction, Target, Sequence[Any]], None] | None = None


KINDS = (
    Kind("experiments", lambda source, after: source.experiments(after), write_experiments),
    Kind("runs", lambda source, after: source.runs(after), write_runs),
    Kind("points", lambda source, after: source.points(after), write_points, write_new_points),
    Kind("logged_models", lambda source, after: source.logged_models(after), write_logged_models),
    Kind("models", lambda source, after: source.models(after), write_models),
    Kind("versions", lambda source, after: source.versions(after), write_versions),
    Kind("aliases", lambda source, after: source.aliases(after), write_aliases),
    Kind("webhooks", lambda source, after: source.webhooks(after), write_webhooks),
)
"""In the order in which they are written: each belongs to what comes before it."""


class Clash(Exception):
    """What is in the workspace is in the way; the message is one line."""


class NotWritten(Exception):
    """A batch could not be written; the message is one line. What came before it is there."""


class Watcher(Protocol):
    """Is told how the import goes on."""

    def resumed(self) -> None: ...
    def began(self, kind: str, done: int, expected: int | None) -> None: ...
    def wrote(self, kind: str, done: int) -> None: ...
    def ended(self, kind: str, done: int) -> None: ...


async def bring(engine: Engine, target: Target, source: Source, watcher: Watcher) -> Journal:
    """Bring everything but artifacts. Raises `Clash` before anything is written."""
    await refuse_clashes(engine, target, source)
    journal = await engine.write(lambda tx: open_journal(tx, target, source.name, now_ms()), raise_it)
    if journal.resumed:
        watcher.resumed()
    for kind in KINDS:
        await _bring_kind(engine, target, source, journal, kind, watcher)
    return journal


async def refuse_clashes(engine: Engine, target: Target, source: Source) -> None:
    """Raise `Clash` where what is in the workspace is in the way."""
    clashes = await find_clashes(engine, target, source)
    if clashes:
        shown = "; ".join(clashes[:3]) + (f"; and {len(clashes) - 3} more" if len(clashes) > 3 else "")
        raise Clash(f"The workspace has what the source has too, and it is not the same: {shown}.")


async def _bring_kind(
    engine: Engine, target: Target, source: Source, journal: Journal, kind: Kind, watcher: Watcher
) -> None:
    progress, name = journal.progress, kind.name
    done = progress.written.get(name, 0)
    if name not in progress.done:
        watcher.began(name, done, source.expected(name))
        async with aclosing(read_ahead(kind.read(source, progress.positions.get(name, "")))) as batches:
            async for batch in batches:
                done += len(batch.records)
                work, otherwise = _write_of(target, journal, kind, batch, done)
                try:
                    if await engine.write(work, otherwise):
                        kind = kind._replace(write_new=None)
                except Exception as error:
                    _log.debug("a batch of %s was not written", name, exc_info=True)
                    cause = " ".join(str(error).split())[:300].rstrip(".")
                    raise NotWritten(f"A batch of {name.replace('_', ' ')} cannot be written: {cause}.") from None
                watcher.wrote(name, done)
        await engine.write(lambda tx: journal.note_end(tx, name), raise_it)
    watcher.ended(name, done)


_Write = Callable[[Transaction], bool]
_Otherwise = Callable[[Transaction, Exception], bool]


def _write_of(target: Target, journal: Journal, kind: Kind, batch: Batch[Any], done: int) -> tuple[_Write, _Otherwise]:
    """What writes a batch, and what does where some of it is there already; whether that was so."""

    def write(tx: Transaction) -> bool:
        (kind.write_new or kind.write)(tx, target, batch.records)
        journal.note(tx, kind.name, batch.position, done)
        return False

    def write_known(tx: Transaction, error: Exception) -> bool:
        if kind.write_new is None or not isinstance(error, UniqueViolation):
            raise error
        kind.write(tx, target, batch.records)
        journal.note(tx, kind.name, batch.position, done)
        return True

    return write, write_known


def raise_it(tx: Transaction, error: Exception) -> NoReturn:
    """Nothing is answered in the place of what failed."""
    raise error
