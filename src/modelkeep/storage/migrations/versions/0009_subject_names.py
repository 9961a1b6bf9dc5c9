"""Records name what was changed as people do: a row's id says nothing once the row is gone.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("write_records", sa.Column("subject_name", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("write_records", "subject_name")
