"""Platforms, workspaces, registered models and versions, and what every write leaves behind.

A version's name is kept beside its model's id, so that a search needs no join and its indexes give its order.
"""

import sqlalchemy as sa

from modelkeep.storage.schema.base import RowId, index_values, metadata, number, text

platforms = sa.Table(
    "platforms",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(500), nullable=False, unique=True),
    text("description"),
    text("default_artifact_root"),
    text("trace_archival_location"),
    text("trace_archival_retention"),
    number("created_at"),
    number("updated_at"),
    text("created_by"),
    number("revision"),
    sqlite_autoincrement=True,
)

workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.String(500), nullable=False),
    sa.Column("display_name", sa.String(500), nullable=False),
    text("description"),
    sa.Column("type", sa.String(20), nullable=False),
    text("default_catalog_key"),
    number("created_at"),
    number("updated_at"),
    text("created_by"),
    text("updated_by"),
    number("revision"),
    sa.Column("last_experiment", sa.BigInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("platform_id", "key"),
    sa.UniqueConstraint("platform_id", "display_name"),
    sqlite_autoincrement=True,
)

registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    text("description"),
    text("deployment_job_id"),
    text("user_id"),
    number("created_at"),
    number("updated_at"),
    number("last_version"),
    sa.Column("is_prompt", sa.SmallInteger, nullable=False),
    number("revision"),
    # Where it was created, None for the platform itself: grants on that workspace hold for it.
    sa.Column("workspace_id", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("platform_id", "name"),
    sa.Index("ix_registered_models_workspace_id", "workspace_id"),
    sa.Index("ix_registered_models_created", "platform_id", "created_at"),
    sqlite_autoincrement=True,
)

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("model_id", sa.ForeignKey("registered_models.id", ondelete="CASCADE"), nullable=False),
    number("version"),
    number("platform_id"),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("workspace_id", sa.BigInteger, nullable=True),
    number("created_at"),
    number("updated_at"),
    text("user_id"),
    sa.Column("stage", sa.String(20), nullable=False),
    text("description"),
    text("source"),
    text("storage_location"),
    text("run_id"),
    text("run_link"),
    text("logged_model_id"),
    sa.Column("is_prompt", sa.SmallInteger, nullable=False),
    number("revision"),
    sa.PrimaryKeyConstraint("model_id", "version"),
    sqlite_with_rowid=False,
)
_v = model_versions.c
# The two orders in which versions are searched by default: of one model, and of a whole platform. Names are found by
# their models: an index of names here would cost a tenth of a creation.
sa.Index("ix_model_versions_of_model", _v.model_id, _v.updated_at.desc(), _v.version.desc())
sa.Index("ix_model_versions_updated", _v.platform_id, _v.updated_at.desc(), _v.name, _v.version.desc())
sa.Index("ix_model_versions_numbered", _v.platform_id, _v.version, _v.name)
sa.Index("ix_model_versions_created", _v.platform_id, _v.created_at)
sa.Index("ix_model_versions_source", _v.platform_id, sa.func.substr(_v.source, 1, 200))
# Few versions have a stage, and most have no run: partial indexes cost the others nothing.
_staged, _of_run = _v.stage != "None", _v.run_id != ""
sa.Index(
    "ix_model_versions_staged",
    _v.model_id,
    _v.stage,
    _v.version.desc(),
    sqlite_where=_staged,
    postgresql_where=_staged,
)
sa.Index("ix_model_versions_in_stage", _v.platform_id, _v.stage, sqlite_where=_staged, postgresql_where=_staged)
sa.Index("ix_model_versions_run", _v.platform_id, _v.run_id, sqlite_where=_of_run, postgresql_where=_of_run)

registered_model_tags = sa.Table(
    "registered_model_tags",
    metadata,
    sa.Column("model_id", sa.ForeignKey("registered_models.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.String(250), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("model_id", "key"),
    sqlite_with_rowid=False,
)

model_version_tags = sa.Table(
    "model_version_tags",
    metadata,
    number("model_id"),
    number("version"),
    sa.Column("key", sa.String(250), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("model_id", "version", "key"),
    sa.ForeignKeyConstraint(
        ["model_id", "version"], ["model_versions.model_id", "model_versions.version"], ondelete="CASCADE"
    ),
    sqlite_with_rowid=False,
)

index_values(registered_model_tags, registered_model_tags.c.model_id)
index_values(model_version_tags, model_version_tags.c.model_id, model_version_tags.c.version)

registered_model_aliases = sa.Table(
    "registered_model_aliases",
    metadata,
    sa.Column("model_id", sa.BigInteger, nullable=False),
    sa.Column("alias", sa.String(255), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("model_id", "alias"),
    sa.ForeignKeyConstraint(
        ["model_id", "version"], ["model_versions.model_id", "model_versions.version"], ondelete="CASCADE"
    ),
    sa.Index("ix_registered_model_aliases_version", "model_id", "version"),
    sa.Index("ix_registered_model_aliases_alias", "alias", "model_id", "version"),
    sqlite_with_rowid=False,
)

# One row a write: who did what to which resource, and, while its retry token holds, what was answered.
write_records = sa.Table(
    "write_records",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    number("at"),
    sa.Column("platform_id", sa.BigInteger, nullable=True),
    sa.Column("workspace_id", sa.BigInteger, nullable=True),
    text("principal"),
    text("operation"),
    text("request_id"),
    text("subject_kind"),
    text("subject_id"),
    text("etag"),
    sa.Column("retry_token", sa.String(64), nullable=True),
    sa.Column("request_digest", sa.LargeBinary, nullable=True),
    sa.Column("answer", sa.LargeBinary, nullable=True),
    # Who called on the principal's behalf, from where, and the code of the error where it was refused; "" for none.
    text("caller"),
    text("address"),
    text("refusal"),
    # What was changed, as a person would name it.
    text("subject_name"),
)
_r = write_records.c
_with_token = _r.retry_token.is_not(None)
sa.Index(
    "uq_write_records_token",
    _r.principal,
    _r.retry_token,
    unique=True,
    sqlite_where=_with_token,
    postgresql_where=_with_token,
)
# What forgets old tokens must not look at every record to find them.
sa.Index("ix_write_records_held", _r.at, sqlite_where=_with_token, postgresql_where=_with_token)

# Secrets that all servers of one database share, such as the key that signs page tokens.
server_secrets = sa.Table(
    "server_secrets",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# The last transaction of each writer, numbered. Where a commit is not answered, this tells whether it is durable. Used
# on PostgreSQL alone.
commit_marks = sa.Table(
    "commit_marks",
    metadata,
    sa.Column("writer", sa.String(32), primary_key=True),
    number("mark"),
    number("at"),
)

# One row: the newest revision that a server must know to run on this schema.
schema_needs = sa.Table(
    "schema_needs",
    metadata,
    sa.Column("revision", sa.String(32), primary_key=True),
)
