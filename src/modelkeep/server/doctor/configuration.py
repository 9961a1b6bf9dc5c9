"""The settings: variables that are none, files that they name, and what their values mean for who can reach what."""

import importlib.util
import resource
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from modelkeep.core.settings import PREFIX, Origin, Settings
from modelkeep.server.authentication.entrance import is_loopback
from modelkeep.server.doctor.findings import Finding, error, ok, warning

_SOON_DAYS = 30
_FEW_FILES = 4_096
_OTHERS = 0o077
_FLAG = "--"


def examine_configuration(
    settings: Settings, origins: Sequence[Origin], environment: Mapping[str, str]
) -> Iterator[Finding]:
    """Settings by themselves."""
    known = {f"{PREFIX}{setting.name.upper()}" for setting in fields(Settings)}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        yield warning(
            "configuration",
            f"{', '.join(unknown)} is set and is no setting.",
            "See 'modelkeep config' for those there are.",
        )
    else:
        given = sum(origin.source != "default" for origin in origins)
        yield ok("configuration", f"{given} settings are given, the others have their defaults.")
    by_flag = any(origin.name == "database" and origin.source.startswith(_FLAG) for origin in origins)
    if by_flag and "@" in settings.database and ":" in settings.database.partition("://")[2].partition("@")[0]:
        yield warning(
            "configuration",
            "The database's password is in a flag, which every user of this machine can see.",
            f"Put the URL into {PREFIX}DATABASE, or the password into PGPASSWORD or ~/.pgpass.",
        )
    if settings.otlp_endpoint and importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        yield error("traces", "A collector is named, and what sends to it is missing.", "pip install 'modelkeep[otel]'")
    # A server raises its soft limit to this one by itself.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < _FEW_FILES:
        yield warning("open files", f"At most {hard} may be open.", "Each connection is one: ulimit -Hn 65536.")
    else:
        yield ok("open files", f"At most {hard} may be open." if hard >= 0 else "No limit.")


def examine_tls(settings: Settings) -> Iterator[Finding]:
    """The certificate and its key."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as problem:
        reason = problem.strerror or problem
        yield error("tls", f"Certificate and key cannot be used: {reason}.", "Name a PEM chain and the key that fits.")
        return
    mode = settings.tls_key.stat().st_mode & 0o777
    if mode & _OTHERS:
        path = settings.tls_key
        yield warning("tls key", f"{path} has mode {mode:04o}: others may read it.", f"chmod 600 {path}")
    ends = _end(settings.tls_cert)
    left = (ends - datetime.now(UTC)).days
    found = f"The certificate holds until {ends:%Y-%m-%d}."
    if left < 0:
        yield error("tls", found, "Renew it: clients refuse it.")
    elif left < _SOON_DAYS:
        yield warning("tls", found, f"Renew it within {left} days.")
    else:
        yield ok("tls", found)


def _end(certificate: Path) -> datetime:
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def examine_reach(settings: Settings, users: int | None) -> Iterator[Finding]:
    """Who can reach the server, and what he has to prove; `users` is None where the database does not say."""
    where = f"It listens on {settings.host}"
    if is_loopback(settings.host):
        yield ok("access", f"{where}, which this machine alone reaches.")
        return
    if settings.auth == "none":
        yield error(
            "access",
            f"{where} and asks nobody who they are: everyone who reaches it may do everything.",
            f"Set {PREFIX}AUTH to required, or {PREFIX}HOST to 127.0.0.1 behind a proxy that authenticates.",
        )
    elif users == 0 and settings.auth == "auto" and not settings.oidc_issuer:
        yield error(
            "access", f"{where}, and there are no users: it will not start.", "modelkeep user create NAME --admin"
        )
    else:
        yield ok("access", f"{where}, and whoever calls must log in.")
    if settings.tls_cert is None and not settings.public_url.startswith("https://"):
        yield warning(
            "access",
            "It speaks http: passwords and tokens cross the network as they are.",
            f"Name --tls-cert and --tls-key, or set {PREFIX}PUBLIC_URL to the https address of the proxy in front.",
        )
    if settings.webhook_allow_private:
        yield warning(
            "webhooks",
            "Webhooks may lead to private addresses: whoever creates one reaches what this machine does.",
            f"Unset {PREFIX}WEBHOOK_ALLOW_PRIVATE unless all who may create webhooks are trusted with that.",
        )
