"""How a search compares tags, the same for models and versions, and MLflow's rule for prompts."""

import sqlalchemy as sa

from modelkeep.registry.rules import PROMPT_TAG
from modelkeep.search.pairs import holds_pair, owners_of_pair
from modelkeep.search.space import Attribute, Clause, Filter, Kind


def tags_attribute(tags: sa.Table, *owner: sa.Column[int]) -> Attribute:
    """Tags of the rows of `owner`, any key."""
    return Attribute(
        Kind.TEXT,
        lambda condition, clause: holds_pair(tags, owner, condition, clause),
        lambda condition, clause: owners_of_pair(tags, clause),
    )


def split_prompts(found: Filter) -> tuple[int, tuple[Clause, ...]]:
    """MLflow's rule for prompts: left out, unless the first clause on their tag asks for them.

    That clause is about the flag then, and no condition on a tag, which models that are no prompts do not have.
    """
    first = next((clause for clause in found.clauses if (clause.entity, clause.key) == ("tags", PROMPT_TAG)), None)
    if first is None:
        return 0, found.clauses
    asked = (first.operator, str(found.values.get(first.parameter, "")).lower())
    wanted = asked in (("=", "true"), ("!=", "false"))
    return int(wanted), tuple(clause for clause in found.clauses if clause is not first)
