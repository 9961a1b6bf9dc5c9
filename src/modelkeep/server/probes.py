"""What monitors and clients ask before anything else: health, readiness, version, and what the server can do."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep import __version__
from modelkeep.server.http import Answer
from modelkeep.server.routes import ORACLE_ROOT, SERVER_INFO, split_tenant
from modelkeep.storage.engine import Engine
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms

# A table is read: SQLite answers "SELECT 1" without looking at its file.
_PING = Query(sa.select(platforms.c.id).limit(1))
_TEXT = "text/plain; charset=utf-8"


Ask = Callable[[Engine], Awaitable[Answer]]


class Features(msgspec.Struct, frozen=True):
    """Of MLflow's optional parts, those that run here."""

    gateway: bool = False


class ServerInfo(msgspec.Struct):
    """What MLflow's clients ask for before they use a workspace or upload in parts."""

    workspaces_enabled: bool
    store_type: str = "SqlStore"
    trace_archival_enabled: bool = False
    multipart_uploads_enabled: bool = False
    multipart_downloads_enabled: bool = False
    features_enabled: Features = Features()


class Probe(NamedTuple):
    """A document's line and the function that answers."""

    summary: str
    answer: Ask


async def _health(engine: Engine) -> Answer:
    return Answer(200, b"OK", content_type=_TEXT)


async def _ready(engine: Engine) -> Answer:
    try:
        await engine.look_up(lambda tx: tx.one(_PING))
    except Exception:
        return Answer(503, b"the database does not answer", content_type=_TEXT)
    return Answer(200, b"OK", content_type=_TEXT)


async def _version(engine: Engine) -> Answer:
    return Answer(200, __version__.encode(), content_type=_TEXT)


async def _server_info(info: ServerInfo, engine: Engine) -> Answer:
    return Answer(200, msgspec.json.encode(info))


class Abilities(NamedTuple):
    """What depends on where artifacts are kept."""

    uploads_in_parts: bool
    downloads_in_parts: bool


PROBES = {
    "health": Probe("The process is up.", _health),
    "ready": Probe("The database answers.", _ready),
    "version": Probe("This server's version.", _version),
}
_SERVER_INFO_PATHS = tuple(f"{root}/3.0/{SERVER_INFO}" for root in ("api", "ajax-api"))


def find_probe(method: str, path: str, abilities: Abilities) -> Ask | None:
    """The probe at this path: at the root, and below a tenant's path, since clients append to their base URL."""
    if method not in ("GET", "HEAD"):
        return None
    tenant, mlops, tail = split_tenant(path) if path.startswith(ORACLE_ROOT) else ("", "", path[1:])
    if tail in _SERVER_INFO_PATHS:
        # Below a tenant's path the tenant is chosen already, so `mlflow.set_workspace` has no meaning there.
        info = ServerInfo(
            not mlops,
            multipart_uploads_enabled=abilities.uploads_in_parts,
            multipart_downloads_enabled=abilities.downloads_in_parts,
        )
        return partial(_server_info, info)
    probe = PROBES.get(tail)
    return probe.answer if probe is not None and (mlops or not tenant) else None
