"""How values of metrics, of runs and of logged models, are compared and read."""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.space import Clause, Condition
from modelkeep.storage.schema import metric_keys


def key_id(name: str) -> sa.ScalarSelect[int]:
    """The number of a metric's name, looked up once a statement."""
    return sa.select(metric_keys.c.id).where(metric_keys.c.name == name).scalar_subquery()


def compared_metric(metrics: Any, condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    """A condition on a value that may be NaN, which differs from every number and compares with none."""
    if clause.operator == "!=":
        return sa.or_(condition(metrics.value), metrics.is_nan == sa.literal_column("1"))
    return sa.and_(metrics.is_nan == sa.literal_column("0"), condition(metrics.value))


def or_null(metrics: Any) -> sa.ColumnElement[Any]:
    """The value, NULL for NaN: a column less is a fifth less of what SQLite's driver does for a row."""
    return sa.case((metrics.is_nan == sa.literal_column("0"), metrics.value)).label("value")
