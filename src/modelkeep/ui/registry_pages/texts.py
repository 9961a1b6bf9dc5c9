"""What people type into the forms of the registry."""

from enum import Enum
from typing import TypeVar

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import Tag

Choice = TypeVar("Choice", bound=Enum)


def read_tags(text: str) -> list[Tag]:
    """Tags as lines of `key: value`."""
    tags = []
    for line in text.splitlines():
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise invalid_parameter("tags", f"the line {line.strip()[:60]!r} has no colon; write key: value.")
        tags.append(Tag(key.strip(), value.strip()))
    return tags


def confirm(typed: str, name: str) -> None:
    """Raise unless somebody has typed the name of what they delete."""
    if typed != name.strip():
        raise invalid_parameter("confirmed", f"type {name!r} to delete it. Nothing was deleted.")


def chosen(choices: type[Choice], field: str, text: str) -> Choice:
    """The one of these that a field names."""
    try:
        return choices(text)
    except ValueError:
        allowed = ", ".join(choice.value for choice in choices)
        raise invalid_parameter(field, f"{text[:40]!r} cannot be chosen; {allowed} can.") from None
