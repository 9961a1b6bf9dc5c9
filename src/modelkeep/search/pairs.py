"""How tables of keys and values are searched: tags and params of anything."""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.space import Attribute, Clause, Condition, Kind, prefix_bounds

_FIRST: sa.ColumnElement[int] = sa.literal_column("1")
_LENGTH: sa.ColumnElement[int] = sa.literal_column("200")


def holds_pair(
    pairs: sa.Table, owner: tuple[sa.Column[int], ...], condition: Condition, clause: Clause
) -> sa.ColumnElement[bool]:
    """The rows of `owner` that have a pair with this key whose value meets the condition; each is asked in turn."""
    owned = pairs.primary_key.columns[: len(owner)]
    match = (theirs == ours for theirs, ours in zip(owned, owner, strict=True))
    if clause.operator in ("IS NULL", "IS NOT NULL"):
        found = sa.exists().where(*match, pairs.c.key == clause.key).correlate(owner[0].table)
        return ~found if clause.operator == "IS NULL" else found
    return sa.exists().where(*match, pairs.c.key == clause.key, condition(pairs.c.value)).correlate(owner[0].table)


def owners_of_pair(pairs: sa.Table, clause: Clause) -> "sa.Select[Any] | None":
    """The owners of pairs that begin as the clause's value does: the index has the first 200 characters of each.

    It answers equality and patterns that begin with letters.
    """
    beginning = value_begins(pairs.c.value, clause)
    if beginning is None:
        return None
    columns = list(pairs.primary_key.columns)[:-1]
    return sa.select(*columns).where(pairs.c.key == clause.key, beginning)


def value_begins(value: Any, clause: Clause) -> "sa.ColumnElement[bool] | None":
    """What holds of the first 200 characters of a text that meets a clause; None where that is nothing."""
    begins = _beginning(value)
    if clause.has_prefix:
        first, beyond = prefix_bounds(clause)
        return sa.and_(begins >= _beginning(first), begins <= _beginning(beyond))
    if clause.operator != "=" or not clause.parameter:
        return None
    given: sa.ColumnElement[bool] = begins == _beginning(sa.bindparam(clause.parameter, type_=sa.Text))
    return given


def _is_short(clause: Clause) -> "sa.ColumnElement[bool] | None":
    """A value of fewer than 200 characters is equal where its first 200 are."""
    if clause.operator != "=" or not clause.parameter:
        return None
    given: sa.ColumnElement[bool] = sa.func.length(sa.bindparam(clause.parameter, type_=sa.Text)) < _LENGTH
    return given


def _beginning(text: Any) -> sa.ColumnElement[str]:
    return sa.func.substr(text, _FIRST, _LENGTH)


def pairs_attribute(pairs: sa.Table, owner: sa.Column[int], kind: Kind, key: str | None = None) -> Attribute:
    """Any key of a table of pairs, or the one key that an attribute is another name of."""

    def named(clause: Clause) -> Clause:
        return clause if key is None else clause._replace(key=key)

    return Attribute(
        kind,
        lambda condition, clause: holds_pair(pairs, (owner,), condition, named(clause)),
        lambda condition, clause: owners_of_pair(pairs, named(clause)),
        enough=_is_short,
    )
