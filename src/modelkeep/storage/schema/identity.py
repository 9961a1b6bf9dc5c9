"""Who may call, how they prove it, and what they were granted.

A principal is a user, a group or a role. Groups and roles have members; a grant names any of the three.
"""

import sqlalchemy as sa

from modelkeep.storage.schema.base import RowId, metadata, number, text

# A role may belong to one platform; users and groups are everywhere the same.
principals = sa.Table(
    "principals",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=True),
    sa.Column("name", sa.String(255), nullable=False),
    text("description"),
    number("created_at"),
    number("updated_at"),
    text("created_by"),
    number("revision"),
    sqlite_autoincrement=True,
)
_p = principals.c
_everywhere, _of_platform = _p.platform_id.is_(None), _p.platform_id.is_not(None)
sa.Index(
    "uq_principals_everywhere", _p.kind, _p.name, unique=True, sqlite_where=_everywhere, postgresql_where=_everywhere
)
sa.Index(
    "uq_principals_of_platform",
    _p.platform_id,
    _p.kind,
    _p.name,
    unique=True,
    sqlite_where=_of_platform,
    postgresql_where=_of_platform,
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("group_id", sa.ForeignKey("principals.id", ondelete="CASCADE"), nullable=False),
    sa.Column("member_id", sa.ForeignKey("principals.id", ondelete="CASCADE"), nullable=False),
    sa.PrimaryKeyConstraint("group_id", "member_id"),
    sa.Index("ix_memberships_member_id", "member_id"),
    sqlite_with_rowid=False,
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    text("display_name"),
    text("email"),
    text("password_hash"),
    sa.Column("is_administrator", sa.SmallInteger, nullable=False),
    sa.Column("is_disabled", sa.SmallInteger, nullable=False),
    sa.Column("acts_for_others", sa.SmallInteger, nullable=False),
    # The issuer and subject of an identity provider, "" for those whom it does not know.
    text("issuer"),
    text("subject"),
    sa.Column("last_login_at", sa.BigInteger, nullable=True),
)
_u = users.c
_provided = _u.subject != ""
sa.Index("uq_users_subject", _u.issuer, _u.subject, unique=True, sqlite_where=_provided, postgresql_where=_provided)

# `permission` is the most that may be done with the token; only a digest of the token itself is kept.
access_tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    text("hint"),
    sa.Column("permission", sa.SmallInteger, nullable=False),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=True),
    number("created_at"),
    text("created_by"),
    sa.Column("expires_at", sa.BigInteger, nullable=True),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("user_id", "name"),
    sqlite_autoincrement=True,
)

# Public keys of OCI request signatures. `key_id` is what a signature names: tenancy/user/fingerprint.
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key_id", sa.String(600), nullable=False, unique=True),
    sa.Column("fingerprint", sa.String(100), nullable=False),
    text("public_key"),
    number("created_at"),
    text("created_by"),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
    sa.Index("ix_api_keys_user_id", "user_id"),
    sqlite_autoincrement=True,
)

# Log-ins of browsers. Only a digest of the cookie is kept.
browser_sessions = sa.Table(
    "browser_sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    number("created_at"),
    number("expires_at"),
    text("address"),
    sa.Index("ix_browser_sessions_user_id", "user_id"),
    sa.Index("ix_browser_sessions_expires_at", "expires_at"),
)

# Session tokens that were made and neither revoked nor long over. The token itself is kept nowhere.
session_tokens = sa.Table(
    "session_tokens",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    number("created_at"),
    text("created_by"),
    number("expires_at"),
    sa.Index("ix_session_tokens_user_id", "user_id"),
    sa.Index("ix_session_tokens_expires_at", "expires_at"),
)


def _grants(name: str, resource: str, owner: str) -> sa.Table:
    """What principals may do with one kind of resource. Found from the resource and from the principal."""
    return sa.Table(
        name,
        metadata,
        sa.Column(resource, sa.ForeignKey(f"{owner}.id", ondelete="CASCADE"), nullable=False),
        sa.Column("principal_id", sa.ForeignKey("principals.id", ondelete="CASCADE"), nullable=False),
        sa.Column("permission", sa.SmallInteger, nullable=False),
        number("granted_at"),
        text("granted_by"),
        sa.PrimaryKeyConstraint(resource, "principal_id"),
        sa.Index(f"ix_{name}_principal_id", "principal_id", resource),
        sqlite_with_rowid=False,
    )


platform_grants = _grants("platform_grants", "platform_id", "platforms")
workspace_grants = _grants("workspace_grants", "workspace_id", "workspaces")
registered_model_grants = _grants("registered_model_grants", "model_id", "registered_models")
experiment_grants = _grants("experiment_grants", "experiment_id", "experiments")

# One row, changed by whatever changes who may do what: servers that remember such things look at it.
identity_changes = sa.Table(
    "identity_changes",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    number("count"),
)
