"""From a database's URL to what PostgreSQL's library is told, and what may be said of it: never its password."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from modelkeep.storage.errors import DatabaseUnusable

# What holds unless the URL says otherwise. A host that has vanished without a word is noticed within half a minute.
_DEFAULTS = {
    "connect_timeout": "5",
    "application_name": "modelkeep",
    "client_encoding": "UTF8",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_QUOTED = re.compile(r'"[^"]*"')


def connection_options(url: str) -> dict[str, Any]:
    """The library reads the URL itself: it knows lists of hosts, and all its own parameters.

    Raises `DatabaseUnusable` where it cannot. What its message quotes may be a password, and is left out.
    """
    try:
        return {**_DEFAULTS, **conninfo_to_dict(url)}
    except psycopg.Error as error:
        reason = " ".join(_QUOTED.sub('"…"', str(error)).split())
    raise DatabaseUnusable(
        f"The database's URL cannot be read: {reason}. postgresql://user:password@host:5432/name is one."
    )
