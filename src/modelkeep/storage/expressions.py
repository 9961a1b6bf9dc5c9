"""What the two databases say differently, as SQL expressions that compile to either."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_objects(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """`json_objects('key', key, 'value', value)`: the rows of a subquery as a JSON array of objects, text."""

    type = sa.Text()
    inherit_cache = True
    name = "json_objects"


class json_values(FunctionElement[str]):  # noqa: N801
    """`json_values(column)`: the rows of a subquery as a JSON array, text."""

    type = sa.Text()
    inherit_cache = True
    name = "json_values"


class json_texts(FunctionElement[str]):  # noqa: N801
    """`json_texts(array)`: the texts in a JSON array as rows of a column `value`; for as many as may come."""

    type = sa.Text()
    inherit_cache = True
    name = "json_texts"


class ilike(FunctionElement[bool]):  # noqa: N801
    """`ilike(column, pattern)`: LIKE, blind to case."""

    type = sa.Boolean()
    inherit_cache = True
    name = "ilike"


class like(FunctionElement[bool]):  # noqa: N801
    """`like(column, pattern)`: LIKE, with case; SQLite's own LIKE is blind to it unless told otherwise."""

    type = sa.Boolean()
    inherit_cache = True
    name = "like"


class unindexed(FunctionElement[Any]):  # noqa: N801
    """`unindexed(column)`: a column that SQLite shall take for a value; PostgreSQL counts, and decides by itself."""

    inherit_cache = True
    name = "unindexed"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


def _arguments(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
    return ", ".join(compiler.process(clause, **options) for clause in element.clauses)


@compiles(json_objects, "sqlite")
def _(element: json_objects, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_object({_arguments(element, compiler, **options)}))"


@compiles(json_objects, "postgresql")
def _(element: json_objects, compiler: SQLCompiler, **options: Any) -> str:
    arguments = [compiler.process(clause, **options) for clause in element.clauses]
    # PostgreSQL's rows come in any order, another one each time, and etags are made of what is answered.
    values = ", ".join(arguments[1::2])
    return f"coalesce(json_agg(json_build_object({', '.join(arguments)}) ORDER BY {values})::text, '[]')"


@compiles(json_values, "sqlite")
def _(element: json_values, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({_arguments(element, compiler, **options)})"


@compiles(json_values, "postgresql")
def _(element: json_values, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg({_arguments(element, compiler, **options)})::text, '[]')"


@compiles(json_texts, "sqlite")
def _(element: json_texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({_arguments(element, compiler, **options)})"


@compiles(json_texts, "postgresql")
def _(element: json_texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements_text(CAST({_arguments(element, compiler, **options)} AS json))"


def one_of(parameter: str, *, numbers: bool = False) -> sa.Select[Any]:
    """The values in the JSON array that a parameter holds, for `column.in_(...)`; `json_array` makes one."""
    value = json_texts(sa.bindparam(parameter, type_=sa.Text)).table_valued("value").c.value
    return sa.select(sa.cast(value, sa.BigInteger) if numbers else value)


def json_array(values: Sequence[str] | Sequence[int]) -> str:
    """What `one_of` reads."""
    return msgspec.json.encode(values).decode()


def _operands(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> tuple[str, str]:
    column, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return column, pattern


@compiles(like, "sqlite")
def _(element: like, compiler: SQLCompiler, **options: Any) -> str:
    # The server's connections set `case_sensitive_like`, which also lets an index answer a prefix.
    column, pattern = _operands(element, compiler, **options)
    return f"{column} LIKE {pattern}"


@compiles(like, "postgresql")
def _(element: like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = _operands(element, compiler, **options)
    return f"{column} LIKE {pattern} ESCAPE ''"


@compiles(ilike, "sqlite")
def _(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = _operands(element, compiler, **options)
    return f"lower({column}) LIKE lower({pattern})"


@compiles(ilike, "postgresql")
def _(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = _operands(element, compiler, **options)
    return f"lower({column}) LIKE lower({pattern}) ESCAPE ''"


@compiles(unindexed, "sqlite")
def _(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{_arguments(element, compiler, **options)}"


@compiles(unindexed, "postgresql")
def _(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return _arguments(element, compiler, **options)
