"""The composition root: settings in, a running server's parts out."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import sqlalchemy as sa

from modelkeep.artifacts.stores import ArtifactsUnusable, Stores
from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError, not_authorized
from modelkeep.core.exchange import Content
from modelkeep.core.scope import Dialect, Principal, Scope
from modelkeep.core.settings import Settings
from modelkeep.identity.changes import IdentityWatch
from modelkeep.registry.platforms import ensure_default_platform
from modelkeep.server.access_log import AccessLog
from modelkeep.server.asgi import AsgiApplication, asgi_fallback
from modelkeep.server.audit import forget_records
from modelkeep.server.authentication import Authenticator
from modelkeep.server.authentication.entrance import CommandLine, Unprotected
from modelkeep.server.authentication.failures import forget_failed_log_ins
from modelkeep.server.authentication.identity import Identity
from modelkeep.server.calls import Calls
from modelkeep.server.catalogue import all_operations, etag_readers
from modelkeep.server.database import bring_up_to_date, make_engine
from modelkeep.server.deliveries import Deliverer
from modelkeep.server.dispatch import Dispatcher
from modelkeep.server.errors import error_answer
from modelkeep.server.execution import Executor
from modelkeep.server.figures import Figures
from modelkeep.server.http import Answer, HttpRequest
from modelkeep.server.metrics import (
    DELIVERIES,
    IN_FLIGHT,
    READS,
    REMEMBERED,
    THREADS,
    WAITING,
    keep_sampling,
    may_read,
    metrics_answer,
)
from modelkeep.server.metrics import PATH as METRICS
from modelkeep.server.observation import Observation
from modelkeep.server.outbound import Outbound
from modelkeep.server.pages import Pages, documents
from modelkeep.server.probes import Abilities, find_probe
from modelkeep.server.protection import Protection
from modelkeep.server.refusals import Refusals
from modelkeep.server.remembered import RememberedAnswers
from modelkeep.server.removals import remove_noted
from modelkeep.server.retry import Replays
from modelkeep.server.rsgi import RsgiApplication
from modelkeep.server.shared_limits import SharedLimits, forget_request_counts
from modelkeep.server.tenants import Tenants
from modelkeep.server.tracing import Tracing
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets
from modelkeep.storage.transaction import Transaction

T = TypeVar("T")

_log = logging.getLogger("modelkeep.server")
_PRUNE_EVERY_SECONDS = 60
_PRUNE_MOST = 1_000
_TIDY_EVERY_SECONDS = 10
_TURNS_AN_HOUR = 360
_PAGE_KEY = "page-tokens"
_s = server_secrets.c
_FIND_SECRET = Query(sa.select(_s.value).where(_s.name == sa.bindparam("which")))
_INSERT_SECRET = Query(sa.insert(server_secrets).values(name=sa.bindparam("which"), value=sa.bindparam("secret")))


class Application:
    """One server on one database. `start`, `answer` and `stop` belong to one event loop."""

    def __init__(
        self,
        settings: Settings,
        pages: Pages | None = None,
        *,
        figures: Figures | None = None,
        tracing: Tracing | None = None,
        command_secret: str = "",
        in_command: bool = False,
    ) -> None:
        """`command_secret` lets commands of this machine in. Within a command, nobody has to prove anything."""
        self._settings = settings
        self._pages = pages
        self._command_secret = command_secret
        self._in_command = in_command
        self._engine = make_engine(settings)
        self._replays = Replays(settings.retry_token_hours, etag_readers())
        self._access_log = AccessLog(enabled=settings.access_log)
        self._figures = figures or Figures()
        self._tracing = tracing
        self._observation = Observation(self._access_log, self._figures, tracing)
        self._operations = all_operations()
        self._outbound = Outbound(
            allow_http=settings.webhook_allow_http,
            allow_private=settings.webhook_allow_private,
            seconds=settings.webhook_timeout_seconds,
            connections=settings.webhook_connections,
        )
        self._deliverer = Deliverer(self._engine, self._outbound.post, settings)
        self.rsgi = RsgiApplication(
            self.answer, asgi_fallback(self._web), self._observation, body_seconds=settings.body_seconds
        )
        self._protection = Protection(settings, lambda: self.rsgi.in_flight)

    async def start(self) -> None:
        """Bring the database up to date and open it. The data directory's lock is the caller's."""
        bring_up_to_date(self._settings)
        await self._engine.start()
        page_key = await self._engine.write(self._prepare, self._prepare_after_another)
        try:
            self._stores = Stores(self._settings, page_key)
        except ArtifactsUnusable:
            await self._engine.close()
            raise
        self._abilities = Abilities(self._stores.uploads_in_parts, self._stores.downloads_in_parts)
        watch = IdentityWatch(self._engine)
        await watch.look()
        self._refusals = Refusals(self._engine, self._settings.refusals_per_second)
        self._identity = Identity(self._settings, self._engine, watch, page_key, self._command_secret, self._refusals)
        authenticator = CommandLine() if self._in_command else await self._checked_entrance()
        executor = Executor(
            self._engine,
            self._replays,
            self._settings.remembered_answers,
            self._stores,
            watch,
            self._deliverer.wake,
        )
        self._dispatcher = Dispatcher(
            self._operations,
            executor,
            Tenants(self._engine, watch),
            authenticator,
            self._observation,
            limits=self._settings.limits,
            page_key=page_key,
            max_body_bytes=self._settings.max_body_bytes,
            max_artifact_bytes=self._settings.max_artifact_bytes,
            public_url=self._settings.public_url,
            post=self._outbound.post,
            protection=None if self._in_command else self._protection,
            refusals=self._refusals,
        )
        self._count(executor.remembered)
        tasks = (self._prune(), self._tidy(), watch.watch(), keep_sampling(self._figures), self._refusals.keep_on())
        self._tasks = [asyncio.create_task(task) for task in tasks]
        self._tasks += self._identity.tasks()
        if self._engine.commits is None and self._protection.limits:
            shared = SharedLimits(self._engine, self._protection.limits)
            self._tasks.append(asyncio.create_task(shared.keep_exchanging()))

    def _count(self, remembered: RememberedAnswers) -> None:
        """Have the figures of all parts kept."""
        figures, deliverer = self._figures, self._deliverer
        self._engine.on_commit = figures.commit
        figures.gauge(WAITING, lambda: self._engine.waiting)
        figures.gauge(READS, lambda: self._engine.reading)
        figures.gauge(THREADS, lambda: self._settings.readers)
        figures.gauge(IN_FLIGHT, lambda: self.rsgi.in_flight)
        figures.counter(REMEMBERED, lambda: remembered.hits, "hit")
        figures.counter(REMEMBERED, lambda: remembered.misses, "miss")
        figures.counter(DELIVERIES, lambda: deliverer.delivered, "delivered")
        figures.counter(DELIVERIES, lambda: deliverer.failed, "failed")
        figures.counter(DELIVERIES, lambda: deliverer.died, "given up")

    def deliver(self) -> None:
        """Begin to deliver what is in the outbox. A command that borrows the parts of a server leaves that to one."""
        self._deliverer.start()

    async def stop(self) -> None:
        """Refuse what is new, finish what is in flight, and close the database."""
        self._dispatcher.draining = True
        for task in self._tasks:
            task.cancel()
        deadline = asyncio.get_running_loop().time() + self._settings.shutdown_seconds
        while self.rsgi.in_flight and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        await self._deliverer.stop()
        await self._outbound.close()
        try:
            await self._refusals.keep()
        except Exception:
            _log.exception("the last refused attempts could not be recorded")
        self._stores.close()
        await self._identity.close()
        await self._engine.close()
        self._access_log.flush()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    @property
    def is_open(self) -> bool:
        """Whether nobody has to log in."""
        return self._identity.entrance.is_open

    async def _checked_entrance(self) -> Authenticator:
        try:
            await self._identity.entrance.check()
        except Unprotected:
            self._stores.close()
            await self._engine.close()
            raise
        return self._identity.entrance

    async def answer(self, request: HttpRequest) -> tuple[Answer | Content | None, str]:
        """Answer an API request or a probe; what is neither is for the pages, and None here."""
        request = self._protection.seen(request)
        preflight = self._protection.preflight(request)
        answer, request_id = (preflight, "preflight") if preflight else await self._dispatcher.answer(request)
        if answer is None:
            answer = await self._beside_the_api(request, request_id)
        if answer is not None and (more := self._protection.cross_origin_headers(request)):
            answer = answer._replace(headers=(*answer.headers, *more))
        return answer, request_id

    async def _beside_the_api(self, request: HttpRequest, request_id: str) -> Answer | None:
        probe = find_probe(request.method, request.path, self._abilities)
        if probe is not None:
            return await probe(self._engine)
        if request.path == METRICS and request.method == "GET":
            return await self._metrics(request, request_id)
        return None

    async def _metrics(self, request: HttpRequest, request_id: str) -> Answer:
        address = request.client.rpartition(":")[0]
        scope, refusal = None, not_authorized("anonymous", "read metrics", "ADMIN on the server")
        try:
            scope = await self._dispatcher.enter(request.headers, request_id, address, "", None)
        except ApiError as error:
            refusal = error
        if may_read(self._settings.metrics_for, request.headers, address, scope):
            return await metrics_answer(request, self._figures, self._engine)
        return error_answer(refusal, Dialect.MLFLOW)

    def _web(self) -> AsgiApplication:
        behind: AsgiApplication = documents(self._operations)
        if self._pages is None:
            return behind
        return self._pages(Calls(self._dispatcher, self._settings, self._identity.log_ins), behind)

    async def remove_artifacts(self) -> None:
        """Remove the artifacts of what is gone for good."""
        await remove_noted(self._engine, self._stores)

    async def lend(self, work: Callable[[Engine, Stores], Awaitable[T]]) -> T:
        """Let a command work on the database and the artifacts themselves, rather than by operations."""
        return await work(self._engine, self._stores)

    def _prepare(self, tx: Transaction) -> bytes:
        scope = Scope(
            Principal("modelkeep", administrator=True),
            Dialect.ORACLE,
            now_ms(),
            "start",
            self._settings.limits,
            b"",
        )
        ensure_default_platform(tx, scope)
        row = tx.one(_FIND_SECRET, which=_PAGE_KEY)
        if row is not None:
            return bytes(row[0])
        secret = secrets.token_bytes(32)
        tx.run(_INSERT_SECRET, which=_PAGE_KEY, secret=secret)
        return secret

    def _prepare_after_another(self, tx: Transaction, error: Exception) -> bytes:
        """Of servers that start together on an empty database this one was not the first: now all is there."""
        return self._prepare(tx)

    async def _prune(self) -> None:
        """Forget tokens, records and counts whose time is over, a little at a time so that no write waits long."""
        while True:
            await asyncio.sleep(_PRUNE_EVERY_SECONDS)
            try:
                for forget in (self._forget_old, self._forget_records, _forget_failures, _forget_counts):
                    while await self._engine.write(forget, _raise) == _PRUNE_MOST:
                        await asyncio.sleep(0.1)
            except Unavailable:
                continue
            except Exception:
                _log.exception("what is over could not be pruned; the next minute tries again")

    async def _tidy(self) -> None:
        """Remove the bytes of what was deleted, and once an hour what uploads have left that came to no end."""
        for turn in itertools.count():
            try:
                await self.remove_artifacts()
                await (self._stores.drop_views() if turn % _TURNS_AN_HOUR else self._stores.clean())
            except Unavailable as error:
                _log.debug("the next turn tidies the artifacts: %s", error)
            except Exception:
                _log.exception("the artifacts could not be tidied; the next turn tries again")
            await asyncio.sleep(_TIDY_EVERY_SECONDS)

    def _forget_records(self, tx: Transaction) -> int:
        return forget_records(tx, now_ms(), self._settings.audit_days, _PRUNE_MOST)

    def _forget_old(self, tx: Transaction) -> int:
        return self._replays.forget_old(tx, now_ms(), _PRUNE_MOST)


def _forget_failures(tx: Transaction) -> int:
    return forget_failed_log_ins(tx, now_ms(), _PRUNE_MOST)


def _forget_counts(tx: Transaction) -> int:
    return forget_request_counts(tx, now_ms(), _PRUNE_MOST)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
