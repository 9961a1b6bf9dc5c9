"""How tags are kept, the same for everything that has tags: one table each, a row a tag."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.core.fields import Tag
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction


class TagTable:
    """The statements on one table of tags. `owner` names the columns of the row that tags belong to."""

    def __init__(self, tags: sa.Table, *owner: str) -> None:
        one_tag = [tags.c[column] == sa.bindparam(column) for column in (*owner, "key")]
        self._put = BulkInsert(tags, (*owner, "key", "value"), _over)
        self._delete = Query(sa.delete(tags).where(*one_tag))
        self._owner = owner

    def put(self, tx: Transaction, tags: Sequence[Tag], *owner: int) -> None:
        """Set tags, each over what its key had."""
        tx.insert(self._put, [(*owner, tag.key, tag.value) for tag in sorted(tags, key=_key)])

    def drop(self, tx: Transaction, keys: Sequence[str], *owner: int) -> int:
        """Delete tags; a key that is not there is no error. Returns how many were there."""
        keyed = dict(zip(self._owner, owner, strict=True))
        return sum(tx.run(self._delete, **keyed, key=key) for key in keys)


def _over(statement: Insert) -> Insert:
    keys = [column.name for column in statement.table.primary_key]
    return statement.on_conflict_do_update(index_elements=keys, set_={"value": statement.excluded.value})


def _key(tag: Tag) -> str:
    # Two writes that set the same tags in different orders would wait for each other on PostgreSQL.
    return tag.key


def pairs(tags: sa.Table, *of: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
    """A row's tags or params as a JSON array of keys and values, text; `of` ties them to the row."""
    listed = json_objects(sa.literal_column("'key'"), tags.c.key, sa.literal_column("'value'"), tags.c.value)
    return sa.select(listed).where(*of).correlate_except(tags).scalar_subquery()
