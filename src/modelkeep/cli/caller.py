"""How commands reach the data: through the server that serves a directory, or by themselves where none does."""

import asyncio
import json
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from modelkeep.cli.failure import CommandFailed
from modelkeep.core.settings import InvalidSetting, Settings, load_settings
from modelkeep.storage.errors import DatabaseUnusable, DataDirectoryError, Unavailable
from modelkeep.storage.sqlite.lock import DirectoryLock, Holder, holder_of

if TYPE_CHECKING:
    from modelkeep.artifacts.stores import Stores
    from modelkeep.storage.engine import Engine

T = TypeVar("T")

_TIMEOUT_SECONDS = 30


class Caller(Protocol):
    """Calls operations. Fails with the server's own sentence."""

    next_page: str | None
    """The page after the last answer's, where that was a list."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]: ...

    def remove_artifacts(self) -> None:
        """Remove the artifacts of what is gone. A server that runs does so by itself, within a minute."""


@contextmanager
def open_caller(data: Path) -> Iterator[Caller]:
    """A caller for this data directory, or for the database that MODELKEEP_DATABASE names."""
    settings = _settings(data)
    if settings.database:
        with _local(settings) as local:
            yield local
        return
    try:
        lock = DirectoryLock(data, patience=0)
    except DataDirectoryError as error:
        holder = holder_of(data)
        if holder is None or not holder.url:
            raise CommandFailed(str(error)) from None
        yield _Remote(holder)
        return
    try:
        with _local(settings) as local:
            yield local
    finally:
        lock.release()


@contextmanager
def open_alone(data: Path) -> Iterator["Local"]:
    """The same for a command that works on the data itself: fails where a server has the data directory."""
    settings = _settings(data)
    try:
        lock = None if settings.database else DirectoryLock(data, patience=0)
    except DataDirectoryError as error:
        raise CommandFailed(str(error)) from None
    try:
        with _local(settings) as local:
            yield local
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def open_beside(data: Path) -> Iterator["Beside"]:
    """The database and the artifacts to be read, whether a server runs or not. Nothing is migrated."""
    settings = _settings(data)
    with asyncio.Runner() as runner:
        beside = Beside(runner, settings)
        try:
            yield beside
        finally:
            beside.close()


def _settings(data: Path) -> Settings:
    try:
        return load_settings({"data": data, "access_log": False}, os.environ)[0]
    except InvalidSetting as error:
        raise CommandFailed(str(error)) from None


@contextmanager
def _local(settings: Settings) -> Iterator["Local"]:
    with asyncio.Runner() as runner:
        local = Local(runner, settings)
        try:
            yield local
        finally:
            local.close()


class _Remote:
    def __init__(self, holder: Holder) -> None:
        self._url = holder.url
        self._headers = {"content-type": "application/json"}
        if holder.secret:
            self._headers["authorization"] = f"Bearer {holder.secret}"
        self._trust = ssl.create_default_context(cafile=holder.certificate) if holder.certificate else None
        self.next_page: str | None = None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._url + path, data, self._headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS, context=self._trust) as answer:  # noqa: S310
                self.next_page = answer.headers.get("opc-next-page")
                return _decoded(answer.read())
        except HTTPError as error:
            raise _failure(error.read()) from None
        except URLError as error:
            raise CommandFailed(f"The server at {self._url} does not answer: {error.reason}") from None

    def remove_artifacts(self) -> None:
        return


class Local:
    """The server's own parts in this process, without its port."""

    def __init__(self, runner: asyncio.Runner, settings: Settings) -> None:
        from modelkeep.server.application import Application

        self._runner = runner
        try:
            self._application = Application(settings, in_command=True)
            self._runner.run(self._application.start())
        except (DatabaseUnusable, Unavailable) as error:
            raise CommandFailed(str(error)) from None
        self.next_page: str | None = None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        from urllib.parse import unquote

        from modelkeep.server.http import Answer, HttpRequest

        content = json.dumps(body).encode() if body is not None else b""

        async def read_body(limit: int) -> bytes:
            return content

        plain, _, query = path.partition("?")
        request = HttpRequest(
            method, unquote(plain), query, {"content-length": str(len(content))}, "command line", read_body
        )
        answer, _ = self._runner.run(self._application.answer(request))
        if not isinstance(answer, Answer):
            raise CommandFailed(f"There is no operation at {path}.")
        if answer.status >= 400:
            raise _failure(answer.body)
        self.next_page = dict(answer.headers).get("opc-next-page")
        return _decoded(answer.body)

    def remove_artifacts(self) -> None:
        self._runner.run(self._application.remove_artifacts())

    def lend(self, work: "Callable[[Engine, Stores], Awaitable[T]]") -> T:
        """Work on the database and the artifacts themselves."""
        return self._runner.run(self._application.lend(work))

    def close(self) -> None:
        self._runner.run(self._application.stop())


class Beside:
    """The parts of a server that read."""

    def __init__(self, runner: asyncio.Runner, settings: Settings) -> None:
        from modelkeep.artifacts.stores import Stores
        from modelkeep.server.database import make_engine, require_database

        self._runner = runner
        try:
            require_database(settings)
            self._engine = make_engine(settings)
            self._runner.run(self._engine.start())
        except (DatabaseUnusable, Unavailable) as error:
            raise CommandFailed(str(error)) from None
        # It signs nothing, so it needs no key.
        self._stores = Stores(settings, b"")

    def lend(self, work: "Callable[[Engine, Stores], Awaitable[T]]") -> T:
        """Read from the database and the artifacts."""
        return self._runner.run(_lent(work, self._engine, self._stores))

    def close(self) -> None:
        self._stores.close()
        self._runner.run(self._engine.close())


async def _lent(work: "Callable[[Engine, Stores], Awaitable[T]]", engine: "Engine", stores: "Stores") -> T:
    return await work(engine, stores)


def _decoded(body: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(body) if body else {}
    return decoded


def _failure(body: bytes) -> CommandFailed:
    try:
        return CommandFailed(str(json.loads(body)["message"]))
    except (ValueError, KeyError, TypeError):
        return CommandFailed(f"The server answered: {body[:200]!r}")
