"""A server's processes as the kernel sees them: the tree below one, its memory, its processor time, its end."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 20


class Seen(NamedTuple):
    """A process at one moment; `started` tells it from a later one with the same number."""

    pid: int
    parent: int
    started: int
    cpu_seconds: float


class Memory(msgspec.Struct):
    """MiB. Resident counts a page shared by two processes twice, proportional counts it once."""

    resident: float
    proportional: float
    processes: int


class MachineTime(NamedTuple):
    """Processor seconds since boot, of all cores."""

    used: float
    passed: float


def machine_seconds() -> MachineTime:
    """What all processes used, interrupts and what other guests of the host took included."""
    user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    used = user + nice + system + sum(rest)
    return MachineTime(used / _TICKS, (used + idle + waiting) / _TICKS)


def _seen(pid: int) -> Seen | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] == "Z":
        return None
    return Seen(pid, int(fields[1]), int(fields[19]), (int(fields[11]) + int(fields[12])) / _TICKS)


def tree(root: int) -> list[Seen]:
    """The process and all that descend from it."""
    everyone = [seen for entry in os.listdir("/proc") if entry.isdigit() and (seen := _seen(int(entry)))]
    found = [seen for seen in everyone if seen.pid == root]
    for parent in found:  # the list grows while it is walked
        found += [seen for seen in everyone if seen.parent == parent.pid]
    return found


def cpu_seconds(root: int) -> float:
    """Processor time that the tree has used so far."""
    return sum(seen.cpu_seconds for seen in tree(root))


def memory(root: int) -> Memory:
    """What the tree holds now."""
    resident = proportional = count = 0
    for seen in tree(root):
        try:
            lines = Path(f"/proc/{seen.pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines[1:])}
        resident, proportional, count = resident + kib["Rss"], proportional + kib["Pss"], count + 1
    return Memory(resident / 1024, proportional / 1024, count)


def forget_peaks(root: int) -> None:
    """From now on `peak` tells the highest that comes."""
    for seen in tree(root):
        with contextlib.suppress(OSError):
            Path(f"/proc/{seen.pid}/clear_refs").write_text("5")


def peak(root: int) -> float:
    """MiB resident, of each process at its highest."""
    kib = 0
    for seen in tree(root):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{seen.pid}/status").read_text()
            # One that has just ended has no memory to tell of.
            kib += int((status.partition("VmHWM:")[2].split(maxsplit=1) or ["0"])[0])
    return kib / 1024


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, the leader of its group, and all below it: asked first, then made to."""
    family = tree(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    if any(_alive(seen) for seen in family):
        time.sleep(1)
    for seen in family:
        if _alive(seen):
            with contextlib.suppress(ProcessLookupError):
                os.kill(seen.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what was started since the family was listed
    process.wait()


def _alive(known: Seen) -> bool:
    seen = _seen(known.pid)
    return seen is not None and seen.started == known.started
