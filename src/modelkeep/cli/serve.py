"""`modelkeep serve`."""

import gc
import logging
import sys
from typing import TYPE_CHECKING

from modelkeep.cli.failure import CommandFailed
from modelkeep.core.settings import Origin, Settings

if TYPE_CHECKING:
    from modelkeep.server.asgi import AsgiApplication
    from modelkeep.server.calls import Calls


def serve(settings: Settings, origins: list[Origin]) -> None:
    """Serve the API and the web pages until SIGTERM or SIGINT. Every flag can be set by its variable too."""
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A start makes next to no garbage: looking for it takes a tenth of it. The server begins to, once it serves.
    gc.disable()
    from modelkeep.server.serve import CannotServe
    from modelkeep.server.serve import serve as run_server

    try:
        run_server(settings, _pages)
    except CannotServe as error:
        raise CommandFailed(str(error)) from None


def _pages(calls: "Calls", behind: "AsgiApplication") -> "AsgiApplication":
    # Templates and their engine are read when somebody opens a page; a server starts without them.
    from modelkeep.ui.application import make_pages

    return make_pages(calls, behind)
