"""What people type into the forms of the registry."""

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import Tag


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
