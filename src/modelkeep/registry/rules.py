"""The rules that names, aliases and versions of the registry keep, as MLflow's."""

import re
from collections.abc import Sequence

from modelkeep.core.errors import invalid_parameter, missing_parameter, model_version_not_found
from modelkeep.core.fields import Tag, check_length
from modelkeep.core.limits import Limits

_ALIAS = re.compile(r"[\w\-]+")
_NUMBER = re.compile(r"-?[0-9]{1,4000}")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_ALIAS_LENGTH = 255
_LARGEST_VERSION = 2**53

PROMPT_TAG = "mlflow.prompt.is_prompt"


def check_model_name(name: str, limits: Limits, field: str = "name") -> None:
    """A model's name: not empty, no '/' or ':', and no name that a file system would read otherwise."""
    if not name.strip():
        raise missing_parameter(field)
    check_length(field, name, limits.name_length)
    if "/" in name or ":" in name or name in (".", ".."):
        raise invalid_parameter(field, f"{name!r} is no model name; it cannot contain '/' or ':' nor be '.' or '..'.")


def is_prompt(tags: Sequence[Tag]) -> bool:
    """MLflow keeps prompts as registered models that carry this tag."""
    return any(tag.key == PROMPT_TAG and tag.value.lower() == "true" for tag in tags)


def check_alias(alias: str) -> None:
    if not alias:
        raise missing_parameter("alias")
    check_length("alias", alias, _ALIAS_LENGTH)
    if not _ALIAS.fullmatch(alias):
        raise invalid_parameter(
            "alias", f"{alias!r} has other characters than letters, digits, underscores (_) and dashes (-)."
        )


def check_new_alias(alias: str) -> None:
    """`latest` and `v<number>` name versions already."""
    check_alias(alias)
    if alias.lower() == "latest" or _VERSION_ALIAS.fullmatch(alias):
        raise invalid_parameter("alias", f"{alias!r} is reserved.")


def version_number(name: str, version: str) -> int:
    """The number of a version as its text has it."""
    if not version:
        raise missing_parameter("version")
    if not _NUMBER.fullmatch(version):
        raise invalid_parameter("version", f"it must be an integer, got {version[:40]!r}.")
    number = int(version)
    if not 0 < number < _LARGEST_VERSION:
        raise model_version_not_found(name, version[:40])
    return number
