"""The tables, once for both engines.

Times are milliseconds since 1970. `revision` grows with each change of a row's resource; etags are made of it.
A version's name is kept beside its model's id, so that a search needs no join and its indexes give its order.
"""

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
_RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


platforms = sa.Table(
    "platforms",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(500), nullable=False, unique=True),
    _text("description"),
    _text("default_artifact_root"),
    _text("trace_archival_location"),
    _text("trace_archival_retention"),
    _number("created_at"),
    _number("updated_at"),
    _text("created_by"),
    _number("revision"),
    sqlite_autoincrement=True,
)

workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.String(500), nullable=False),
    sa.Column("display_name", sa.String(500), nullable=False),
    _text("description"),
    sa.Column("type", sa.String(20), nullable=False),
    _text("default_catalog_key"),
    _number("created_at"),
    _number("updated_at"),
    _text("created_by"),
    _text("updated_by"),
    _number("revision"),
    sa.UniqueConstraint("platform_id", "key"),
    sa.UniqueConstraint("platform_id", "display_name"),
    sqlite_autoincrement=True,
)

registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    _text("description"),
    _text("deployment_job_id"),
    _text("user_id"),
    _number("created_at"),
    _number("updated_at"),
    _number("last_version"),
    sa.Column("is_prompt", sa.SmallInteger, nullable=False),
    _number("revision"),
    sa.UniqueConstraint("platform_id", "name"),
    sqlite_autoincrement=True,
)

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("model_id", sa.ForeignKey("registered_models.id", ondelete="CASCADE"), nullable=False),
    _number("version"),
    _number("platform_id"),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("workspace_id", sa.BigInteger, nullable=True),
    _number("created_at"),
    _number("updated_at"),
    _text("user_id"),
    sa.Column("stage", sa.String(20), nullable=False),
    _text("description"),
    _text("source"),
    _text("storage_location"),
    _text("run_id"),
    _text("run_link"),
    _text("logged_model_id"),
    sa.Column("is_prompt", sa.SmallInteger, nullable=False),
    _number("revision"),
    sa.PrimaryKeyConstraint("model_id", "version"),
    sqlite_with_rowid=False,
)
_v = model_versions.c
# The two orders in which versions are searched by default: of one model, and of a whole platform.
sa.Index("ix_model_versions_named", _v.platform_id, _v.name, _v.updated_at.desc(), _v.version.desc())
sa.Index("ix_model_versions_updated", _v.platform_id, _v.updated_at.desc(), _v.name, _v.version.desc())
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
    _number("model_id"),
    _number("version"),
    sa.Column("key", sa.String(250), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("model_id", "version", "key"),
    sa.ForeignKeyConstraint(
        ["model_id", "version"], ["model_versions.model_id", "model_versions.version"], ondelete="CASCADE"
    ),
    sqlite_with_rowid=False,
)

# A value may be 100,000 characters, more than PostgreSQL can index: its first 200 tell values apart well enough.
for _tags, _owner in (
    (registered_model_tags, (registered_model_tags.c.model_id,)),
    (model_version_tags, (model_version_tags.c.model_id, model_version_tags.c.version)),
):
    sa.Index(f"ix_{_tags.name}_value", _tags.c.key, sa.func.substr(_tags.c.value, 1, 200), *_owner)

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
    sqlite_with_rowid=False,
)

# One row a write: who did what to which resource, and, while its retry token holds, what was answered.
write_records = sa.Table(
    "write_records",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    _number("at"),
    sa.Column("platform_id", sa.BigInteger, nullable=True),
    sa.Column("workspace_id", sa.BigInteger, nullable=True),
    _text("principal"),
    _text("operation"),
    _text("request_id"),
    _text("subject_kind"),
    _text("subject_id"),
    _text("etag"),
    sa.Column("retry_token", sa.String(64), nullable=True),
    sa.Column("request_digest", sa.LargeBinary, nullable=True),
    sa.Column("answer", sa.LargeBinary, nullable=True),
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
