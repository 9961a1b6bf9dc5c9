"""The registry: platforms, workspaces, models, versions, tags, aliases, write records."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "platforms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("default_artifact_root", sa.Text(), server_default="", nullable=False),
        sa.Column("trace_archival_location", sa.Text(), server_default="", nullable=False),
        sa.Column("trace_archival_retention", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platforms")),
        sa.UniqueConstraint("key", name=op.f("uq_platforms_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_secrets")),
    )
    op.create_table(
        "write_records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("platform_id", sa.BigInteger(), nullable=True),
        sa.Column("workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("principal", sa.Text(), server_default="", nullable=False),
        sa.Column("operation", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("subject_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("subject_id", sa.Text(), server_default="", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_token", sa.String(length=64), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_records")),
    )
    op.create_index(
        "ix_write_records_held",
        "write_records",
        ["at"],
        unique=False,
        sqlite_where=sa.text("retry_token IS NOT NULL"),
        postgresql_where=sa.text("retry_token IS NOT NULL"),
    )
    op.create_index(
        "uq_write_records_token",
        "write_records",
        ["principal", "retry_token"],
        unique=True,
        sqlite_where=sa.text("retry_token IS NOT NULL"),
        postgresql_where=sa.text("retry_token IS NOT NULL"),
    )
    op.create_table(
        "registered_models",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("platform_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("deployment_job_id", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("last_version", sa.BigInteger(), nullable=False),
        sa.Column("is_prompt", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_registered_models_platform_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_models")),
        sa.UniqueConstraint("platform_id", "name", name=op.f("uq_registered_models_platform_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("platform_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("display_name", sa.String(length=500), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("default_catalog_key", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_by", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_workspaces_platform_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("platform_id", "display_name", name=op.f("uq_workspaces_platform_id_display_name")),
        sa.UniqueConstraint("platform_id", "key", name=op.f("uq_workspaces_platform_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_versions",
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("platform_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("storage_location", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("run_link", sa.Text(), server_default="", nullable=False),
        sa.Column("logged_model_id", sa.Text(), server_default="", nullable=False),
        sa.Column("is_prompt", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["registered_models.id"], name=op.f("fk_model_versions_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "version", name=op.f("pk_model_versions")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_model_versions_named",
        "model_versions",
        ["platform_id", "name", sa.literal_column("updated_at DESC"), sa.literal_column("version DESC")],
        unique=False,
    )
    op.create_index(
        "ix_model_versions_run",
        "model_versions",
        ["platform_id", "run_id"],
        unique=False,
        sqlite_where=sa.text("run_id != ''"),
        postgresql_where=sa.text("run_id != ''"),
    )
    op.create_index(
        "ix_model_versions_staged",
        "model_versions",
        ["model_id", "stage", sa.literal_column("version DESC")],
        unique=False,
        sqlite_where=sa.text("stage != 'None'"),
        postgresql_where=sa.text("stage != 'None'"),
    )
    op.create_index(
        "ix_model_versions_updated",
        "model_versions",
        ["platform_id", sa.literal_column("updated_at DESC"), "name", sa.literal_column("version DESC")],
        unique=False,
    )
    op.create_table(
        "registered_model_tags",
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["registered_models.id"], name=op.f("fk_registered_model_tags_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "key", name=op.f("pk_registered_model_tags")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_version_tags",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name=op.f("fk_model_version_tags_model_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_id", "version", "key", name=op.f("pk_model_version_tags")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registered_model_aliases",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("alias", sa.String(length=255), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name=op.f("fk_registered_model_aliases_model_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_id", "alias", name=op.f("pk_registered_model_aliases")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_registered_model_aliases_version", "registered_model_aliases", ["model_id", "version"], unique=False
    )
    op.create_index(
        "ix_registered_model_tags_value", "registered_model_tags", ["key", sa.text("substr(value, 1, 200)"), "model_id"]
    )
    op.create_index(
        "ix_model_version_tags_value",
        "model_version_tags",
        ["key", sa.text("substr(value, 1, 200)"), "model_id", "version"],
    )


def downgrade() -> None:
    op.drop_index("ix_registered_model_aliases_version", table_name="registered_model_aliases")
    op.drop_table("registered_model_aliases")
    op.drop_table("model_version_tags")
    op.drop_table("registered_model_tags")
    op.drop_index("ix_model_versions_updated", table_name="model_versions")
    op.drop_index(
        "ix_model_versions_staged",
        table_name="model_versions",
        sqlite_where=sa.text("stage != 'None'"),
        postgresql_where=sa.text("stage != 'None'"),
    )
    op.drop_index(
        "ix_model_versions_run",
        table_name="model_versions",
        sqlite_where=sa.text("run_id != ''"),
        postgresql_where=sa.text("run_id != ''"),
    )
    op.drop_index("ix_model_versions_named", table_name="model_versions")
    op.drop_table("model_versions")
    op.drop_table("workspaces")
    op.drop_table("registered_models")
    op.drop_index(
        "uq_write_records_token",
        table_name="write_records",
        sqlite_where=sa.text("retry_token IS NOT NULL"),
        postgresql_where=sa.text("retry_token IS NOT NULL"),
    )
    op.drop_index(
        "ix_write_records_held",
        table_name="write_records",
        sqlite_where=sa.text("retry_token IS NOT NULL"),
        postgresql_where=sa.text("retry_token IS NOT NULL"),
    )
    op.drop_table("write_records")
    op.drop_table("server_secrets")
    op.drop_table("platforms")
