"""Holds an answer that Oracle's SDK has read to the schema that the SDK declares for it."""

import datetime
import re
from typing import Any

from aidp_python_client.aidataplatform_dp import models
from oci.util import NONE_SENTINEL

_PLAIN = {"str": str, "int": int, "float": float, "bool": bool, "datetime": datetime.datetime}
_LIST = re.compile(r"list\[(?P<item>.+)\]")
_UNKNOWN = "UNKNOWN_ENUM_VALUE"


def assert_complete(value: Any, *, absent: frozenset[str] = frozenset()) -> None:
    """Every field has a value of its declared type, all the way down; fields in `absent` have none."""
    empty = set(_problems(value, type(value).__name__, absent))
    assert not empty, sorted(empty)


def _problems(value: Any, declared: str, absent: frozenset[str], path: str = "") -> list[str]:
    if value is None or value is NONE_SENTINEL:
        return [f"{path}: no value"]
    if listed := _LIST.fullmatch(declared):
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [
            problem
            for index, item in enumerate(value)
            for problem in _problems(item, listed["item"], absent, f"{path}[{index}]")
        ]
    if declared in _PLAIN:
        right = type(value) is _PLAIN[declared] and value != _UNKNOWN
        return [] if right else [f"{path}: {value!r} is no {declared}"]
    if type(value) is not getattr(models, declared):
        return [f"{path}: {value!r} is no {declared}"]
    return [
        problem
        for field, kind in value.swagger_types.items()
        if field not in absent
        for problem in _problems(getattr(value, field), kind, absent, f"{path}.{field}")
    ]
