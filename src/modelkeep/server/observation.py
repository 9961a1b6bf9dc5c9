"""What becomes of a request that was answered, beside its answer: it is counted, traced and logged."""

from modelkeep.server.access_log import AccessLog, Entry
from modelkeep.server.figures import Figures
from modelkeep.server.http import HttpRequest
from modelkeep.server.tracing import Tracing

_UNKNOWN = "unknown"


class Observation:
    """Takes each request twice: as it comes and as it is answered."""

    def __init__(self, log: AccessLog, figures: Figures, tracing: Tracing | None) -> None:
        self._log = log
        self._figures = figures
        self._tracing = tracing

    def begin(self, request: HttpRequest) -> Entry:
        """The entry that the request's way is noted in."""
        entry = Entry(request.method, request.path, request.client)
        if self._tracing is not None:
            entry.trace = self._tracing.begin(request.headers)
        return entry

    def end(self, entry: Entry) -> None:
        """The request was answered: the entry says how and after how long."""
        self._figures.request(entry.operation or _UNKNOWN, entry.status, entry.ms / 1_000)
        if self._tracing is not None:
            self._tracing.end(entry)
        self._log.write(entry)
