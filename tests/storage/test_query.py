"""Queries as the driver takes them: what the caller gives, and what the statement itself says."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect

from modelkeep.storage.query import Compiled

_DIALECT = dialect(paramstyle="qmark")
_table = sa.table("t", sa.column("a"), sa.column("b"))


def test_parameters_come_in_the_order_of_the_statement() -> None:
    statement = sa.select(_table.c.a).where(_table.c.b == sa.bindparam("second"), _table.c.a == sa.bindparam("first"))
    assert Compiled(statement, _DIALECT).bind({"first": 1, "second": 2}) == (2, 1)


@pytest.mark.parametrize("constant", [None, 0, "", "x"])
def test_a_constant_is_the_statements_own(constant: object) -> None:
    statement = sa.update(_table).values(a=constant).where(_table.c.b == sa.bindparam("which"))
    assert Compiled(statement, _DIALECT).bind({"which": 5}) == (constant, 5)


def test_a_list_is_spread() -> None:
    statement = sa.select(_table.c.a).where(_table.c.b.in_([1, 2, 3]))
    assert Compiled(statement, _DIALECT).bind({}) == (1, 2, 3)


def test_a_parameter_that_is_not_given_is_an_error_and_no_null() -> None:
    statement = sa.select(_table.c.a).where(_table.c.b == sa.bindparam("which"), _table.c.a == sa.bindparam("other"))
    with pytest.raises(KeyError):
        Compiled(statement, _DIALECT).bind({"which": 1})
