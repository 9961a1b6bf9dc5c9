"""Experiments, runs and what is logged to them, datasets and logged models.

An experiment's number and the keys of runs and logged models are what clients know them by, unique in their workspace:
what is imported keeps its ids. Row ids are the server's own.
"""

import sqlalchemy as sa

from modelkeep.storage.schema.base import RowId, index_values, metadata, number, text


def _belongs(column: str, parent: str) -> sa.Column[int]:
    return sa.Column(column, sa.ForeignKey(f"{parent}.id", ondelete="CASCADE"), nullable=False)


def _tags(name: str, column: str, owner: str) -> sa.Table:
    """A table of keys and values that belong to a row."""
    table = sa.Table(
        name,
        metadata,
        _belongs(column, owner),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint(column, "key"),
        sqlite_with_rowid=False,
    )
    index_values(table, table.c[column])
    return table


experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    _belongs("workspace_id", "workspaces"),
    number("number"),
    sa.Column("name", sa.String(500), nullable=False),
    text("artifact_location"),
    sa.Column("lifecycle_stage", sa.String(20), nullable=False),
    number("created_at"),
    number("updated_at"),
    number("revision"),
    sa.UniqueConstraint("workspace_id", "number"),
    sa.UniqueConstraint("workspace_id", "name"),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_experiments_created",
    experiments.c.workspace_id,
    experiments.c.created_at.desc(),
    experiments.c.number,
)
sa.Index("ix_experiments_updated", experiments.c.workspace_id, experiments.c.updated_at)
experiment_tags = _tags("experiment_tags", "experiment_id", "experiments")

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    _belongs("workspace_id", "workspaces"),
    _belongs("experiment_id", "experiments"),
    sa.Column("key", sa.String(64), nullable=False),
    text("name"),
    text("user_id"),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("start_time", sa.BigInteger, nullable=False),
    sa.Column("end_time", sa.BigInteger, nullable=True),
    sa.Column("lifecycle_stage", sa.String(20), nullable=False),
    sa.Column("deleted_at", sa.BigInteger, nullable=True),
    text("artifact_uri"),
    sa.Column("recent_points", sa.BigInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("workspace_id", "key"),
    sqlite_autoincrement=True,
)
# The order in which runs are searched by default.
sa.Index("ix_runs_started", runs.c.experiment_id, runs.c.start_time.desc(), runs.c.key)
# What they are filtered by. A status or a user, found by its index, has the default order as well.
sa.Index("ix_runs_status", runs.c.experiment_id, runs.c.status, runs.c.start_time.desc(), runs.c.key)
sa.Index("ix_runs_user", runs.c.experiment_id, runs.c.user_id, runs.c.start_time.desc(), runs.c.key)
sa.Index("ix_runs_ended", runs.c.experiment_id, runs.c.end_time)
sa.Index("ix_runs_artifacts", runs.c.experiment_id, sa.func.substr(runs.c.artifact_uri, 1, 200))
params = _tags("params", "run_id", "runs")
run_tags = _tags("run_tags", "run_id", "runs")

# A metric's name is kept once: a run of a million points repeats a small number.
metric_keys = sa.Table(
    "metric_keys",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(250), nullable=False, unique=True),
)
# Clustered so that the history of one metric of one run is one range, in the order in which it is answered.
# NaN is no number to SQL: its row has the value 0 and says so.
metrics = sa.Table(
    "metrics",
    metadata,
    _belongs("run_id", "runs"),
    number("key_id"),
    number("timestamp"),
    number("step"),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
    sa.PrimaryKeyConstraint("run_id", "key_id", "timestamp", "step", "value", "is_nan"),
    sqlite_with_rowid=False,
)
# Batches of many metrics come here first, in the order in which they are logged: in `metrics` each of their points
# falls on a page of its own. A run has `runs.recent_points` of them at most before they are moved over together.
recent_metrics = sa.Table(
    "recent_metrics",
    metadata,
    _belongs("run_id", "runs"),
    number("key_id"),
    number("timestamp"),
    number("step"),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
    sa.PrimaryKeyConstraint("run_id", "timestamp", "step", "key_id", "value", "is_nan"),
    sqlite_with_rowid=False,
)
latest_metrics = sa.Table(
    "latest_metrics",
    metadata,
    _belongs("run_id", "runs"),
    number("key_id"),
    number("experiment_id"),
    number("timestamp"),
    number("step"),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
    sa.PrimaryKeyConstraint("run_id", "key_id"),
    sa.Index("ix_latest_metrics_value", "experiment_id", "key_id", "is_nan", "value", "run_id"),
    sqlite_with_rowid=False,
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    _belongs("experiment_id", "experiments"),
    sa.Column("name", sa.String(500), nullable=False),
    sa.Column("digest", sa.String(36), nullable=False),
    text("source_type"),
    text("source"),
    text("schema"),
    text("profile"),
    sa.UniqueConstraint("experiment_id", "name", "digest"),
    sqlite_autoincrement=True,
)
run_datasets = sa.Table(
    "run_datasets",
    metadata,
    _belongs("run_id", "runs"),
    _belongs("dataset_id", "datasets"),
    sa.PrimaryKeyConstraint("run_id", "dataset_id"),
    sa.Index("ix_run_datasets_dataset", "dataset_id", "run_id"),
    sqlite_with_rowid=False,
)
run_dataset_tags = sa.Table(
    "run_dataset_tags",
    metadata,
    number("run_id"),
    number("dataset_id"),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("run_id", "dataset_id", "key"),
    sa.ForeignKeyConstraint(
        ["run_id", "dataset_id"], ["run_datasets.run_id", "run_datasets.dataset_id"], ondelete="CASCADE"
    ),
    sqlite_with_rowid=False,
)

index_values(run_dataset_tags, run_dataset_tags.c.run_id)

logged_models = sa.Table(
    "logged_models",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    _belongs("workspace_id", "workspaces"),
    _belongs("experiment_id", "experiments"),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("name", sa.String(500), nullable=False),
    text("artifact_location"),
    number("created_at"),
    number("updated_at"),
    sa.Column("status", sa.String(40), nullable=False),
    text("status_message"),
    text("model_type"),
    text("source_run_id"),
    sa.Column("lifecycle_stage", sa.String(20), nullable=False),
    sa.Column("deleted_at", sa.BigInteger, nullable=True),
    number("revision"),
    sa.UniqueConstraint("workspace_id", "key"),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_logged_models_created", logged_models.c.experiment_id, logged_models.c.created_at.desc(), logged_models.c.key
)
sa.Index("ix_logged_models_name", logged_models.c.experiment_id, logged_models.c.name)
_made_by_a_run = logged_models.c.source_run_id != ""
sa.Index(
    "ix_logged_models_source_run",
    logged_models.c.experiment_id,
    logged_models.c.source_run_id,
    sqlite_where=_made_by_a_run,
    postgresql_where=_made_by_a_run,
)
logged_model_tags = _tags("logged_model_tags", "model_id", "logged_models")
logged_model_params = _tags("logged_model_params", "model_id", "logged_models")
# What was measured of a model, by which run and on which data.
logged_model_metrics = sa.Table(
    "logged_model_metrics",
    metadata,
    _belongs("model_id", "logged_models"),
    number("key_id"),
    number("timestamp"),
    number("step"),
    _belongs("run_id", "runs"),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
    sa.Column("dataset_name", sa.String(500), nullable=False, server_default=""),
    sa.Column("dataset_digest", sa.String(36), nullable=False, server_default=""),
    sa.PrimaryKeyConstraint("model_id", "key_id", "timestamp", "step", "run_id", "dataset_name", "dataset_digest"),
    sa.Index("ix_logged_model_metrics_value", "key_id", "is_nan", "value", "model_id"),
    sa.Index("ix_logged_model_metrics_run", "run_id"),
    sqlite_with_rowid=False,
)

# Which models a run read and made. The step of an input is 0.
run_models = sa.Table(
    "run_models",
    metadata,
    _belongs("run_id", "runs"),
    sa.Column("direction", sa.String(10), nullable=False),
    sa.Column("model_key", sa.String(64), nullable=False),
    number("step"),
    sa.PrimaryKeyConstraint("run_id", "direction", "model_key", "step"),
    sqlite_with_rowid=False,
)

# Artifacts whose owner is gone for good: a path in its workspace's artifacts, "" for all of them. Written in the
# transaction that removed the owner, and deleted once the bytes are; so a crash in between leaves nothing behind.
artifact_removals = sa.Table(
    "artifact_removals",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    number("workspace_id"),
    text("path"),
    number("at"),
    # When to try, again where it has failed before.
    sa.Column("due_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text("last_error"),
    sa.Index("ix_artifact_removals_due", "due_at", "id"),
)
