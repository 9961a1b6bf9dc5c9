"""What all tables share: names of constraints, row ids, and the two commonest columns."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite makes its row ids only in a column that is declared exactly INTEGER.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    """Text that is "" where there is none."""
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def index_values(tags: sa.Table, *owner: sa.Column[int]) -> None:
    """Index key and value of a table of tags or params.

    A value may be 100,000 characters, more than PostgreSQL can index: its first 200 tell values apart well enough.
    """
    sa.Index(f"ix_{tags.name}_value", tags.c.key, sa.func.substr(tags.c.value, 1, 200), *owner)
