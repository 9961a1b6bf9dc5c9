"""How much there is of everything. What a smaller share has, a larger one has too, so that a database grows into it."""

from dataclasses import dataclass

VERSIONS = 1_000_000
MODELS = 10_000
RUNS = 100_000
EXPERIMENTS = 100
METRIC_KEYS = 5_000
POINTS = 10_000_000
TAGS_A_VERSION = 5
METRICS_A_RUN = 10
RUNS_A_LOGGED_MODEL = 10
LONG_HISTORY = 10_000
"""Points of one metric of the first run, whatever the share: what one page of a history is."""
GIANT = 10
"""Every so many-th version belongs to one model: some are registered by every night's run."""


@dataclass(frozen=True)
class Volume:
    """A share of the whole, and how many points of metrics that has."""

    share: float
    points: int = POINTS

    @property
    def versions(self) -> int:
        return round(VERSIONS * self.share)

    @property
    def runs(self) -> int:
        return round(RUNS * self.share)

    @property
    def logged_models(self) -> int:
        return self.runs // RUNS_A_LOGGED_MODEL

    @property
    def steps(self) -> int:
        """Points of each metric of a run."""
        return max(1, self.points // (RUNS * METRICS_A_RUN))


NOTHING = Volume(0.0)


def mixed(number: int, salt: int = 0) -> int:
    """32 bits that look like chance and are the same on every machine."""
    value = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & (2**64 - 1)
    value ^= value >> 31
    value = (value * 0xD6E8FEB86659FD93) & (2**64 - 1)
    return value >> 32
