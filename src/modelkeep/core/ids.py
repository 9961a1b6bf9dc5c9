"""Names made by the server: request ids, and the ids of runs and logged models."""

import itertools
import re
import secrets
import time
from collections.abc import Callable

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


def request_id_source() -> Callable[[], str]:
    """Ids unique to this process: a random prefix and a counter, cheaper than a random id each."""
    prefix = secrets.token_hex(10).upper()
    counter = itertools.count(1)
    return lambda: f"{prefix}{next(counter):012X}"


def new_id() -> str:
    """32 hexadecimal digits, as MLflow's ids are. The first 12 are the time: ids made together are stored together."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
