"""Queries: SQLAlchemy expressions, compiled once to the driver's SQL and run on the driver's cursor.

SQLAlchemy's own execution costs more than the statement itself; its compiler, used once a query, costs nothing.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import Delete, Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import UpdateBase

_WORD = re.compile(r"\w+")


class Query:
    """A statement with named parameters, known at start. Modules keep theirs as constants."""

    __slots__ = ("expression",)

    def __init__(self, expression: ClauseElement) -> None:
        self.expression = expression


class Compiled:
    """A statement as one driver takes it: its SQL and how named parameters become its arguments."""

    def __init__(self, expression: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = expression.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql: str = compiled.string
        self.writes = isinstance(expression, UpdateBase)
        self.deletes = isinstance(expression, Delete)
        names = compiled.positiontup if compiled.positiontup is not None else list(compiled.binds)
        given = {name for name, parameter in compiled.binds.items() if parameter.required}
        self.constants: dict[str, Any] = {name: value for name, value in compiled.params.items() if name not in given}
        self.arguments = _picker(names)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the statement: a table whose name is not among them has no part in it."""
        return frozenset(_WORD.findall(self.sql))

    def bind(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        if self.constants:
            parameters = {**self.constants, **parameters}
        return self.arguments(parameters)


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if not names:
        return lambda parameters: ()
    if len(names) == 1:
        only = names[0]
        return lambda parameters: (parameters[only],)
    return itemgetter(*names)
