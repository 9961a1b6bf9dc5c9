"""The tables of an MLflow database of any release: what one does not have yet reads as its default."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from modelkeep.importing.source import SourceUnusable
from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.foreign import ForeignDatabase
from modelkeep.storage.transaction import Row

_NEEDED = ("experiments", "runs", "metrics", "latest_metrics", "params", "tags")
_COPY_OF_MIGRATION = "_alembic_tmp_"
# The schema of MLflow 2.9 and all since. A database at another one may be half migrated.
_REVISIONS = frozenset(
    re.findall(
        r"\w+",
        """
        acf3f17fdcc7 867495a8f9d4 5b0e9adcef9c 4465047574b1 f5a4f2784254 0584bdc529eb 400f98739977
        6953534de441 bda7b8c39065 cbc13b556ace 770bee3ae1dd a1b2c3d4e5f6 de4033877273 1a0cddfcaa16
        534353b11cbc 71994744cf8e 3da73c924c2f bf29a5ff90ea 1bd49d398cd23 b7c8d9e0f1a2 5d2d30f0abce
        c9d4e5f6a7b8 2c33131f4dae d3e4f5a6b7c8 d0e1f2a3b4c5 c8d9e0f1a2b3 1b5f0d9ad7c1 e1f2a3b4c5d6
        76601a5f987d c3d6457b6d8a a5b4c3d2e1f0 ae8bbe7743c9 7d34483879f0 da6fb0208061 89d3d66ed43f
        b7e4c1a90f23 a8b9c0d1e2f3 c1d2e3f4a5b6 c3d9e7f1a2b4 6f8d9c3b2a1e 1971f2d9a75b 17e22815139b
        b7e2c1a4d9f3 75868b020152 dc11669786a5
        """,
    )
)


class Part:
    """A table, or what stands for a table that is not there."""

    def __init__(self, name: str, columns: frozenset[str]) -> None:
        self.exists = bool(columns)
        self._has = columns
        self._table = sa.table(name, *map(sa.column, columns))

    @property
    def table(self) -> sa.TableClause:
        return self._table

    def has(self, column: str) -> bool:
        return column in self._has

    def select(self, *columns: str) -> sa.Select[Any]:
        """Rows of these columns, NULL for those that this release does not have."""
        return sa.select(*(self.get(column) for column in columns)).select_from(self._table)

    def __getitem__(self, column: str) -> sa.ColumnElement[Any]:
        return self._table.c[column]

    def get(self, column: str, default: str | int | None = None) -> sa.ColumnElement[Any]:
        """A column, or its default where this release has none or the row has NULL."""
        if column not in self._has:
            return sa.null() if default is None else sa.literal(default)
        return self[column] if default is None else sa.func.coalesce(self[column], sa.literal(default))


class MlflowTables:
    """An MLflow database, opened. `workspace` is one of those that MLflow has since 3.10."""

    def __init__(self, place: Path | str, shown: str, workspace: str) -> None:
        self._shown = shown
        try:
            self._database = ForeignDatabase(place)
            self._check()
        except DatabaseUnusable as error:
            raise SourceUnusable(f"{shown} is no MLflow database that can be imported: {error}") from None
        self.workspace = workspace

    def _check(self) -> None:
        if missing := [table for table in _NEEDED if not self._database.columns(table)]:
            raise DatabaseUnusable(f"it has no table '{missing[0]}'.")
        # On SQLite a table is altered by way of a copy, which is there only while that is done.
        if left := sorted(table for table in self._database.tables if table.startswith(_COPY_OF_MIGRATION)):
            raise DatabaseUnusable(
                f"a migration of it was interrupted, and left the table '{left[0]}'. Take the backup from before it."
            )
        revisions = (
            [
                row[0]
                for row in self._database.all(
                    sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))
                )
            ]
            if self._database.columns("alembic_version")
            else []
        )
        if len(revisions) != 1 or revisions[0] not in _REVISIONS:
            raise DatabaseUnusable(
                f"its schema revision is {', '.join(revisions) or 'none'}, which is not one of MLflow 2.9 to 3.17. "
                "Where it is older, or its migration was interrupted, `mlflow db upgrade` mends it."
            )

    def part(self, name: str) -> Part:
        return Part(name, self._database.columns(name))

    def rows(self, statement: sa.Select[Any], at_once: int) -> Iterator[list[Row]]:
        try:
            yield from self._database.rows(statement, at_once)
        except DatabaseUnusable as error:
            raise SourceUnusable(f"{self._shown} failed: {error}") from None

    def all(self, statement: sa.Select[Any]) -> list[Row]:
        return [row for part in self.rows(statement, 1_000) for row in part]

    def count(self, part: Part, *conditions: sa.ColumnElement[bool]) -> int:
        if not part.exists:
            return 0
        return int(self.all(sa.select(sa.func.count()).select_from(part.table).where(*conditions))[0][0])

    def here(self, part: Part) -> Sequence[sa.ColumnElement[bool]]:
        """The condition that a row is of the workspace; none where the release has no workspaces."""
        return [part["workspace"] == self.workspace] if part.has("workspace") else []

    def close(self) -> None:
        self._database.close()
