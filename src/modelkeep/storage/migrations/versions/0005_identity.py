"""Identities and grants; where a model was created; who called, from where, and what was refused.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_changes",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_changes")),
    )
    op.create_table(
        "principals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("platform_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_principals_platform_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_principals")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_principals_everywhere",
        "principals",
        ["kind", "name"],
        unique=True,
        sqlite_where=sa.text("platform_id IS NULL"),
        postgresql_where=sa.text("platform_id IS NULL"),
    )
    op.create_index(
        "uq_principals_of_platform",
        "principals",
        ["platform_id", "kind", "name"],
        unique=True,
        sqlite_where=sa.text("platform_id IS NOT NULL"),
        postgresql_where=sa.text("platform_id IS NOT NULL"),
    )
    op.create_table(
        "memberships",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["principals.id"], name=op.f("fk_memberships_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["principals.id"], name=op.f("fk_memberships_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_memberships")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_memberships_member_id", "memberships", ["member_id"], unique=False)
    op.create_table(
        "platform_grants",
        sa.Column("platform_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission", sa.SmallInteger(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_grants_platform_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_platform_grants_principal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform_id", "principal_id", name=op.f("pk_platform_grants")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_platform_grants_principal_id", "platform_grants", ["principal_id", "platform_id"], unique=False)
    op.create_table(
        "registered_model_grants",
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission", sa.SmallInteger(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["registered_models.id"], name=op.f("fk_registered_model_grants_model_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name=op.f("fk_registered_model_grants_principal_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_id", "principal_id", name=op.f("pk_registered_model_grants")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_registered_model_grants_principal_id", "registered_model_grants", ["principal_id", "model_id"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("display_name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("is_administrator", sa.SmallInteger(), nullable=False),
        sa.Column("is_disabled", sa.SmallInteger(), nullable=False),
        sa.Column("acts_for_others", sa.SmallInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["principals.id"], name=op.f("fk_users_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(
        "uq_users_subject",
        "users",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=sa.text("subject != ''"),
        postgresql_where=sa.text("subject != ''"),
    )
    op.create_table(
        "workspace_grants",
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission", sa.SmallInteger(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_workspace_grants_principal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_workspace_grants_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "principal_id", name=op.f("pk_workspace_grants")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_workspace_grants_principal_id", "workspace_grants", ["principal_id", "workspace_id"], unique=False
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("permission", sa.SmallInteger(), nullable=False),
        sa.Column("platform_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_access_tokens_platform_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_access_tokens_digest")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_access_tokens_user_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.String(length=600), nullable=False),
        sa.Column("fingerprint", sa.String(length=100), nullable=False),
        sa.Column("public_key", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_api_keys_key_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"], unique=False)
    op.create_table(
        "browser_sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_browser_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_browser_sessions")),
    )
    op.create_index("ix_browser_sessions_expires_at", "browser_sessions", ["expires_at"], unique=False)
    op.create_index("ix_browser_sessions_user_id", "browser_sessions", ["user_id"], unique=False)
    op.create_table(
        "experiment_grants",
        sa.Column("experiment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission", sa.SmallInteger(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_experiment_grants_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_experiment_grants_principal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("experiment_id", "principal_id", name=op.f("pk_experiment_grants")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_experiment_grants_principal_id", "experiment_grants", ["principal_id", "experiment_id"], unique=False
    )
    op.add_column("registered_models", sa.Column("workspace_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_registered_models_workspace_id", "registered_models", ["workspace_id"], unique=False)
    op.add_column("write_records", sa.Column("caller", sa.Text(), server_default="", nullable=False))
    op.add_column("write_records", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("write_records", sa.Column("refusal", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("write_records", "refusal")
    op.drop_column("write_records", "address")
    op.drop_column("write_records", "caller")
    op.drop_index("ix_registered_models_workspace_id", table_name="registered_models")
    op.drop_column("registered_models", "workspace_id")
    op.drop_index("ix_experiment_grants_principal_id", table_name="experiment_grants")
    op.drop_table("experiment_grants")
    op.drop_index("ix_browser_sessions_user_id", table_name="browser_sessions")
    op.drop_index("ix_browser_sessions_expires_at", table_name="browser_sessions")
    op.drop_table("browser_sessions")
    op.drop_index("ix_api_keys_user_id", table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("access_tokens")
    op.drop_index("ix_workspace_grants_principal_id", table_name="workspace_grants")
    op.drop_table("workspace_grants")
    op.drop_index(
        "uq_users_subject",
        table_name="users",
        sqlite_where=sa.text("subject != ''"),
        postgresql_where=sa.text("subject != ''"),
    )
    op.drop_table("users")
    op.drop_index("ix_registered_model_grants_principal_id", table_name="registered_model_grants")
    op.drop_table("registered_model_grants")
    op.drop_index("ix_platform_grants_principal_id", table_name="platform_grants")
    op.drop_table("platform_grants")
    op.drop_index("ix_memberships_member_id", table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(
        "uq_principals_of_platform",
        table_name="principals",
        sqlite_where=sa.text("platform_id IS NOT NULL"),
        postgresql_where=sa.text("platform_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_principals_everywhere",
        table_name="principals",
        sqlite_where=sa.text("platform_id IS NULL"),
        postgresql_where=sa.text("platform_id IS NULL"),
    )
    op.drop_table("principals")
    op.drop_table("identity_changes")
