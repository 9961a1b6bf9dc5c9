"""Whom a grant is given to: users, groups and roles, named as people name them or by their row ids."""

import sqlalchemy as sa

from modelkeep.core.errors import related_not_found
from modelkeep.identity.principals import Kind
from modelkeep.storage.query import Query
from modelkeep.storage.schema import principals
from modelkeep.storage.transaction import Transaction

_p = principals.c
# Roles belong to a platform or to none; a name of the platform's own comes first, and a name before an id.
_FIND = Query(
    sa.select(_p.id, _p.name)
    .where(
        _p.kind == sa.bindparam("kind"),
        sa.or_(_p.platform_id.is_(None), _p.platform_id == sa.bindparam("platform", type_=sa.BigInteger)),
        sa.or_(_p.name == sa.bindparam("target"), _p.id == sa.bindparam("number", type_=sa.BigInteger)),
    )
    .order_by(
        sa.case((_p.name == sa.bindparam("target"), 0), else_=1),
        sa.case((_p.platform_id.is_(None), 1), else_=0),
    )
    .limit(1)
)
_LONGEST_NUMBER = 18


def find_target(tx: Transaction, kind: Kind, target: str, platform: int, field: str = "targets") -> int:
    """The row id of one to whom something on this platform can be granted; raises where there is no such."""
    number = int(target) if target.isascii() and target.isdecimal() and len(target) <= _LONGEST_NUMBER else -1
    row = tx.one(_FIND, kind=kind.value, platform=platform, target=target, number=number)
    if row is None:
        raise related_not_found(field, f"the {kind.value} '{target[:255]}' does not exist.")
    return int(row[0])
