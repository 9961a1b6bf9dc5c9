"""Tags of models and versions, and MLflow's rule that one of them makes a prompt."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.fields import Tag
from modelkeep.registry.rules import PROMPT_TAG
from modelkeep.storage.query import Query
from modelkeep.storage.tag_table import TagTable
from modelkeep.storage.transaction import Transaction


class RegistryTags:
    """Tags whose owners know whether they are prompts. `owner` maps columns of the tags to those of the owner."""

    def __init__(self, tags: sa.Table, owners: sa.Table, owner: dict[str, str]) -> None:
        self._table = TagTable(tags, *owner)
        self._owner = tuple(owner)
        self._mark_prompt = Query(
            sa.update(owners)
            .where(*(owners.c[theirs] == sa.bindparam(f"_{ours}") for ours, theirs in owner.items()))
            .values(is_prompt=sa.bindparam("_prompt"))
        )

    def put(self, tx: Transaction, tags: Sequence[Tag], *owner: int) -> None:
        """Set tags, each over what its key had."""
        self._table.put(tx, tags, *owner)
        for tag in tags:
            self._note_prompt(tx, owner, tag.key, tag.value)

    def drop(self, tx: Transaction, keys: Sequence[str], *owner: int) -> list[str]:
        """Delete tags; a key that is not there is no error, as in MLflow. Returns those that were there."""
        for key in keys:
            self._note_prompt(tx, owner, key, "")
        return [key for key in keys if self._table.drop(tx, [key], *owner)]

    def _note_prompt(self, tx: Transaction, owner: tuple[int, ...], key: str, value: str) -> None:
        if key == PROMPT_TAG:
            keys = {f"_{column}": row for column, row in zip(self._owner, owner, strict=True)}
            tx.run(self._mark_prompt, **keys, _prompt=int(value.lower() == "true"))
