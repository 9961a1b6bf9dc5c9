"""What the processes on one database know of each other's limits. All of it is forgotten within minutes."""

import sqlalchemy as sa

from modelkeep.storage.schema.base import metadata, number

# When the bucket of an address or a user is full again. Of what it is, only a digest is kept: people type passwords
# where names belong.
failed_log_ins = sa.Table(
    "failed_log_ins",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    number("full_at"),
)

# How many requests of an address or a user a process has let in, counted from `since` on.
request_counts = sa.Table(
    "request_counts",
    metadata,
    sa.Column("process", sa.String(32), nullable=False),
    sa.Column("caller", sa.String(300), nullable=False),
    number("since"),
    number("requests"),
    number("at"),
    sa.PrimaryKeyConstraint("process", "caller"),
)
