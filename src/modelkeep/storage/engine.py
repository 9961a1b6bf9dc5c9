"""The interface that every engine implements, and nothing of which one it is."""

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from modelkeep.storage.transaction import Transaction

T = TypeVar("T")


def unobserved(writes: int, seconds: float) -> None:
    """Nobody asks how commits go."""


class Engine(Protocol):
    """Runs operations in transactions. `write` and `read` are called on the event loop that `start` was."""

    on_commit: Callable[[int, float], None]
    """Called on the event loop after each commit, with the number of its writes and how long it took in seconds."""

    @property
    def waiting(self) -> int:
        """Writes that wait for their turn."""

    @property
    def reading(self) -> int:
        """Reads that are on a thread or wait for one."""

    @property
    def commits(self) -> int | None:
        """Grows before the writes of a commit are answered.

        None where others may write to the database too, and while a commit is under way: it can be read before it is
        answered, so that what was remembered before it may be older than what another has just read.
        """

    @property
    def alone(self) -> bool:
        """Whether no other process writes to the database."""

    async def start(self) -> None:
        """Open connections and start threads."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of everything."""

    async def write(
        self,
        work: Callable[[Transaction], T],
        otherwise: Callable[[Transaction, Exception], T],
        if_match: str | None = None,
        about: str = "",
        tenant: Hashable = None,
    ) -> T:
        """Run `work` and commit, durably, before returning what it returned.

        `about` names what it changes first: writes of one moment may be run in the order of that. Where more wait
        than a commit takes, tenants take turns.
        Where `work` raises, what it wrote is undone, and `otherwise` may answer from the same transaction
        or raise. Raises `Unavailable` where the commit itself fails, `Overloaded` where too many writes wait.
        """

    async def read(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        """Run `work` on one snapshot. Where more wait than threads read, tenants take turns."""

    async def look_up(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        """Run `work`, which looks up keys and costs little: where the database is near, on the caller's thread."""
