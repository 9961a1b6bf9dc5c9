"""Removals of artifacts that fail are tried again later, each by itself.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("artifact_removals", sa.Column("due_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("artifact_removals", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("artifact_removals", sa.Column("last_error", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_artifact_removals_due", "artifact_removals", ["due_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_artifact_removals_due", table_name="artifact_removals")
    for column in ("last_error", "attempts", "due_at"):
        op.drop_column("artifact_removals", column)
