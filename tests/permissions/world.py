"""A small world in this process: two platforms, and users who were granted this or that.

Operations run as the server runs them, permission and transaction, by made principals; most are undone afterwards, so
that every case meets the same world.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Operation, Reach
from modelkeep.core.scope import NO_ACCESS, Dialect, Principal, Scope
from modelkeep.identity.changes import IdentityWatch
from modelkeep.registry.platforms import ensure_default_platform
from modelkeep.server.authorization import authorize
from modelkeep.server.catalogue import all_operations
from modelkeep.server.tenants import Tenants
from modelkeep.storage import schema
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction

OPERATIONS = all_operations()
BY_NAME = {operation.name: operation for operation in OPERATIONS}
ADMINISTRATOR = Principal("administrator", administrator=True)
PLATFORM, WORKSPACE = "acme", "lab"


class _Undone(Exception):
    """Carries what an operation answered out of a transaction that is not to be kept."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error


@dataclass
class World:
    """Operations by anybody, at any place."""

    engine: SqliteEngine
    runner: asyncio.Runner
    tenants: Tenants
    watch: IdentityWatch
    ids: dict[str, str] = field(default_factory=dict)
    """What was made, by what the tables of the tests call it."""

    def scope(self, principal: Principal, operation: Operation, platform: str, workspace: str) -> Scope:
        tenancy, access = None, NO_ACCESS
        if operation.reach is not Reach.SERVER:
            below = None if operation.reach is Reach.PLATFORM else workspace or None
            if operation.signed:
                tenancy = self.runner.run(self.tenants.find(platform, below))
            else:
                tenancy, access = self.runner.run(self.tenants.enter(principal, platform, below))
        return Scope(principal, Dialect.MLFLOW, 1_000, "test", Limits(), b"k" * 32, tenancy, "203.0.113.7", access)

    def run(
        self,
        principal: Principal,
        operation: Operation,
        fields: dict[str, Any],
        *,
        platform: str = PLATFORM,
        workspace: str = WORKSPACE,
        keep: bool = False,
    ) -> Any:
        """What the operation answers; what it wrote is undone unless it is to be kept. Raises its refusals."""
        scope = self.scope(principal, operation, platform, workspace)
        request = msgspec.convert(fields, operation.request, strict=False)

        def work(tx: Transaction) -> Any:
            authorize(tx, operation, scope, request)
            answer = operation.function(tx, scope, request)
            if not keep:
                raise _Undone(answer)
            return answer

        try:
            answer = self.runner.run(self.engine.write(work, _raise))
        except _Undone as undone:
            return undone.answer
        self.tenants.forget()
        self.runner.run(self.watch.look())
        return answer

    def refusal(self, *asked: Any, **at: Any) -> ApiError | None:
        """The error that is answered, None where it is done."""
        try:
            self.run(*asked, **at)
        except ApiError as error:
            return error
        return None

    def does(self, name: str, /, *, by: Principal = ADMINISTRATOR, **fields: Any) -> Any:
        """An operation that is kept."""
        return self.run(by, BY_NAME[name], fields, keep=True)

    def does_at_platform(self, name: str, /, **fields: Any) -> Any:
        """The same on the platform's own path."""
        return self.run(ADMINISTRATOR, BY_NAME[name], fields, workspace="", keep=True)

    def raw_at_platform(self, name: str, /, **fields: Any) -> Any:
        """What it answers there, as its client reads it."""
        return msgspec.json.decode(msgspec.json.encode(self.does_at_platform(name, **fields)))

    def raw(self, name: str, /, **fields: Any) -> Any:
        """What an operation that is kept answers, as its client reads it."""
        return msgspec.json.decode(msgspec.json.encode(self.does(name, **fields)))

    def sql(self, statement: Any) -> list[Any]:
        """A statement of the test's own, for rows that no operation makes yet."""

        def work(tx: Transaction) -> list[Any]:
            return tx.all(Query(statement))

        return self.runner.run(self.engine.write(work, _raise))

    def row_of(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        """The id of the only row that meets the conditions."""
        ((row,),) = self.sql(sa.select(table.c.id).where(*where))
        return int(row)

    def principal_row(self, name: str, kind: str = "user") -> int:
        """A new user, group or role."""
        made = sa.insert(schema.principals).values(kind=kind, name=name, created_at=0, updated_at=0, revision=1)
        ((row,),) = self.sql(made.returning(schema.principals.c.id))
        if kind == "user":
            flags = {"is_administrator": 0, "is_disabled": 0, "acts_for_others": 0}
            self.sql(sa.insert(schema.users).values(id=row, **flags).returning(schema.users.c.id))
        return int(row)

    def grant(self, table: sa.Table, resource: int, principal: int, level: int) -> None:
        """A grant, as an administrator would have given it."""
        column = next(iter(table.primary_key.columns)).name
        values = {column: resource, "principal_id": principal, "permission": level, "granted_at": 0}
        self.sql(sa.insert(table).values(values).returning(table.c.permission))


@contextmanager
def new_world(directory: Path, fill: Callable[[World], None]) -> Iterator[World]:
    """A world on a database of its own."""
    upgrade(f"sqlite:///{directory / 'modelkeep.db'}")
    engine = SqliteEngine(directory, readers=1, write_group=1, max_waiting_writes=8)
    with asyncio.Runner() as runner:
        runner.run(engine.start())
        watch = IdentityWatch(engine)
        world = World(engine, runner, Tenants(engine, watch), watch)

        def default(tx: Transaction) -> None:
            ensure_default_platform(tx, Scope(ADMINISTRATOR, Dialect.MLFLOW, 0, "start", Limits(), b"k" * 32))

        runner.run(engine.write(default, _raise))
        fill(world)
        yield world
        runner.run(engine.close())
