"""Webhooks, the events that each asks for, and the outbox: what is still to be delivered, or could not be."""

import sqlalchemy as sa

from modelkeep.storage.schema.base import RowId, metadata, number, text

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.String(36), nullable=False, unique=True),
    sa.Column("name", sa.String(63), nullable=False),
    text("description"),
    text("url"),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=True),
    number("created_at"),
    number("updated_at"),
    number("revision"),
    # Every write of the registry asks whether its platform has one that is active.
    sa.Index("ix_webhooks_platform_id_status", "platform_id", "status"),
    sqlite_autoincrement=True,
)

webhook_events = sa.Table(
    "webhook_events",
    metadata,
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.String(50), nullable=False),
    sa.PrimaryKeyConstraint("webhook_id", "event"),
    sqlite_with_rowid=False,
)

# A row is deleted once it is delivered. `due_at` is when it is tried next; whoever tries moves it to the end of a
# lease, so that no other does meanwhile, and one that dies on the way is followed by another. A dead letter has a time
# of death. `since` is when the patience with it began.
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    number("model_id"),
    sa.Column("event", sa.String(50), nullable=False),
    text("body"),
    number("created_at"),
    number("since"),
    number("due_at"),
    number("attempts"),
    number("last_status"),
    text("last_error"),
    sa.Column("died_at", sa.BigInteger, nullable=True),
    sqlite_autoincrement=True,
)
_d = webhook_deliveries.c
_alive, _dead = _d.died_at.is_(None), _d.died_at.is_not(None)
# A lane is one model's events on their way to one webhook; its first row is the next to be delivered.
sa.Index(
    "ix_webhook_deliveries_lane",
    _d.webhook_id,
    _d.model_id,
    _d.id,
    sqlite_where=_alive,
    postgresql_where=_alive,
)
sa.Index("ix_webhook_deliveries_dead", _d.webhook_id, _d.died_at, sqlite_where=_dead, postgresql_where=_dead)
