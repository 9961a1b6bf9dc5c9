"""Flags made from the table of settings, so that no setting is named twice."""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import typer

from modelkeep.cli.failure import CommandFailed
from modelkeep.core.settings import PREFIX, InvalidSetting, Settings, flag_of, load_settings


def with_settings(
    run: Callable[..., None],
    *names: str,
    more: Sequence[inspect.Parameter] = (),
    refuse: Callable[..., NoReturn] | None = None,
) -> Callable[..., None]:
    """A command whose flags are the settings of these names, or all, and which is handed those in force.

    `more` are flags of its own, which it is handed by their names. `refuse` is told of settings that cannot be used.
    """
    chosen = [setting for setting in fields(Settings) if not names or setting.name in names]
    hints = get_type_hints(Settings)

    def command(**flags: Any) -> None:
        own = {parameter.name: flags.pop(parameter.name) for parameter in more}
        try:
            settings, origins = load_settings(flags, os.environ)
        except InvalidSetting as error:
            if refuse is not None:
                refuse(str(error), **own)
            raise CommandFailed(str(error)) from None
        run(settings, origins, **own)

    command.__name__ = run.__name__
    command.__doc__ = run.__doc__
    parameters = [*(_parameter(setting, hints[setting.name]) for setting in chosen), *more]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(setting: Field[Any], hint: Any) -> inspect.Parameter:
    flag = flag_of(setting.name)
    plain = Path if hint in (Path, Path | None) else hint
    option = typer.Option(
        None,
        f"{flag}/--no-{flag[2:]}" if plain is bool else flag,
        help=f"{setting.metadata['meaning']} [{PREFIX}{setting.name.upper()}; default: {_shown(setting.default)}]",
        show_default=False,
    )
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=plain | None)


def _shown(default: Any) -> str:
    if default is None:
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)
