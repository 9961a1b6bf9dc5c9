"""One import, by the command that people use, in a process of its own that is watched from outside."""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench import processes

_LOOK_SECONDS = 0.02
POINTS, VERSIONS = "points", "versions"


class ImportFailed(Exception):
    """The command ended with an error, or what it brought is not what the source has."""


class Imported(msgspec.Struct):
    """What one import took, as seen from outside."""

    database: str
    round: int
    seconds: float
    """From exec to exit: the start, the comparison of both sides at the end, and all kinds in between."""
    cpu_seconds: float
    """Processor time of the command's processes; what PostgreSQL's own used is not in it."""
    peak_mib: float
    """Resident memory of the command's processes, each at its highest."""
    written: dict[str, int]
    """Records of each kind."""
    took: dict[str, float]
    """Seconds of each kind, by the command's own clock."""

    def rate(self, kind: str) -> float:
        """Records a second."""
        return self.written[kind] / max(self.took[kind], 1e-9)


class _Told(msgspec.Struct):
    """What the command says of itself."""

    written: dict[str, int]
    seconds: dict[str, float]
    differing: list[str]


def run_import(source: Path, home: Path, url: str, database: str, number: int) -> Imported:
    """Import the source into a new database: the one at the URL, or SQLite where there is none."""
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "modelkeep", "import", "mlflow", str(source), "--data", str(home), "--json"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MODELKEEP_")}
    if url:
        environment["MODELKEEP_DATABASE"] = url
    with (home / "answer").open("wb") as answer, (home / "problems").open("wb") as problems:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=answer, stderr=problems, env=environment, start_new_session=True)
        try:
            peak, cpu = _watch(process)
            seconds = time.perf_counter() - begun
        finally:
            processes.stop(process)
    if process.returncode:
        raise ImportFailed(f"{' '.join(command)}: {(home / 'problems').read_text()[-800:]}")
    told = msgspec.json.decode((home / "answer").read_bytes(), type=_Told)
    if told.differing:
        raise ImportFailed(f"{len(told.differing)} objects differ, such as {told.differing[0]}")
    return Imported(database, number, seconds, cpu, peak, told.written, told.seconds)


def _watch(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """Look at the process and its children until it ends: their highest memory in MiB, their processor time."""
    peak = cpu = 0.0
    while process.poll() is None:
        peak, cpu = max(peak, processes.peak(process.pid)), max(cpu, processes.cpu_seconds(process.pid))
        time.sleep(_LOOK_SECONDS)
    return peak, cpu
