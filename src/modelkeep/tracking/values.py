"""The values that are logged to a run: rules, and how params and tags are stored."""

from collections.abc import Sequence

from modelkeep.core.errors import too_long
from modelkeep.core.fields import Tag, check_key
from modelkeep.core.limits import Limits
from modelkeep.storage.schema import run_tags
from modelkeep.storage.tag_table import TagTable
from modelkeep.storage.transaction import Transaction

RUN_NAME_TAG = "mlflow.runName"
"""The tag in which MLflow's clients look for a run's name."""

_TAGS = TagTable(run_tags, "run_id")


def check_run_tags(tags: Sequence[Tag], limits: Limits, field: str = "tags") -> list[Tag]:
    """Tags as they will be stored: of two with one key the last counts, as in MLflow."""
    kept: dict[str, Tag] = {}
    for place, tag in enumerate(tags):
        check_key(tag.key, limits, f"{field}[{place}].key")
        kept[tag.key] = Tag(tag.key, fitted(f"{field}[{place}].value", tag.value, limits.run_tag_value_length, limits))
    return list(kept.values())


def fitted(field: str, value: str, longest: int, limits: Limits) -> str:
    """A value that is not too long: cut, or refused, as the settings say."""
    if len(value) <= longest:
        return value
    if not limits.truncate_long_values:
        raise too_long(field, len(value), longest)
    return value[:longest]


def set_run_tags(tx: Transaction, run: int, tags: Sequence[Tag]) -> None:
    """Set tags of a run, each over what its key had."""
    if tags:
        _TAGS.put(tx, tags, run)


def drop_run_tags(tx: Transaction, run: int, keys: Sequence[str]) -> int:
    """Delete tags of a run; how many were there."""
    return _TAGS.drop(tx, keys, run)
