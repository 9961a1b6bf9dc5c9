"""Runs the application under Granian: the listening socket, signals, and the way down."""

import asyncio
import errno
import gc
import os
import signal
import socket
import ssl
import sys
import time

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from modelkeep.artifacts.stores import ArtifactsUnusable
from modelkeep.core.settings import Settings
from modelkeep.server.application import Application
from modelkeep.server.database import shown_database
from modelkeep.storage.errors import DatabaseUnusable, DataDirectoryError, Unavailable
from modelkeep.storage.sqlite.lock import DirectoryLock, Holder

_STALLED_SECONDS = 2.0


class CannotServe(Exception):
    """The server cannot start; the message is one line for whoever started it."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises `CannotServe` where that cannot begin."""
    if settings.workers != 1:
        raise CannotServe("SQLite is served by one process: --workers must be 1.")
    _check_tls(settings)
    port = _free_port(settings.host, settings.port)
    try:
        # What is in PostgreSQL is held by no directory: any number of servers share it.
        lock = None if settings.database else DirectoryLock(settings.data)
    except DataDirectoryError as error:
        raise CannotServe(str(error)) from None
    try:
        uvloop.run(_serve(settings, port, lock))
    except (DatabaseUnusable, Unavailable, ArtifactsUnusable) as error:
        raise CannotServe(str(error)) from None
    finally:
        if lock is not None:
            lock.release()


def _check_tls(settings: Settings) -> None:
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{str(settings.tls_cert)!r} and {str(settings.tls_key)!r}"
        raise CannotServe(f"The TLS files {files} cannot be used: {error.strerror or error}.") from None


async def _serve(settings: Settings, port: int, lock: DirectoryLock | None) -> None:
    application = Application(settings)
    await application.start()
    _settle_garbage_collector()
    server = Server(
        application.rsgi,
        address=settings.host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
    )
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    serving = asyncio.ensure_future(server.serve())
    try:
        await _listening(settings.host, port, serving)
        url = server_url(settings, port)
        if lock is not None:
            lock.announce(
                Holder(
                    pid=os.getpid(),
                    url=url,
                    certificate=str(settings.tls_cert.resolve()) if settings.tls_cert else "",
                )
            )
        print(f"modelkeep serves {shown_database(settings)} at {url}", file=sys.stderr, flush=True)  # noqa: T201
        await asyncio.wait((serving, asyncio.ensure_future(stopping.wait())), return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]
        await _quiet(application, serving, settings.shutdown_seconds)
    finally:
        await application.stop()


def _settle_garbage_collector() -> None:
    """What a start makes stays, and requests make few cycles: looking through all of it for them again and again
    took an eighth of a write's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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


def server_url(settings: Settings, port: int) -> str:
    """The address that a browser on this machine can use."""
    scheme = "https" if settings.tls_cert else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    if settings.tls_cert and host in ("127.0.0.1", "[::1]"):
        host = "localhost"
    return f"{scheme}://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def _free_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Granian shares ports between its workers, so it would not see one in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            found: int = probe.getsockname()[1]
            return found
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"Port {port} of {host} is in use by another process.") from None
        raise CannotServe(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None
