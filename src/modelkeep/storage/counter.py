"""Numbers that are given out one after the other, such as those of a model's versions."""

from operator import itemgetter

from modelkeep.storage.query import Query


class Counter:
    """A number in a row that is raised by one for each thing that is numbered.

    `raise_one` raises it and returns the row's id, the number, and what else whoever counts wants to know of the row,
    which no count changes. `raise_more` raises it by `by` in the row with the id `row`. Both have the parameters of
    `raise_one`; `key` takes those out of them, two or more, that say which row it is.
    """

    __slots__ = ("key", "raise_more", "raise_one")

    def __init__(self, raise_one: Query, raise_more: Query, *keys: str) -> None:
        self.raise_one = raise_one
        self.raise_more = raise_more
        self.key = itemgetter(*keys)
