"""The log's level while the server runs: SIGUSR1 switches to debug, and the next one back."""

import logging

_log = logging.getLogger("modelkeep.server")


class LogLevel:
    """The level of all of this process's logs; `usual` is the one of the settings."""

    def __init__(self, usual: str) -> None:
        self._usual = usual

    def switch(self) -> None:
        """To debug, or back. Where debug is the usual level, to info and back."""
        other = "info" if self._usual == "debug" else "debug"
        root = logging.getLogger()
        level = self._usual if root.level == logging.getLevelName(other.upper()) else other
        root.setLevel(level.upper())
        # At whichever level, so that whoever sent the signal sees that it came.
        _log.log(logging.ERROR, "the log level is %s now", level)
