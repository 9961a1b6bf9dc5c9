"""What waits for a database, by tenants that take turns: one that floods a server holds up itself, not the others."""

import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from modelkeep.storage.errors import Overloaded

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Items of several tenants, taken one of each in turn. Safe across threads.

    So many wait at `most`, whoever they are of. Where so many do, a tenant may still add up to its equal share: with
    three tenants, a third.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._waiting: dict[Hashable, deque[Item]] = {}
        self._next: deque[Hashable] = deque()
        self._count = 0
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def add(self, tenant: Hashable, item: Item) -> None:
        """Have an item wait behind its tenant's others. Raises `Overloaded`."""
        with self._guard:
            queue = self._waiting.get(tenant)
            if self._most is not None and self._count >= self._most:
                tenants = len(self._waiting) + (queue is None)
                if len(queue or ()) * tenants >= self._most:
                    raise Overloaded
            if queue is None:
                queue = self._waiting[tenant] = deque()
                self._next.append(tenant)
            queue.append(item)
            self._count += 1

    def take(self, most: int = 1) -> list[Item]:
        """Up to so many items, no longer waiting."""
        taken: list[Item] = []
        with self._guard:
            while self._next and len(taken) < most:
                tenant = self._next.popleft()
                queue = self._waiting[tenant]
                taken.append(queue.popleft())
                if queue:
                    self._next.append(tenant)
                else:
                    del self._waiting[tenant]
            self._count -= len(taken)
        return taken
