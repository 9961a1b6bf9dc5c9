"""Whether a group of writes is to wait for more before it is committed.

Clients that send one write after the other come back as soon as they are answered, one by one. Committed as they come
they fall into two groups that take turns, and each pays for a flush. So a group waits until as many writes are in it as
were under way at the last commit. Where they do not come in time, later groups do not wait: twice as many each time.
"""

LONGEST_WAIT_SECONDS = 0.002
"""What a few commits cost: whoever is not back by then is about something else."""
_MOST_SKIPPED = 512


class Gathering:
    """How many writes a group may expect, and whether waiting for them has been worth it lately."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._expected = 0
        self._skip = 0
        self._skip_next = 1

    def saw(self, count: int) -> None:
        """So many writes were under way when a group was committed: those in it, and those that waited for its end."""
        self._expected = min(count, self._most)

    def is_worth_waiting(self, count: int) -> bool:
        """Whether a group of so many is to wait. Where it did, say how that ended by `is_complete` or `missed`."""
        if count >= self._expected:
            return False
        if self._skip:
            self._skip -= 1
            return False
        return True

    def is_complete(self, count: int) -> bool:
        """Whether a group that waits has all that it expected."""
        if count < self._expected:
            return False
        self._skip_next = 1
        return True

    def missed(self) -> None:
        """A group has waited in vain."""
        self._skip = self._skip_next
        self._skip_next = min(2 * self._skip_next, _MOST_SKIPPED)
