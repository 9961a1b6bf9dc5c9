"""What of a resource can be searched, and how its clauses become SQL.

Values stay out of the SQL: filters that differ in their values alone are one statement, made once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.search.syntax import Comparison, entity_named, parse_filter
from modelkeep.storage.expressions import ilike, json_array, like, one_of

Condition = Callable[[Any], sa.ColumnElement[bool]]
"""From a column to what must hold of it."""

_INTEGERS = range(-(2**63), 2**63)
# Databases bound the depth of an expression, SQLite at 1,000; each clause adds to it.
_MOST_CLAUSES = 100

_EQUAL = ("=", "!=")
_ALIKE = (*_EQUAL, "LIKE", "ILIKE")
_COMPARED = (*_EQUAL, ">", ">=", "<", "<=")
_LISTED = ("IN", "NOT IN")
_IS_THERE = ("IS NULL", "IS NOT NULL")
_RANGES = ("=", "IN", ">", ">=", "<", "<=")
_LAST_CHARACTER, _SURROGATES = 0x10FFFF, range(0xD800, 0xE000)


class Kind(Enum):
    """What an attribute holds: what it is compared with, and how."""

    TEXT = ("a quoted string", _ALIKE)
    LISTED = ("a quoted string", (*_ALIKE, *_LISTED))
    OPTIONAL = ("a quoted string", (*_ALIKE, *_IS_THERE))
    NUMBER = ("a whole number", _COMPARED)
    REAL = ("a number", _COMPARED)
    TIME = ("a number of milliseconds", _COMPARED)
    ID = ("a quoted number", (*_EQUAL, *_LISTED))


class Clause(NamedTuple):
    """A comparison without its value. `parameter` stands for that; it is "" where there is none, or where the value is
    the attribute's `common` one: that stays in the SQL, since an index may leave out the rows that have it.

    A pattern that `has_prefix` begins with letters, so that it lies between two values, whose parameters are called
    `<parameter>_from` and `<parameter>_to`.
    """

    entity: str
    key: str
    operator: str
    parameter: str
    has_prefix: bool = False


class Filter(NamedTuple):
    """A filter that was read: its clauses, and the value of each parameter."""

    clauses: tuple[Clause, ...]
    values: Mapping[str, Any]


Where = Callable[[Condition, Clause], sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What can be compared, and where a condition on it is put.

    `owners` selects the ids of the rows that may meet a condition, by an index; it is absent or None where none helps.
    """

    kind: Kind
    where: Where
    owners: Callable[[Condition, Clause], "sa.Select[Any] | None"] | None = None
    common: str = ""
    """The value that an index may leave out, since most rows have it."""
    enough: Callable[[Clause], "sa.ColumnElement[bool] | None"] | None = None
    """Where this holds, the `owners` of a clause are those that meet it, and none need be asked again."""


Entity = Attribute | Mapping[str, Attribute]
"""The attributes of an entity by their keys, or one attribute that stands for every key."""


@dataclass(frozen=True, eq=False, slots=True)
class Space:
    """The entities of one resource. `own_name` is one more name of its attributes."""

    entities: Mapping[str, Entity]
    own_name: str = "attributes"

    def read(self, text: str, limit: int) -> Filter:
        """The clauses of a filter, each checked against what it compares."""
        if len(text) > limit:
            raise invalid_parameter("filter", f"it has {len(text)} characters, at most {limit} are allowed.")
        return _read(self, text)

    def attribute(self, entity: str, key: str) -> Attribute | None:
        """What this key names, None where it names nothing."""
        known = self.entities.get(entity, {})
        return known if isinstance(known, Attribute) else known.get(key)

    def entity(self, name: str) -> str:
        return "attributes" if name == self.own_name else entity_named(name)

    def conditions(self, clauses: Sequence[Clause], entered: Clause | None = None) -> list[sa.ColumnElement[bool]]:
        """What must hold of a row, clause by clause, where only the owners of the `entered` one are asked."""
        return [self._condition(clause, is_entered=clause == entered) for clause in clauses]

    def _condition(self, clause: Clause, *, is_entered: bool) -> sa.ColumnElement[bool]:
        known = self._known(clause)
        asked = known.where(self.compared(clause), clause)
        enough = known.enough(clause) if is_entered and known.enough else None
        return asked if enough is None else sa.or_(enough, asked)

    def owners(self, clause: Clause) -> "sa.Select[Any] | None":
        """The ids of the rows that may meet a clause, where an index finds them."""
        find = self._known(clause).owners
        return find(self.compared(clause), clause) if find else None

    def compared(self, clause: Clause) -> Condition:
        """What a clause asks of the value that it is about."""
        if clause.operator in _IS_THERE:
            return lambda target: sa.true()
        kind = self._known(clause).kind
        if clause.operator in _LISTED:
            listed = one_of(clause.parameter, numbers=kind is Kind.ID)
            return lambda target: target.in_(listed) if clause.operator == "IN" else target.not_in(listed)
        build = _OPERATORS[clause.operator]
        type_ = _TYPES.get(kind, sa.Text())
        common = self._known(clause).common
        value: Any = sa.bindparam(clause.parameter, type_=type_) if clause.parameter else sa.literal(common)
        if clause.has_prefix:
            first, beyond = prefix_bounds(clause)
            return lambda target: sa.and_(target >= first, target < beyond, build(target, value))
        return lambda target: build(target, value)

    def described(self) -> str:
        """All that can be compared, for an error."""
        words: list[str] = []
        for name, entity in self.entities.items():
            if isinstance(entity, Attribute):
                words.append(f"{name}.<key>")
            else:
                words += (key if name == "attributes" else f"{name}.{key}" for key in sorted(entity))
        return f"{', '.join(words[:-1])} and {words[-1]}"

    def _known(self, clause: Clause) -> Attribute:
        attribute = self.attribute(clause.entity, clause.key)
        if attribute is None:
            raise LookupError(f"{clause} was not read by this space")
        return attribute


def prefix_bounds(clause: Clause) -> tuple[sa.BindParameter[str], sa.BindParameter[str]]:
    """Between which values all lie that have a pattern's prefix: the first of them, and the first that has it not."""
    return (
        sa.bindparam(f"{clause.parameter}_from", type_=sa.Text),
        sa.bindparam(f"{clause.parameter}_to", type_=sa.Text),
    )


_TYPES: Mapping[Kind, "sa.types.TypeEngine[Any]"] = {
    Kind.NUMBER: sa.BigInteger(),
    Kind.REAL: sa.Double(),
    Kind.TIME: sa.BigInteger(),
    Kind.ID: sa.BigInteger(),
}
_OPERATORS: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    "LIKE": like,
    "ILIKE": ilike,
}


def column(target: Any, kind: Kind = Kind.TEXT, rows: "sa.Select[Any] | None" = None, found: Any = None) -> Attribute:
    """An attribute that is a column of the searched table.

    Where an index of a tenant's rows begins with it, `rows` selects the ids of those rows from another name of the
    table, whose column is `found`.
    """

    def owners(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
        return None if rows is None or not is_a_range(clause) else rows.where(condition(found))

    return Attribute(kind, lambda condition, clause: condition(target), owners)


def is_a_range(clause: Clause) -> bool:
    """Whether what a clause asks for lies together in an index of the values."""
    return clause.operator in _RANGES or clause.has_prefix


@lru_cache(1024)
def _read(space: Space, text: str) -> Filter:
    comparisons = parse_filter(text)
    if len(comparisons) > _MOST_CLAUSES:
        raise invalid_parameter("filter", f"it has {len(comparisons)} clauses, at most {_MOST_CLAUSES} are allowed.")
    clauses: list[Clause] = []
    values: dict[str, Any] = {}
    for place, comparison in enumerate(comparisons):
        entity = space.entity(comparison.entity)
        value = _checked(space, entity, comparison)
        # No column is called "given": SQLAlchemy names its own parameters by columns.
        attribute = space.attribute(entity, comparison.key)
        parameter = "" if value is None or (attribute and value == attribute.common) else f"given_{place}"
        if parameter:
            values[parameter] = value
        prefix = _prefix(value) if comparison.operator == "LIKE" and parameter else ""
        beyond = _beyond(prefix)
        if beyond:
            values[f"{parameter}_from"], values[f"{parameter}_to"] = prefix, beyond
        clauses.append(Clause(entity, comparison.key, comparison.operator, parameter, bool(beyond)))
    return Filter(tuple(clauses), values)


def _prefix(pattern: str) -> str:
    """What stands before the first wildcard."""
    return pattern.partition("%")[0].partition("_")[0]


def _beyond(prefix: str) -> str:
    """The first text behind all that begin with this, in the order of code points; "" where there is none."""
    kept = prefix.rstrip(chr(_LAST_CHARACTER))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)


def _checked(space: Space, entity: str, comparison: Comparison) -> Any:
    """The value of a comparison as a parameter takes it."""
    if entity not in space.entities:
        allowed = ", ".join(space.entities)
        raise _refused(comparison, f"'{comparison.entity}' is no entity; {allowed} can be searched.")
    attribute = space.attribute(entity, comparison.key)
    if attribute is None:
        raise _refused(comparison, f"'{comparison.key}' cannot be searched; {space.described()} can.")
    word, operators = attribute.kind.value
    if comparison.operator not in operators:
        raise _refused(
            comparison,
            f"'{comparison.key}' cannot be compared by {comparison.operator}; {', '.join(operators)} can be used.",
        )
    given = comparison.value
    if given is None:
        return None
    values = given if isinstance(given, tuple) else (given,)
    taken = [_taken(attribute.kind, value, comparison.operator) for value in values]
    for value, usable in zip(values, taken, strict=True):
        if usable is None:
            raise _refused(comparison, f"'{comparison.key}' is compared with {word}, not with {value!r}.")
    return json_array(taken) if isinstance(given, tuple) else taken[0]


def _taken(kind: Kind, value: str | int | float, operator: str) -> Any:
    """A literal as this kind takes it, None where it does not."""
    if kind is Kind.TIME:
        return None if isinstance(value, str) else _as_time(value, operator)
    if kind is Kind.REAL:
        return None if isinstance(value, str) else _as_float(value)
    if kind is Kind.NUMBER:
        return value if isinstance(value, int) and value in _INTEGERS else None
    if kind is Kind.ID:
        return (
            int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else None
        )
    return value if isinstance(value, str) else None


def _as_time(value: int | float, operator: str) -> int:
    """The whole number that compares with whole ones as this number does: no index has whole numbers as others."""
    if not -(2.0**62) < value < 2.0**62:
        return _INTEGERS.stop - 1 if value > 0 else _INTEGERS.start
    if value == int(value):
        return int(value)
    if operator in _EQUAL:
        # No time is it.
        return _INTEGERS.start
    return math.floor(value) if operator in (">", "<=") else math.ceil(value)


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _refused(comparison: Comparison, problem: str) -> ApiError:
    return invalid_parameter("filter", f"at character {comparison.at}: {problem}")
