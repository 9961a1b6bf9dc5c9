"""What both servers hold: the same runs and versions."""

from dataclasses import dataclass

from bench.scale.volume import METRICS_A_RUN, RUNS, Volume


@dataclass(frozen=True)
class PagesVolume(Volume):
    """Runs and versions as many as are asked for, with one point of each metric."""

    share: float = 1.0
    points: int = RUNS * METRICS_A_RUN
    most_runs: int = RUNS
    most_versions: int = 10_000

    @property
    def runs(self) -> int:
        return self.most_runs

    @property
    def versions(self) -> int:
        return self.most_versions
