"""How a search compares tags, the same for models and versions, and MLflow's rule for prompts."""

import sqlalchemy as sa

from modelkeep.registry.rules import PROMPT_TAG
from modelkeep.search.space import Condition
from modelkeep.search.syntax import Comparison


def tag_condition(
    tags: sa.Table, owner: tuple[sa.Column[int], ...], key: str, condition: Condition, clause: Comparison
) -> sa.ColumnElement[bool]:
    """The rows of `owner` that have a tag with this key whose value meets the condition.

    Equality is looked up by the index of values, which has their first 200 characters. Any other comparison
    asks each row in turn.
    """
    owned = tags.primary_key.columns[: len(owner)]
    if clause.operator != "=":
        match = (theirs == ours for theirs, ours in zip(owned, owner, strict=True))
        return sa.exists().where(*match, tags.c.key == key, condition(tags.c.value)).correlate(owner[0].table)
    start = sa.func.substr(tags.c.value, sa.literal_column("1"), sa.literal_column("200"))
    value = str(clause.value)
    found = sa.select(*owned).where(tags.c.key == key, start == value[:200], condition(tags.c.value))
    return sa.tuple_(*owner).in_(found) if len(owner) > 1 else owner[0].in_(found)


def prompt_conditions(
    flag: sa.Column[int], conditions: list[sa.ColumnElement[bool]], clauses: list[Comparison]
) -> tuple[sa.ColumnElement[bool], list[sa.ColumnElement[bool]]]:
    """MLflow's rule for prompts: left out, unless the first clause on their tag asks for them.

    That clause is about the flag then, and no condition on a tag, which models that are no prompts do not have.
    """
    about = [clause.entity in ("tag", "tags") and clause.key == PROMPT_TAG for clause in clauses]
    wanted = False
    if True in about:
        clause = clauses[about.index(True)]
        wanted = (clause.operator, str(clause.value).lower()) in (("=", "true"), ("!=", "false"))
    rest = [condition for condition, skip in zip(conditions, about, strict=True) if not skip]
    return flag == int(wanted), rest
