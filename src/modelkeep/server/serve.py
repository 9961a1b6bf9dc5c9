"""Runs the application under Granian: the listening socket, signals, and the way down."""

import asyncio
import gc
import os
import secrets
import signal
import ssl
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from modelkeep.artifacts.stores import ArtifactsUnusable
from modelkeep.core.settings import Settings
from modelkeep.server.address import PortUnusable, held_port, server_url
from modelkeep.server.application import Application
from modelkeep.server.authentication.entrance import Unprotected
from modelkeep.server.database import shown_database
from modelkeep.server.figures import Figures
from modelkeep.server.log_level import LogLevel
from modelkeep.server.open_files import allow_most_open_files, most_connections
from modelkeep.server.pages import Pages
from modelkeep.server.tracing import TracesUnusable, make_tracing
from modelkeep.server.workers import Report, WorkerFailed, Workers
from modelkeep.storage.errors import DatabaseUnusable, DataDirectoryError, Unavailable
from modelkeep.storage.sqlite.lock import DirectoryLock, Holder

_STALLED_SECONDS = 2.0
_CANNOT_START = (DatabaseUnusable, Unavailable, ArtifactsUnusable, Unprotected, TracesUnusable)
_COMMAND_SECRET_BYTES = 32


class CannotServe(Exception):
    """The server cannot start; the message is one line for whoever started it."""


def serve(settings: Settings, pages: Pages | None = None) -> None:
    """Serve until SIGTERM or SIGINT, with these web pages. Raises `CannotServe` where that cannot begin."""
    if settings.workers != 1 and not settings.database:
        raise CannotServe("SQLite is served by one process: --workers must be 1.")
    _check_tls(settings)
    allow_most_open_files()
    # Until there is somebody to heed it: it would end the process.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        holder = held_port(settings.host, settings.port)
    except PortUnusable as error:
        raise CannotServe(str(error)) from None
    with holder:
        (_serve_alone if settings.workers == 1 else _serve_by_workers)(settings, holder.getsockname()[1], pages)


def _serve_alone(settings: Settings, port: int, pages: Pages | None) -> None:
    try:
        # What is in PostgreSQL is held by no directory: any number of servers share it.
        lock = None if settings.database else DirectoryLock(settings.data)
    except DataDirectoryError as error:
        raise CannotServe(str(error)) from None

    command_secret = secrets.token_urlsafe(_COMMAND_SECRET_BYTES) if lock is not None else ""

    def announce(is_open: bool) -> None:
        if lock is not None:
            certificate = str(settings.tls_cert.resolve()) if settings.tls_cert else ""
            lock.announce(Holder(os.getpid(), server_url(settings, port), certificate, command_secret))
        _tell(settings, port)
        if is_open:
            _tell_how_to_close(settings)

    try:
        uvloop.run(_serve(settings, port, announce, pages, Figures, command_secret=command_secret))
    except _CANNOT_START as error:
        raise CannotServe(str(error)) from None
    finally:
        if lock is not None:
            lock.release()


def _serve_by_workers(settings: Settings, port: int, pages: Pages | None) -> None:
    """Each process listens on the port by itself, and the system deals connections out to them."""

    def work(report: Report, parent: int, number: int) -> None:
        try:
            figures = partial(Figures, Path(shared), number)
            uvloop.run(_serve(settings, port, lambda is_open: report(""), pages, figures, parent))
        except _CANNOT_START as error:
            report(str(error))

    with TemporaryDirectory(prefix="modelkeep-figures-") as shared:
        try:
            Workers(settings.workers, work, settings.shutdown_seconds).run(lambda: _tell(settings, port))
        except WorkerFailed as error:
            raise CannotServe(str(error)) from None


def _tell(settings: Settings, port: int) -> None:
    where = f"{shown_database(settings)} at {server_url(settings, port)}"
    print(f"modelkeep serves {where}", file=sys.stderr, flush=True)  # noqa: T201


def _tell_how_to_close(settings: Settings) -> None:
    command = f"modelkeep user create alma --admin --data {settings.data}"
    print(  # noqa: T201
        f"Nobody has to log in here, and everyone may do everything. Once there are users they have to: {command}",
        file=sys.stderr,
        flush=True,
    )


def _check_tls(settings: Settings) -> None:
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{str(settings.tls_cert)!r} and {str(settings.tls_key)!r}"
        raise CannotServe(f"The TLS files {files} cannot be used: {error.strerror or error}.") from None


async def _serve(
    settings: Settings,
    port: int,
    announce: Callable[[bool], None],
    pages: Pages | None,
    figures: Callable[[], Figures],
    parent: int | None = None,
    *,
    command_secret: str = "",
) -> None:
    """Serve until a signal, or until the descriptor of a parent says that it is gone."""
    application = Application(
        settings,
        pages,
        figures=figures(),
        tracing=make_tracing(settings.otlp_endpoint),
        command_secret=command_secret,
    )
    await application.start()
    application.deliver()
    _settle_garbage_collector()
    server = Server(
        application.rsgi,
        address=settings.host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
        backlog=settings.max_connections,
        backpressure=most_connections(settings.max_connections),
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.header_seconds * 1_000, max_buffer_size=settings.max_header_bytes
        ),
        http2_settings=HTTP2Settings(
            max_headers_size=settings.max_header_bytes, keep_alive_interval=settings.header_seconds * 1_000
        ),
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        ssl_ca=settings.tls_client_ca,
        ssl_client_verify=settings.tls_client_ca is not None,
    )
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGUSR1, LogLevel(settings.log_level).switch)
    if parent is not None:
        loop.add_reader(parent, stopping.set)
    serving = asyncio.ensure_future(server.serve())
    try:
        await _listening(settings.host, port, serving)
        announce(application.is_open and settings.auth != "none")
        await asyncio.wait((serving, asyncio.ensure_future(stopping.wait())), return_when=asyncio.FIRST_COMPLETED)
        if parent is not None:
            loop.remove_reader(parent)
        server.stop()  # type: ignore[no-untyped-call]
        await _quiet(application, serving, settings.shutdown_seconds)
    finally:
        await application.stop()


def _settle_garbage_collector() -> None:
    """What a start makes stays, and requests make few cycles: looking through all of it for them again and again
    took an eighth of a write's processor time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


async def _listening(host: str, port: int, serving: "asyncio.Future[None]") -> None:
    """Wait until the port answers: Granian opens it on a thread of its own and does not say when."""
    while not serving.done():
        try:
            _, connection = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.002)
        else:
            connection.close()
            return


async def _quiet(application: Application, serving: "asyncio.Future[None]", seconds: int) -> None:
    """Wait until requests in flight are answered.

    Granian waits for every connection, so for one that stalled in the middle of a request it would wait for ever.
    """
    deadline = time.monotonic() + seconds
    patience = time.monotonic() + min(_STALLED_SECONDS, seconds)
    while not serving.done() and time.monotonic() < (deadline if application.rsgi.in_flight else patience):
        await asyncio.wait((serving,), timeout=0.02)
    if serving.done():
        serving.result()
    else:
        serving.cancel()
