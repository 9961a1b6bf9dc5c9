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


def free_port(host: str, port: int) -> int:
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
            raise PortUnusable(f"Port {port} of {host} is in use by another process.") from None
        raise PortUnusable(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None


def held_port(host: str, port: int) -> socket.socket:
    """The port, kept from other programs while workers come and go."""
    holder = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((host, port))
    return holder
