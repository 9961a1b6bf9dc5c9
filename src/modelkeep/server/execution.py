"""Runs one operation in a transaction: permission, rules, record and retry token, together or not at all."""

from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError, internal
from modelkeep.core.exchange import Content, Exchange
from modelkeep.core.operation import Operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import IdentityWatch
from modelkeep.server.authorization import authorize, flows_down, is_refusal
from modelkeep.server.http import Answer
from modelkeep.server.records import put_record, record_of, record_write
from modelkeep.server.remembered import RememberedAnswers
from modelkeep.server.retry import Replays, RetryToken
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import OutcomeUnknown, Overloaded, Unavailable, UniqueViolation
from modelkeep.storage.transaction import Subject, Transaction

_encode = msgspec.json.Encoder().encode


class Executor:
    """Hands operations to the engine."""

    def __init__(
        self,
        engine: Engine,
        replays: Replays,
        remembered_answers: int,
        stores: Stores,
        watch: IdentityWatch,
        wake_deliverer: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._wake_deliverer = wake_deliverer
        self._stores = stores
        self._replays = replays
        self.remembered = RememberedAnswers(remembered_answers, lambda: engine.commits)

    async def read(self, operation: Operation, scope: Scope, request: msgspec.Struct) -> Answer:
        """Answer a read; one that looks up a key is run at once, one that scans on a thread."""

        def work(tx: Transaction) -> Answer:
            authorize(tx, operation, scope, request)
            return _perform(tx, operation, scope, request)

        tenant = _tenant(scope)
        if operation.scans:
            return await self._engine.read(work, tenant)
        # Whoever may see all that is here shares one answer. Others have their own, which holds for their permission
        # too: no grant changes without a commit.
        principal = scope.principal
        shared = flows_down(operation, scope) and not operation.on.personal
        caller = None if shared else (principal.name, principal.ids, principal.ceiling, principal.only_platform)
        key = (operation.name, tenant, scope.workspace, caller, _encode(request))
        answer = self.remembered.find(key)
        if answer is None:
            as_of = self._engine.commits
            answer = await self._engine.look_up(work, tenant)
            self.remembered.keep(key, answer, as_of)
        return answer

    async def permitted(self, operation: Operation, scope: Scope, request: msgspec.Struct) -> bool:
        """Whether the caller may do this: what is refused need not be offered."""

        def ask(tx: Transaction) -> bool:
            try:
                authorize(tx, operation, scope, request)
            except ApiError:
                return False
            return True

        return flows_down(operation, scope) or await self._engine.look_up(ask)

    async def carry(
        self, operation: Operation, scope: Scope, request: msgspec.Struct, exchange: Exchange
    ) -> Answer | Content:
        """Answer an operation on bytes: what it looks up is read first, and no transaction is open afterwards."""
        if operation.after is None:
            raise LookupError("this operation was declared without bytes")

        def work(tx: Transaction) -> Any:
            authorize(tx, operation, scope, request)
            return operation.function(tx, scope, request)

        plan = await self._engine.look_up(work, _tenant(scope))
        response = await operation.after(self._stores, plan, exchange)
        if operation.needs > Permission.READ:
            await self._record_bytes(operation, scope, request, plan)
        if isinstance(response, Content):
            return response
        return Answer(operation.status, _encode(response), tuple(exchange.answer_headers))

    async def _record_bytes(self, operation: Operation, scope: Scope, request: msgspec.Struct, plan: Any) -> None:
        """Leave the record of a change of artifacts, once it is done: bytes and rows share no transaction.

        A part of an upload leaves none: the file that is made of all of them does. Where the record cannot be kept,
        nobody is told that nothing was done.
        """
        if getattr(plan, "part", 0):
            return
        place = getattr(plan, "place", plan)
        name = f"{place.location.rstrip('/')}/{place.path}" if hasattr(place, "location") else ""
        record = record_of(operation, scope, request, Subject(name and "artifact", "", "", name))

        def work(tx: Transaction) -> None:
            put_record(tx, record)

        try:
            await self._engine.write(work, _raise, None, "", _tenant(scope))
        except (Unavailable, Overloaded) as error:
            raise OutcomeUnknown(f"The bytes were changed, and the record of that was not kept: {error}") from error

    async def write(
        self,
        operation: Operation,
        scope: Scope,
        request: msgspec.Struct,
        retry: RetryToken | None,
        if_match: str | None,
    ) -> Answer:
        """Answer a write after it is durable. A repeated token is answered from its record."""

        changes_identities = announced = False
        if operation.before is not None:
            request = await operation.before(self._engine.look_up, scope, request)

        def work(tx: Transaction) -> Answer:
            nonlocal changes_identities, announced
            authorize(tx, operation, scope, request)
            answer = _perform(tx, operation, scope, request)
            tx.end_condition()
            record_write(tx, operation, scope, request, retry, answer)
            changes_identities, announced = tx.changes_identities, tx.announced
            return answer

        def otherwise(tx: Transaction, error: Exception) -> Answer:
            if is_refusal(error):
                raise error
            answer = self._replays.find(tx, operation, scope, retry) if retry else None
            if answer is not None:
                return answer
            return _again(tx, work, error)

        answer = await self._engine.write(work, otherwise, if_match, _first_changed(request), _tenant(scope))
        if changes_identities:
            self._watch.changed()
        if announced:
            self._wake_deliverer()
        return answer


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error


def _tenant(scope: Scope) -> int | None:
    """Whose turn it is where requests have to wait: a platform's, or that of all that is above platforms."""
    return scope.tenancy.platform if scope.tenancy else None


def _first_changed(request: msgspec.Struct) -> str:
    """The name or id of the row that most operations change before any other."""
    for field in ("name", "run_id", "model_id"):
        value = getattr(request, field, None)
        if isinstance(value, str) and value:
            return value
    return ""


def _again(tx: Transaction, work: Callable[[Transaction], Answer], error: Exception) -> Answer:
    """What tripped over a record whose time is over is done now; any other error is what it is."""
    if isinstance(error, UniqueViolation):
        try:
            return work(tx)
        except UniqueViolation:
            raise internal() from error
    raise error


def _perform(tx: Transaction, operation: Operation, scope: Scope, request: msgspec.Struct) -> Answer:
    response = operation.function(tx, scope, request)
    body = b"" if operation.status == 204 else _encode(response)
    headers: tuple[tuple[str, str], ...] = ()
    if tx.subject is not None and tx.subject.etag:
        headers = (("etag", tx.subject.etag),)
    if tx.next_page is not None:
        headers = (*headers, ("opc-next-page", tx.next_page))
    return Answer(operation.status, body, headers)
