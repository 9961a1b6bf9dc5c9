"""Grants: what a user, a group or a role was granted on one resource. One mechanism for the four tables of them."""

from typing import Any

import sqlalchemy as sa

from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiment_grants, platform_grants, registered_model_grants, workspace_grants
from modelkeep.storage.transaction import Transaction

_CALLER = "caller_ids"


def caller_ids(scope: Scope) -> dict[str, str]:
    """The parameter that every condition of grants has: the rows that grants name the caller by."""
    return {_CALLER: json_array(scope.principal.ids)}


class Grants:
    """The grants of one kind of resource, by the resource's row id."""

    def __init__(self, table: sa.Table) -> None:
        self.table = table
        self.kind = table.name.removesuffix("_grants")
        self.resource: sa.Column[int] = next(iter(table.primary_key.columns))
        self._give = Query(
            sa.insert(table).values(
                {
                    self.resource.name: sa.bindparam("resource"),
                    "principal_id": sa.bindparam("principal"),
                    "permission": sa.bindparam("level"),
                    "granted_at": sa.bindparam("now"),
                    "granted_by": sa.bindparam("user"),
                }
            )
        )

        one = (self.resource == sa.bindparam("resource"), table.c.principal_id == sa.bindparam("principal"))
        self._find = Query(sa.select(table.c.permission).where(*one))
        self._change = Query(
            sa.update(table)
            .where(*one)
            .values(permission=sa.bindparam("level"), granted_at=sa.bindparam("now"), granted_by=sa.bindparam("user"))
        )
        self._take = Query(sa.delete(table).where(*one))
        self._end = Query(sa.delete(table).where(one[0]))

    def held(self, resource: Any) -> sa.ColumnElement[int]:
        """The highest that the caller was granted on the resource of the row at hand, 0 for nothing."""
        highest = (
            sa.select(sa.func.max(self.table.c.permission))
            .where(self.resource == resource, self._callers)
            .correlate_except(self.table)
            .scalar_subquery()
        )
        return sa.func.coalesce(highest, sa.literal_column("0"))

    def any(self, resource: Any) -> sa.ColumnElement[bool]:
        """Whether the caller was granted anything on the resource of the row at hand."""
        return sa.exists().where(self.resource == resource, *self._given).correlate_except(self.table)

    def resources(self) -> sa.Select[Any]:
        """The resources on which the caller was granted anything, by the index of the caller's."""
        return sa.select(self.resource).where(*self._given)

    @property
    def _callers(self) -> sa.ColumnElement[bool]:
        return self.table.c.principal_id.in_(one_of(_CALLER, numbers=True))

    @property
    def _given(self) -> tuple[sa.ColumnElement[bool], ...]:
        return self._callers, self.table.c.permission > sa.literal_column("0")

    def level(self, tx: Transaction, resource: int, principal: int) -> int | None:
        """What a principal was granted itself; None where there is no grant, 0 where one says that it gives nothing."""
        row = tx.one(self._find, resource=resource, principal=principal)
        return row[0] if row else None

    def give(self, tx: Transaction, scope: Scope, resource: int, principal: int, level: int) -> None:
        """Grant a level, whatever was granted before."""
        granted: dict[str, Any] = {"resource": resource, "principal": principal, "level": int(level)}
        granted |= {"now": scope.now, "user": scope.principal.name}
        if not tx.run(self._change, **granted):
            tx.run(self._give, **granted)
        note_identity_change(tx)

    def take(self, tx: Transaction, resource: int, principal: int) -> bool:
        """Take a grant away; whether there was one."""
        taken = bool(tx.run(self._take, resource=resource, principal=principal))
        if taken:
            note_identity_change(tx)
        return taken

    def end(self, tx: Transaction, resource: int) -> None:
        """Take all grants on a resource that is about to be deleted: who had no other there sees it at once."""
        if tx.run(self._end, resource=resource):
            note_identity_change(tx)

    def give_creator(self, tx: Transaction, scope: Scope, resource: int) -> bool:
        """Whoever creates something is its ADMIN. False in open mode, which knows nobody to give that to."""
        if scope.principal.ids:
            tx.put(
                self._give,
                resource=resource,
                principal=scope.principal.ids[0],
                level=int(Permission.ADMIN),
                now=scope.now,
                user=scope.principal.name,
            )
        return bool(scope.principal.ids)


PLATFORM_GRANTS = Grants(platform_grants)
WORKSPACE_GRANTS = Grants(workspace_grants)
MODEL_GRANTS = Grants(registered_model_grants)
EXPERIMENT_GRANTS = Grants(experiment_grants)
