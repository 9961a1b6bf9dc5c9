"""Names made by the server: request ids."""

import itertools
import re
import secrets
from collections.abc import Callable

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


def request_id_source() -> Callable[[], str]:
    """Ids unique to this process: a random prefix and a counter, cheaper than a random id each."""
    prefix = secrets.token_hex(10).upper()
    counter = itertools.count(1)
    return lambda: f"{prefix}{next(counter):012X}"
