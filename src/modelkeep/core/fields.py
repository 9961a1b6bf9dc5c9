"""Fields that many requests have, and the rules that they keep in every one of them."""

import posixpath
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import msgspec

from modelkeep.core.errors import invalid_parameter, missing_parameter, too_long
from modelkeep.core.limits import Limits

_KEY = re.compile(r"[/\w.\- :]*")

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
# What is below is refused by `check_points`, which names the place of the point.
LoggedAt = Annotated[int, msgspec.Meta(le=2**63 - 1, extra_json_schema={"minimum": 0})]
Timestamp = Annotated[int, msgspec.Meta(description="Milliseconds since 1970, UTC.")]


def page_size(largest: int) -> msgspec.Meta:
    """What the documents say of a page's size. `check_max_results` holds it, with the limit of the settings."""
    return msgspec.Meta(description=f"1 to {largest:,}.", extra_json_schema={"minimum": 1})


class Tag(msgspec.Struct):
    """A key and its value."""

    key: str
    value: str = ""


class TagKey(msgspec.Struct):
    """A tag's key alone: what to delete."""

    key: str


def check_length(field: str, value: str, limit: int) -> None:
    if len(value) > limit:
        raise too_long(field, len(value), limit)


def check_key(key: str, limits: Limits, field: str = "key") -> None:
    """The key of a tag, param or metric: names that a file system could have as well, as MLflow's rule is."""
    if not key:
        raise missing_parameter(field)
    if len(key) > limits.key_length:
        raise too_long(field, len(key), limits.key_length)
    if problem := _problem_of_key(key):
        raise invalid_parameter(field, problem)


@lru_cache(10_000)
def _problem_of_key(key: str) -> str:
    """Remembered, for a training run logs the same few keys again and again."""
    if not _KEY.fullmatch(key):
        return (
            f"{key!r} has other characters than letters, digits, underscores (_), dashes (-), periods (.), "
            "colons (:), slashes (/) and spaces ( )."
        )
    if posixpath.normpath(key) != key or key in (".", "..") or key.startswith(("../", "/")):
        return f"{key!r} reads as a path that leads elsewhere."
    return ""


def check_tags(tags: Sequence[Tag], limits: Limits, field: str = "tags", *, value_length: int | None = None) -> None:
    """Each tag by itself, and no key twice: which value should count is not for the server to guess."""
    longest = limits.tag_value_length if value_length is None else value_length
    if len(tags) > limits.tags_per_request:
        raise invalid_parameter(field, f"{len(tags)} tags were given, {limits.tags_per_request} are allowed.")
    seen: set[str] = set()
    for tag in tags:
        check_key(tag.key, limits, f"{field}.key")
        check_length(f"{field}.value", tag.value, longest)
        if tag.key in seen:
            raise invalid_parameter(field, f"the key {tag.key!r} is given twice.")
        seen.add(tag.key)


def check_tag_changes(
    set_tags: Sequence[Tag], delete_tags: Sequence[TagKey], limits: Limits, *, value_length: int | None = None
) -> tuple[Sequence[Tag], Sequence[str]]:
    """What a request that sets and deletes at once asks for, checked: no key in both lists."""
    check_tags(set_tags, limits, "set_tags", value_length=value_length)
    for tag in delete_tags:
        check_key(tag.key, limits, "delete_tags.key")
    deleted = [tag.key for tag in delete_tags]
    if both := {tag.key for tag in set_tags} & set(deleted):
        raise invalid_parameter("delete_tags", f"{sorted(both)} are to be set and deleted at once.")
    return set_tags, deleted
