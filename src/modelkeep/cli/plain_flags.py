"""The settings' flags as most people write them, read from the table of settings alone."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, get_type_hints

from modelkeep.core.settings import Settings, flag_of


def plain_flags(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Values by settings' names; None where there is anything but `--flag value`, `--flag=value` and `--[no-]flag`."""
    hints = get_type_hints(Settings)
    names = {flag_of(setting.name): setting.name for setting in fields(Settings)}
    switches = {flag: name for flag, name in names.items() if hints[name] is bool}
    switches_off = {f"--no-{flag[2:]}": name for flag, name in switches.items()}
    given: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        flag, joined, value = argument.partition("=")
        if argument in switches or argument in switches_off:
            given[(switches | switches_off)[argument]] = argument in switches
        elif flag in names and flag not in switches:
            following = value if joined else next(rest, "-")
            if following.startswith("-"):
                return None
            given[names[flag]] = following
        else:
            return None
    return given
