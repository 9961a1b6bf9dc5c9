"""Where `modelkeep` begins."""

import os
import sys

from modelkeep.cli.concealed import conceal
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.plain_flags import plain_flags
from modelkeep.cli.serve import serve
from modelkeep.core.settings import InvalidSetting, load_settings

_INTERRUPTED = 130


def main() -> None:
    """Run a command; what goes wrong in a way that the person can mend is one line and exit code 1."""
    try:
        sys.argv[1:] = conceal(sys.argv[1:], os.environ)
        _run(sys.argv[1:])
    except CommandFailed as failure:
        sys.stderr.write(f"modelkeep: {failure}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run(arguments: list[str]) -> None:
    """A server starts without the other commands, whose parser and tables are a fourth of its start.

    Whatever asks for help or cannot be used is for the parser to explain.
    """
    flags = plain_flags(arguments[1:]) if arguments[:1] == ["serve"] else None
    if flags is not None:
        try:
            settings, origins = load_settings(flags, os.environ)
        except InvalidSetting:
            pass
        else:
            serve(settings, origins)
            return
    from modelkeep.cli.commands import app

    app()
