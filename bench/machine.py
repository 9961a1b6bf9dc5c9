"""The machine, for the reader of the figures."""

import os
import platform
import sqlite3
import time
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from statistics import median

import msgspec

from bench.peers import FASTTRACKML_HOME

_SYNCS = 50
_PACKAGES = ("granian", "uvloop", "msgspec", "mlflow")


class Machine(msgspec.Struct):
    """What the figures depend on."""

    cores: int
    cpu: str
    ram_gib: float
    kernel: str
    filesystem: str
    sync_us: float
    """Median of writing 4 KiB and flushing it to the disk, microseconds: what durability costs here."""
    versions: dict[str, str]

    def lines(self) -> list[str]:
        return [
            f"{self.cores} cores ({self.cpu}), {self.ram_gib:.0f} GiB RAM, Linux {self.kernel}",
            f"data on {self.filesystem}, where 4 KiB are written and flushed in {self.sync_us:.0f} µs",
            ", ".join(f"{name} {number}" for name, number in self.versions.items()),
        ]


def describe(data: Path) -> Machine:
    """The machine, with the disk that holds `data`."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_cpu(),
        ram_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3,
        kernel=platform.release(),
        filesystem=_filesystem(data),
        sync_us=_sync_us(data),
        versions={"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version, **_packages()},
    )


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    for apart in distributions(name="fasttrackml", path=[str(FASTTRACKML_HOME)]):
        found["fasttrackml"] = apart.version
    return found


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _filesystem(path: Path) -> str:
    """The type of the deepest mount above the path."""
    kind, deepest = "unknown", -1
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, mounted, *_ = line.split()
        if path.resolve().is_relative_to(mount) and len(mount) > deepest:
            kind, deepest = mounted, len(mount)
    return f"{kind} (memory: a flush costs nothing)" if kind == "tmpfs" else kind


def _sync_us(directory: Path) -> float:
    times = []
    path = directory / "sync"
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    path.unlink()
    return median(times) * 1e6
