"""How clients name experiments: by a number in its workspace, as decimal text."""

import re

from modelkeep.core.errors import invalid_parameter, missing_parameter

_NUMBER = re.compile(r"[0-9]{1,18}")


def experiment_number(experiment_id: str, field: str = "experiment_id") -> int:
    """The number that an id's text has."""
    if not experiment_id:
        raise missing_parameter(field)
    if not _NUMBER.fullmatch(experiment_id):
        raise invalid_parameter(field, f"{experiment_id[:40]!r} is no experiment id; a decimal number is.")
    return int(experiment_id)
