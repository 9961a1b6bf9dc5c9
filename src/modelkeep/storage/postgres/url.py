"""What may be said of a database's URL: never its password."""

import re

_QUOTED = re.compile(r'"[^"]*"')


def unreadable(error: Exception) -> str:
    """One line on a URL that PostgreSQL's library cannot read. What it quotes may be a password, and is left out."""
    reason = " ".join(_QUOTED.sub('"…"', str(error)).split())
    return f"The database's URL cannot be read: {reason}. postgresql://user:password@host:5432/name is one."
