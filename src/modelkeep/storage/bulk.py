"""Inserts of many rows: a few statements of many rows each, not one a row.

Every statement lets go of Python's lock and has to get it back, which costs more than the row does.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert

from modelkeep.storage.query import Query

STAGED = "staged"
# A statement is compiled for each of these numbers of rows and kept.
_SIZES = (256, 128, 64, 32, 16, 8, 7, 6, 5, 4, 3, 2, 1)


class BulkInsert:
    """An insert into these columns. `conflict` says what becomes of a row that is there already.

    SQLite and PostgreSQL write ON CONFLICT alike, so one form of it compiles to both. `owners_held` promises that the
    transaction itself holds all rows that the new ones belong to: the database need not look for them row by row.
    """

    def __init__(
        self,
        table: sa.Table,
        columns: Sequence[str],
        conflict: Callable[[Insert], Insert] | None = None,
        *,
        owners_held: bool = False,
    ) -> None:
        if list(columns) != [column.name for column in table.columns if column.name in columns]:
            raise ValueError(f"the columns of {table.name} must be named in its own order, for so they are bound")
        self._table = table
        self.columns = columns
        self.owners_held = owners_held
        self._conflict = conflict
        # Made when first asked for: all of them for all tables would take a start a fifth of a second.
        self._forms: dict[int, Query] = {}

    @property
    def table(self) -> sa.Table:
        """Where the rows go."""
        return self._table

    @property
    def plain(self) -> bool:
        """Whether a row that is there already is an error."""
        return self._conflict is None

    @property
    def overwrites(self) -> bool:
        """Whether a row that is there already may be changed."""
        return self._conflict is not None and self._conflict is not ignore_known

    @cached_property
    def key(self) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        """Takes the primary key's values out of a row."""
        places = [self.columns.index(column.name) for column in self._table.primary_key]
        return itemgetter(*places) if len(places) > 1 else lambda row: tuple(row[place] for place in places)

    @cached_property
    def from_staged(self) -> Query:
        """The same insert of all rows of another table, which has these columns and the name `staged`."""
        return self._from(sa.table(STAGED, *self._plain_columns()))

    @cached_property
    def from_arrays(self) -> Query:
        """The same insert of rows that come as one array of PostgreSQL's for each column."""
        columns = self._plain_columns()
        arrays = (sa.bindparam(column.name, type_=ARRAY(_unbounded(column))) for column in columns)
        return self._from(sa.func.unnest(*arrays).table_valued(*columns).render_derived(STAGED))

    def _plain_columns(self) -> list[sa.ColumnClause[Any]]:
        return [sa.column(column, self._table.c[column].type) for column in self.columns]

    def _from(self, rows: sa.FromClause) -> Query:
        statement = Insert(self._table).from_select(list(self.columns), sa.select(*rows.c))
        return Query(self._conflict(statement) if self._conflict else statement)

    @property
    def of_one(self) -> Query:
        """The insert of a single row."""
        return self._form(1)

    def _form(self, size: int) -> Query:
        form = self._forms.get(size)
        if form is None:
            form = self._forms[size] = Query(self._statement(size))
        return form

    def _statement(self, size: int) -> Insert:
        rows: Any = [{column: sa.bindparam(f"{column}_{row}") for column in self.columns} for row in range(size)]
        statement = Insert(self._table).values(rows)
        return self._conflict(statement) if self._conflict else statement

    def parts(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Query, list[Any]]]:
        """Statements and their arguments in order, for rows whose values are in the order of the columns."""
        if len(rows) in _SIZES:
            yield self._form(len(rows)), list(chain.from_iterable(rows))
            return
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                yield self._form(size), list(chain.from_iterable(rows[start : start + size]))
                start += size


def _unbounded(column: sa.ColumnClause[Any]) -> Any:
    # A cast to text of some length would cut off what is longer, where the column itself refuses it.
    return sa.Text() if isinstance(column.type, sa.String) else column.type


def ignore_known(statement: Insert) -> Insert:
    """A row that is there already stays as it is."""
    return statement.on_conflict_do_nothing()
