"""How values are written on pages."""

import json
import math
from datetime import UTC, datetime

from markupsafe import Markup, escape

from modelkeep.core.clock import now_ms

_STEPS = ((60, "second", 1), (3_600, "minute", 60), (86_400, "hour", 3_600), (2_592_000, "day", 86_400))
_MONTH, _YEAR = 2_592_000, 31_536_000
_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


def ago(milliseconds: int) -> str:
    """A time by how long ago it was, roughly."""
    seconds = (now_ms() - milliseconds) // 1_000
    if seconds < 0:
        return _date(milliseconds)
    if seconds < 10:
        return "just now"
    for below, unit, size in _STEPS:
        if seconds < below:
            return _count(seconds // size, unit)
    if seconds < _YEAR:
        return _count(seconds // _MONTH, "month")
    return _count(seconds // _YEAR, "year")


def _count(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _date(milliseconds: int) -> str:
    moment = _moment(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M") if moment else str(milliseconds)


def when(milliseconds: int | None) -> Markup:
    """A time for people, with the exact one behind it."""
    if not milliseconds:
        return Markup("&ndash;")
    moment = _moment(milliseconds)
    if moment is None:
        return escape(str(milliseconds))
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, ago(milliseconds))


def number(value: float | str) -> str:
    """A measured value with as many digits as tell it apart; what is no finite number by its name."""
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4e}" if abs(value) >= 1e6 or abs(value) < 1e-4 else f"{value:.5g}"


def size(count: int) -> str:
    """Bytes in the unit that fits."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1_000 or unit == _UNITS[-1]:
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1_000
    raise AssertionError("the last unit takes all")


def duration(milliseconds: int) -> str:
    """How long something took."""
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def python(text: str) -> str:
    """A text as Python's source has it."""
    return json.dumps(text, ensure_ascii=False)
