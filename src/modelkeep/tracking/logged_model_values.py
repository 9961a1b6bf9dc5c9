"""Tags and params of logged models: rules, and how they are stored.

Keys may have any character, as in MLflow: what makes models names params as it likes.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, missing_parameter
from modelkeep.core.fields import Tag, check_length
from modelkeep.core.limits import Limits
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_model_params, logged_model_tags
from modelkeep.storage.tag_table import TagTable
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.run_records import Param

TAGS = TagTable(logged_model_tags, "model_id")

_p = logged_model_params.c
_INSERT = BulkInsert(logged_model_params, ("model_id", "key", "value"))
_OF_MODEL = Query(sa.select(_p.key, _p.value).where(_p.model_id == sa.bindparam("row")))


def check_values(tags: Sequence[Tag], params: Sequence[Param], limits: Limits) -> tuple[list[Tag], list[Param]]:
    """Tags and params as they will be stored. Of two tags with one key the last counts; no param is given twice."""
    if len(tags) + len(params) > limits.entities_per_batch:
        raise ApiError(
            ErrorKind.INVALID_PARAMETER,
            f"A request can contain at most {limits.entities_per_batch} params and tags of a logged model. "
            f"Got {len(tags) + len(params)}. Please split them up across multiple requests and try again.",
        )
    kept_tags: dict[str, Tag] = {}
    for place, tag in enumerate(tags):
        _check(f"tags[{place}]", tag, limits)
        kept_tags[tag.key] = tag
    kept_params: dict[str, Param] = {}
    for place, param in enumerate(params):
        _check(f"params[{place}]", param, limits)
        if param.key in kept_params:
            raise invalid_parameter(f"params[{place}].key", f"the key {param.key!r} is given twice.")
        kept_params[param.key] = param
    return sorted(kept_tags.values(), key=_key), sorted(kept_params.values(), key=_key)


def store_params(tx: Transaction, model: int, params: Sequence[Param], *, is_new: bool = False) -> None:
    """Set params once: the same value again is no error, another is."""
    known: dict[str, str] = {} if is_new else dict(tx.all(_OF_MODEL, row=model))
    for param in params:
        if known.get(param.key, param.value) != param.value:
            raise invalid_parameter(
                "params",
                f"changing params is not allowed: {param.key!r} was logged with {known[param.key][:200]!r} already, "
                f"and is now {param.value[:200]!r}.",
            )
    # Where another server sets one of them at the same moment, the database says so later: a second attempt finds it.
    tx.insert(_INSERT, [(model, param.key, param.value) for param in params if param.key not in known])


def _check(field: str, pair: Tag | Param, limits: Limits) -> None:
    if not pair.key:
        raise missing_parameter(f"{field}.key")
    check_length(f"{field}.key", pair.key, limits.key_length)
    check_length(f"{field}.value", pair.value, limits.logged_model_value_length)


def _key(pair: Tag | Param) -> str:
    return pair.key
