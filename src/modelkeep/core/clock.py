"""The one clock. Timestamps are milliseconds since 1970 in UTC, as MLflow's API has them."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def as_rfc3339(milliseconds: int) -> str:
    """The form that Oracle's API has for a time, such as 2026-11-24T18:07:11.000Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
