"""Indexes for what searches filter by, and versions in the order of their model.

Revision ID: 0008
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_STAGED = sa.text("stage != 'None'")
_OF_RUN = sa.text("source_run_id != ''")


def upgrade() -> None:
    op.drop_index("ix_model_versions_named", table_name="model_versions")
    _index(
        "ix_model_versions_of_model", "model_versions", "model_id", sa.text("updated_at DESC"), sa.text("version DESC")
    )
    _index("ix_model_versions_numbered", "model_versions", "platform_id", "version", "name")
    _index("ix_model_versions_created", "model_versions", "platform_id", "created_at")
    _index("ix_model_versions_source", "model_versions", "platform_id", sa.text("substr(source, 1, 200)"))
    _index("ix_model_versions_in_stage", "model_versions", "platform_id", "stage", where=_STAGED)
    _index("ix_registered_models_created", "registered_models", "platform_id", "created_at")
    _index("ix_registered_model_aliases_alias", "registered_model_aliases", "alias", "model_id", "version")
    _index("ix_experiments_updated", "experiments", "workspace_id", "updated_at")
    for name, column in (("ix_runs_status", "status"), ("ix_runs_user", "user_id")):
        _index(name, "runs", "experiment_id", column, sa.text("start_time DESC"), "key")
    _index("ix_runs_ended", "runs", "experiment_id", "end_time")
    _index("ix_runs_artifacts", "runs", "experiment_id", sa.text("substr(artifact_uri, 1, 200)"))
    _index("ix_run_dataset_tags_value", "run_dataset_tags", "key", sa.text("substr(value, 1, 200)"), "run_id")
    _index("ix_logged_models_name", "logged_models", "experiment_id", "name")
    _index("ix_logged_models_source_run", "logged_models", "experiment_id", "source_run_id", where=_OF_RUN)


def _index(name: str, table: str, *columns: str | sa.TextClause, where: sa.TextClause | None = None) -> None:
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table, names in (
        ("logged_models", ("source_run", "name")),
        ("run_dataset_tags", ("value",)),
        ("runs", ("artifacts", "ended", "user", "status")),
        ("experiments", ("updated",)),
        ("registered_model_aliases", ("alias",)),
        ("registered_models", ("created",)),
        ("model_versions", ("in_stage", "source", "created", "numbered", "of_model")),
    ):
        for name in names:
            op.drop_index(f"ix_{table}_{name}", table_name=table)
    _index(
        "ix_model_versions_named",
        "model_versions",
        "platform_id",
        "name",
        sa.text("updated_at DESC"),
        sa.text("version DESC"),
    )
