"""What the two databases say differently, as SQL expressions that compile to either."""

from typing import Any

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


def _arguments(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
    return ", ".join(compiler.process(clause, **options) for clause in element.clauses)


@compiles(json_objects, "sqlite")
def _(element: json_objects, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_object({_arguments(element, compiler, **options)}))"


@compiles(json_objects, "postgresql")
def _(element: json_objects, compiler: SQLCompiler, **options: Any) -> str:
    arguments = _arguments(element, compiler, **options)
    return f"coalesce(json_agg(json_build_object({arguments}))::text, '[]')"


@compiles(json_values, "sqlite")
def _(element: json_values, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({_arguments(element, compiler, **options)})"


@compiles(json_values, "postgresql")
def _(element: json_values, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg({_arguments(element, compiler, **options)})::text, '[]')"


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
