"""What users, groups and roles have in common: a row with a name, and an etag."""

from enum import Enum
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, missing_parameter, not_authorized, too_long
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, principals
from modelkeep.storage.transaction import Transaction


class Kind(Enum):
    """Kinds of principals, as the database and grants name them."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"


_p = principals.c
_INSERT = Query(
    sa.insert(principals)
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in principals.columns
            if column.name not in ("id", "updated_at", "revision")
        }
        | {"updated_at": sa.bindparam("created_at"), "revision": 1}
    )
    .returning(_p.id)
)
_ONE = sa.select(_p.id, _p.revision).where(_p.kind == sa.bindparam("kind"), _p.name == sa.bindparam("name"))
_EVERYWHERE = _ONE.where(_p.platform_id.is_(None))
_OF_PLATFORM = _ONE.where(_p.platform_id == sa.bindparam("platform"))
_FIND_EVERYWHERE, _FIND_OF_PLATFORM = Query(_EVERYWHERE), Query(_OF_PLATFORM)
_HOLD_EVERYWHERE, _HOLD_OF_PLATFORM = Query(_EVERYWHERE.with_for_update()), Query(_OF_PLATFORM.with_for_update())
_TOUCH = Query(
    sa.update(principals)
    .where(_p.id == sa.bindparam("principal"))
    .values(
        description=sa.func.coalesce(sa.bindparam("new_description", type_=sa.Text), _p.description),
        updated_at=sa.bindparam("now"),
        revision=_p.revision + 1,
    )
)
_DELETE = Query(sa.delete(principals).where(_p.id == sa.bindparam("principal")))
_REVISION = Query(sa.select(_p.revision).where(_p.id == sa.bindparam("principal")))
_PLATFORM = Query(sa.select(platforms.c.id).where(platforms.c.key == sa.bindparam("name")))


def insert_principal(
    tx: Transaction, scope: Scope, kind: Kind, name: str, description: str = "", platform: int | None = None
) -> int:
    """A new principal's row id. Raises where the name is taken."""
    try:
        row = tx.one(
            _INSERT,
            kind=kind.value,
            platform_id=platform,
            name=check_name(scope, name),
            description=description,
            created_at=scope.now,
            created_by=scope.principal.name,
        )
    except UniqueViolation:
        raise ApiError(ErrorKind.ALREADY_EXISTS, f"The {kind.value} '{name}' exists already.") from None
    return int(row[0]) if row else 0


def locate_principal(tx: Transaction, kind: Kind, name: str, platform: int | None = None) -> int:
    """The row id of the one with this name, held until the transaction ends. Raises 404, and 412 for another etag."""
    of_platform = {} if platform is None else {"platform": platform}
    row = tx.one(_HOLD_OF_PLATFORM if of_platform else _HOLD_EVERYWHERE, kind=kind.value, name=name, **of_platform)
    if row is None:
        raise principal_not_found(kind, name)
    tx.expect(etag(row[0], row[1]))
    return int(row[0])


def find_principal(tx: Transaction, kind: Kind, name: str, platform: int | None = None) -> int | None:
    """The row id of the one with this name."""
    of_platform = {} if platform is None else {"platform": platform}
    row = tx.one(_FIND_OF_PLATFORM if of_platform else _FIND_EVERYWHERE, kind=kind.value, name=name, **of_platform)
    return int(row[0]) if row else None


def principal_not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"The {kind.value} '{name}' does not exist.")


def touch_principal(tx: Transaction, principal: int, now: int, description: str | None = None) -> None:
    """Count a change, so that its etag is another."""
    tx.run(_TOUCH, principal=principal, new_description=description, now=now)


def delete_principal(tx: Transaction, kind: Kind, principal: int) -> None:
    """With it go its memberships, its credentials and what it was granted."""
    tx.run(_DELETE, principal=principal)
    tx.about(kind.value, str(principal), "")


def etag(principal: int, revision: int) -> str:
    return f'"p{principal}.{revision}"'


def current_etag(tx: Transaction, principal: str) -> str:
    """The etag that the principal with this row id has now, "" where it is gone."""
    row = tx.one(_REVISION, principal=int(principal))
    return etag(int(principal), row[0]) if row else ""


def check_name(scope: Scope, name: str, field: str = "name") -> str:
    """A name can stand in a path and before the colon of a log-in."""
    if not name.strip():
        raise missing_parameter(field)
    if len(name) > scope.limits.name_length:
        raise too_long(field, len(name), scope.limits.name_length)
    if name != name.strip() or not name.isprintable() or "/" in name or ":" in name:
        raise invalid_parameter(
            field, f"{name!r} has characters that names cannot have: '/', ':', control characters, spaces at the ends."
        )
    return name


def platform_id(tx: Transaction, key: str | None) -> int | None:
    """The row id of the platform with this key, None where none is named."""
    if not key:
        return None
    row = tx.one(_PLATFORM, name=key)
    if row is None:
        raise ApiError(ErrorKind.RELATED_NOT_FOUND, f"AI Data Platform '{key}' does not exist.")
    return int(row[0])


def require_administrator(scope: Scope, deed: str) -> None:
    """Raise unless an administrator calls, with a credential that holds back nothing."""
    principal = scope.principal
    if not (principal.administrator and principal.ceiling is Permission.ADMIN and principal.only_platform is None):
        raise not_authorized(principal.name, deed, "an administrator")


def require_self(scope: Scope, user: int, deed: str) -> None:
    """Raise unless an administrator calls, or this user itself: not by a token that allows less, and not by proxy."""
    principal = scope.principal
    whole = principal.ceiling is Permission.ADMIN and principal.only_platform is None and not principal.caller
    if not (whole and principal.ids and principal.ids[0] == user):
        require_administrator(scope, deed)


def contains(*columns: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether one of these has the parameter `containing` in it, blind to case; true where that is empty."""
    part = sa.func.lower(sa.bindparam("containing", type_=sa.Text))
    found = [sa.func.replace(sa.func.lower(column), part, "") != sa.func.lower(column) for column in columns]
    return sa.or_(part == "", *found)


def values_of(table: sa.Table, *left_out: str) -> dict[str, Any]:
    """Every column from a parameter of its name."""
    return {column.name: sa.bindparam(column.name) for column in table.columns if column.name not in left_out}
