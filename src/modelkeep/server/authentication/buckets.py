"""Token buckets: how often something may happen, for each of many keys."""

import time
from collections.abc import Callable

_MOST_KEYS = 100_000
# Sums of fractions of a second are not exact; a whole burst is let in all the same.
_ROUNDING = 1e-6


class Buckets:
    """For each key `burst` at once, and `per_second` in the long run. Keys whose bucket is full again are forgotten."""

    def __init__(
        self,
        per_second: float,
        burst: float,
        *,
        most_keys: int = _MOST_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most_keys = most_keys
        self._clock = clock
        self.taken: dict[str, int] | None = None
        """What was taken of each key since somebody began to count; None where nobody counts."""
        # When the bucket of a key will be full again; a key that is not here has a full one.
        self._full_at: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Take one where that is allowed; otherwise how many seconds to wait, with none taken."""
        now = self._clock()
        full_at = max(now, self._full_at.get(key, now))
        missing = (full_at - now) * self._per_second
        if missing + 1 > self._burst + _ROUNDING:
            return (missing + 1 - self._burst) / self._per_second
        if len(self._full_at) >= self._most_keys:
            self._forget(now)
        self._full_at[key] = full_at + 1 / self._per_second
        if self.taken is not None:
            self.taken[key] = self.taken.get(key, 0) + 1
        return 0.0

    def charge(self, key: str, count: int) -> None:
        """Others have taken so many."""
        now = self._clock()
        self._full_at[key] = max(now, self._full_at.get(key, now)) + count / self._per_second

    def is_full(self, key: str) -> bool:
        """Whether nothing is missing."""
        return self._full_at.get(key, 0.0) <= self._clock()

    @property
    def per_second(self) -> float:
        return self._per_second

    def _forget(self, now: float) -> None:
        """Make room: by what is full again and, where so many come at once, by those that were first."""
        kept = [(key, at) for key, at in self._full_at.items() if at > now]
        self._full_at = dict(kept[len(kept) - min(len(kept), self._most_keys // 2) :])
