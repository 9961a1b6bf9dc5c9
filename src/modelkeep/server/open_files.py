"""How many connections a process may have open: as many as whoever runs it allows, not the few of its shell."""

import contextlib
import resource

# What is not a connection of a client: the database's files and connections, artifacts, libraries.
_KEPT = 256


def allow_most_open_files() -> None:
    """Raise the soft limit of open files to the hard one, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # A system may have a hard limit that it does not let anyone reach.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections(wanted: int) -> int:
    """So many as are wanted, as far as the limit of open files goes: further ones wait to be accepted."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _KEPT))
