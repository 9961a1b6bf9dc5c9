"""Secrets among the arguments of a command, kept out of the list of processes that every user of a machine can read."""

import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import fields

import msgspec

from modelkeep.core.settings import Settings, flag_of, without_password

VARIABLE = "MODELKEEP_ARGUMENTS"
_SECRET_FLAGS = frozenset(flag_of(setting.name) for setting in fields(Settings) if setting.metadata["secret"])


def conceal(arguments: Sequence[str], environment: MutableMapping[str, str]) -> list[str]:
    """The arguments as they were written.

    Where some are secret, this process is replaced by one that shows `***` for them and finds them in its environment,
    which its own user alone can read. The number of the process stays. Those that it starts do not see them.
    """
    written = environment.pop(VARIABLE, None)
    if written is not None:
        return msgspec.json.decode(written, type=list[str])
    shown = list(without_secrets(arguments))
    before = sys.orig_argv[: len(sys.orig_argv) - len(arguments)]
    if shown != list(arguments) and hasattr(os, "execve") and os.name == "posix":
        written = msgspec.json.encode(list(arguments)).decode()
        os.execve(sys.executable, [*before, *shown], {**environment, VARIABLE: written})  # noqa: S606 - this command again
    return list(arguments)


def without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments as they may be shown: passwords within URLs, and the values of secret settings, are `***`."""
    follows = False
    for argument in arguments:
        flag, joined, _ = argument.partition("=")
        if follows:
            yield "***"
        elif joined and flag in _SECRET_FLAGS:
            yield f"{flag}=***"
        else:
            yield without_password(argument)
        follows = argument in _SECRET_FLAGS and not follows
