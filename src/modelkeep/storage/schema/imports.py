"""What was imported from where, and how far an import has come that is not at its end."""

import sqlalchemy as sa

from modelkeep.storage.schema.base import RowId, metadata, number, text

# `state` is written in the transaction of what it tells of: a crash leaves both or neither.
imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("source", sa.String(2048), nullable=False),
    text("state"),
    number("started_at"),
    sa.Column("finished_at", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("workspace_id", "source"),
)
