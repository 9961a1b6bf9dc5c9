"""How tags are kept, the same for models and versions: one table each, a row a tag."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.limits import Limits
from modelkeep.registry.rules import PROMPT_TAG, Tag, TagKey, check_tag_key, check_tags
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction


class TagTable:
    """The statements on one table of tags. `owner` names the columns of the row that tags belong to."""

    def __init__(self, tags: sa.Table, owners: sa.Table, owner: dict[str, str]) -> None:
        one_tag = [tags.c[column] == sa.bindparam(f"_{column}") for column in owner]
        one_tag.append(tags.c.key == sa.bindparam("_key"))
        self._owner = owner
        self._update = Query(sa.update(tags).where(*one_tag).values(value=sa.bindparam("_value")))
        self._delete = Query(sa.delete(tags).where(*one_tag))
        self._insert = Query(
            sa.insert(tags).values({column: sa.bindparam(f"_{column}") for column in (*owner, "key", "value")})
        )
        self._mark_prompt = Query(
            sa.update(owners)
            .where(*(owners.c[theirs] == sa.bindparam(f"_{ours}") for ours, theirs in owner.items()))
            .values(is_prompt=sa.bindparam("_prompt"))
        )

    def put(self, tx: Transaction, tags: Sequence[Tag], **owner: int) -> None:
        """Set tags, each over what its key had."""
        keys = {f"_{column}": owner[column] for column in self._owner}
        for tag in tags:
            parameters = {**keys, "_key": tag.key, "_value": tag.value}
            if tx.run(self._update, **parameters) == 0:
                tx.run(self._insert, **parameters)
            self._note_prompt(tx, keys, tag.key, tag.value)

    def drop(self, tx: Transaction, names: Sequence[str], **owner: int) -> int:
        """Delete tags; a key that is not there is no error, as in MLflow. Returns how many were there."""
        keys = {f"_{column}": owner[column] for column in self._owner}
        dropped = 0
        for name in names:
            dropped += tx.run(self._delete, **keys, _key=name)
            self._note_prompt(tx, keys, name, "")
        return dropped

    def _note_prompt(self, tx: Transaction, keys: dict[str, int], key: str, value: str) -> None:
        if key == PROMPT_TAG:
            tx.run(self._mark_prompt, **keys, _prompt=int(value.lower() == "true"))


def check_tag_changes(
    set_tags: Sequence[Tag], delete_tags: Sequence[TagKey], limits: Limits
) -> tuple[Sequence[Tag], Sequence[str]]:
    """What a request that sets and deletes at once asks for, checked: no key in both lists."""
    check_tags(set_tags, limits, "set_tags")
    for tag in delete_tags:
        check_tag_key(tag.key, limits, "delete_tags.key")
    deleted = [tag.key for tag in delete_tags]
    if both := {tag.key for tag in set_tags} & set(deleted):
        raise invalid_parameter("delete_tags", f"{sorted(both)} are to be set and deleted at once.")
    return set_tags, deleted
