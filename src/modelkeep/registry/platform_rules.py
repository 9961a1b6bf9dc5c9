"""What a platform may be called, and what MLflow's API may say of one."""

import re

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import check_length

_MLFLOW_NAME = re.compile(r"(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_RETENTION = re.compile(r"[1-9][0-9]*[mhd]")
_LOCATION = re.compile(r"[a-z][a-z0-9+.\-]*:.+|/.+", re.IGNORECASE | re.DOTALL)
_KEY_LENGTH = 500


def check_platform_key(key: str, field: str) -> None:
    """A path can name it: one segment, printable."""
    if not key.strip():
        raise missing_parameter(field)
    check_length(field, key, _KEY_LENGTH)
    if "/" in key or not key.isprintable() or key in (".", ".."):
        raise invalid_parameter(field, f"{key!r} cannot stand in a path; '/' and control characters cannot.")


def check_mlflow_name(name: str) -> None:
    """A name that MLflow's clients take for a workspace."""
    if not name:
        raise missing_parameter("name")
    if not 2 <= len(name) <= 63 or not _MLFLOW_NAME.fullmatch(name):
        raise invalid_parameter(
            "name",
            f"{name[:80]!r} is no workspace name; 2 to 63 lower-case letters, digits and single inner hyphens are.",
        )


def check_location(field: str, location: str | None) -> None:
    """A URI or an absolute path, or nothing."""
    if not location:
        return
    check_length(field, location, 2_048)
    if not _LOCATION.fullmatch(location) or location.startswith("runs:") or "#" in location:
        raise invalid_parameter(field, f"{location[:80]!r} is no place; a URI or an absolute path is.")


def check_retention(field: str, retention: str | None) -> None:
    """A duration, or nothing."""
    if retention and not _RETENTION.fullmatch(retention.strip()):
        raise invalid_parameter(field, f"{retention[:40]!r} is no duration; a number and m, h or d is, such as 30d.")
