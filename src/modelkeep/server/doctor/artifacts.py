"""Where artifacts are kept: a small file is written, read and removed again."""

import secrets
from collections.abc import AsyncIterator

from modelkeep.artifacts.store import StoreFailed
from modelkeep.artifacts.stores import ArtifactsUnusable, Stores
from modelkeep.core.errors import ApiError
from modelkeep.core.settings import Settings
from modelkeep.server.doctor.findings import Finding, error, ok

# No workspace has this number.
_NOBODYS = 0
_ADVICE = "Look at the place, its credentials and its permissions: uploads fail like this."


async def examine_artifacts(settings: Settings) -> Finding:
    """Whether artifacts can be kept and read."""
    where = settings.artifacts or "the data directory"
    if not settings.artifacts and not settings.data.exists():
        return ok("artifacts", "They are kept in the data directory, which is not there yet.")
    content = secrets.token_bytes(64)

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    try:
        stores = Stores(settings, b"")
    except ArtifactsUnusable as problem:
        return error("artifacts", str(problem), _ADVICE)
    try:
        store = stores.workspace(_NOBODYS)
        name = f"doctor-{secrets.token_hex(8)}"
        await store.write(name, len(content), chunks())
        held = await store.look(name)
        await store.delete("")
    except (StoreFailed, ApiError, OSError) as problem:
        return error("artifacts", f"A file cannot be kept in {where}: {problem}", _ADVICE)
    finally:
        stores.close()
    if held.size != len(content):
        return error("artifacts", f"Of {len(content)} bytes {held.size} were kept in {where}.", _ADVICE)
    return ok("artifacts", f"A file was written, found and removed in {where}.")
