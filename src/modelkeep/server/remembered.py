"""Answers of look-ups, remembered until the next commit.

What serves models asks for the same versions and aliases all day, and few writes come between. One process alone
writes to a SQLite database, so its count of commits says whether anything can have changed. It is counted before the
writes of a commit are answered: whoever knows of a write never reads an older answer. While a commit is under way
nothing is remembered: some read it already, and nobody may read an older answer after them.
"""

from collections.abc import Callable, Hashable

from modelkeep.server.http import Answer

_LARGEST_BODY = 8 * 1024


class RememberedAnswers:
    """At most so many answers, each of at most 8 KiB. `commits` counts; None says that anything may have changed."""

    def __init__(self, most: int, commits: Callable[[], int | None]) -> None:
        self._most = most
        self._commits = commits
        self._as_of: int | None = None
        self._answers: dict[Hashable, Answer] = {}
        self.hits = 0
        self.misses = 0

    def find(self, key: Hashable) -> Answer | None:
        """The answer to this request, where nothing was committed since it was made."""
        commits = self._commits()
        if commits != self._as_of:
            self._answers.clear()
            self._as_of = commits
        answer = self._answers.get(key)
        if answer is None:
            self.misses += 1
        else:
            self.hits += 1
        return answer

    def keep(self, key: Hashable, answer: Answer, as_of: int | None) -> None:
        """Remember an answer for which the database was asked after so many commits, where none came since."""
        if as_of is None or as_of != self._as_of or as_of != self._commits() or len(answer.body) > _LARGEST_BODY:
            return
        if len(self._answers) >= self._most:
            self._answers.clear()
        if self._most:
            self._answers[key] = answer
