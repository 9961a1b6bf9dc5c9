"""The MLflow database that is imported: its schema is made by the installed MLflow, its rows straight in SQL."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.mlflow_store import fill_mlflow
from bench.peers import CannotStart
from bench.scale.volume import LONG_HISTORY, METRICS_A_RUN, Volume

POINTS, VERSIONS = 1_000_000, 100_000
_STEPS = 100
_FEWEST_RUNS = 10
_MIGRATION_SECONDS = 580


@dataclass(frozen=True)
class ImportsVolume(Volume):
    """So many points and versions at least; each run has ten metrics of a hundred points, and one has a longer one."""

    share: float = 1.0
    least_points: int = POINTS
    most_versions: int = VERSIONS

    @property
    def runs(self) -> int:
        rest = self.least_points - (LONG_HISTORY - _STEPS)
        return max(_FEWEST_RUNS, -(-rest // (METRICS_A_RUN * _STEPS)))

    @property
    def versions(self) -> int:
        return self.most_versions

    @property
    def steps(self) -> int:
        return _STEPS


def make_source(path: Path, volume: Volume) -> None:
    """Make the database and fill it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    made = subprocess.run(
        [str(Path(sys.executable).with_name("mlflow")), "db", "upgrade", f"sqlite:///{path}"],
        env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=_MIGRATION_SECONDS,
        check=False,
    )
    if made.returncode:
        raise CannotStart(f"mlflow db upgrade: {made.stderr[-800:]}")
    fill_mlflow(path, volume)
