"""Token buckets: how often something may happen, for each of many keys."""

import time
from collections.abc import Callable

_MOST_KEYS = 100_000


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
        # When the bucket of a key will be full again; a key that is not here has a full one.
        self._full_at: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Take one where that is allowed; otherwise how many seconds to wait, with none taken."""
        now = self._clock()
        full_at = max(now, self._full_at.get(key, now))
        missing = (full_at - now) * self._per_second
        if missing + 1 > self._burst:
            return (missing + 1 - self._burst) / self._per_second
        if len(self._full_at) >= self._most_keys:
            self._forget(now)
        self._full_at[key] = full_at + 1 / self._per_second
        return 0.0

    def give_back(self, key: str) -> None:
        """One that was taken does not count."""
        full_at = self._full_at.get(key)
        if full_at is not None:
            self._full_at[key] = full_at - 1 / self._per_second

    def _forget(self, now: float) -> None:
        """Make room: by what is full again and, where so many come at once, by those that were first."""
        kept = [(key, at) for key, at in self._full_at.items() if at > now]
        self._full_at = dict(kept[len(kept) - min(len(kept), self._most_keys // 2) :])
