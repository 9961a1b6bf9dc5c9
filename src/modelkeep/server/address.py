"""Where a server listens: the port, and the address that others reach it by."""

import errno
import socket

from modelkeep.core.settings import Settings


class PortUnusable(Exception):
    """The message is one line for whoever started the server."""


def server_url(settings: Settings, port: int) -> str:
    """The address that a browser on this machine can use."""
    scheme = "https" if settings.tls_cert else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    if settings.tls_cert and host in ("127.0.0.1", "[::1]"):
        host = "localhost"
    return f"{scheme}://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def held_port(host: str, port: int) -> socket.socket:
    """The port, or a free one for 0, kept from other programs until the socket is closed, while workers come and go.

    Granian shares ports between its workers, so it would not see one that another program has. Raises `PortUnusable`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port:
            _require_free(family, host, port)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port))
    except OSError as error:
        holder.close()
        if error.errno == errno.EADDRINUSE:
            raise PortUnusable(f"Port {port} of {host} is in use by another process.") from None
        raise PortUnusable(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None
    return holder


def _require_free(family: socket.AddressFamily, host: str, port: int) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
