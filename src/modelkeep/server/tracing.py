"""Traces by OpenTelemetry, where a setting names a collector: a span a request, below the caller's where it names one.

A span is made when its request is answered, of what the access log knows as well. Off, nothing of this is loaded.
"""

import os
import secrets
import time
from typing import TYPE_CHECKING

from modelkeep import __version__
from modelkeep.server.access_log import Entry
from modelkeep.server.http import RequestHeaders

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_CONTEXT = ("traceparent", "tracestate")
_TRACES = "/v1/traces"


class TracesUnusable(Exception):
    """Traces cannot be sent; the message is one line for whoever started the server."""


class Tracing:
    """Spans on their way to a collector. Made in the process that serves, for it starts a thread."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("modelkeep", __version__)
        self._extract = TraceContextTextMapPropagator().extract
        self._kind = SpanKind.SERVER

    def begin(self, headers: RequestHeaders) -> str:
        """What the caller says of its own trace, "" for nothing; kept in the entry until the request is answered."""
        carried = [value for name in _CONTEXT if (value := headers.get(name))]
        return "\n".join(carried)

    def end(self, entry: Entry) -> None:
        """Make the span of a request that was answered. The entry's trace is the id that its span has."""
        ended = time.time_ns()
        carried = str(entry.trace or "").split("\n")
        carrier = dict(zip(_CONTEXT, carried, strict=False))
        span = self._tracer.start_span(
            entry.operation or f"{entry.method} unknown",
            context=self._extract(carrier),
            kind=self._kind,
            start_time=ended - int(entry.ms * 1_000_000),
            attributes={
                "http.request.method": entry.method,
                "http.response.status_code": entry.status,
                "url.path": entry.path,
                "client.address": entry.client,
                "modelkeep.operation": entry.operation,
                "modelkeep.platform": entry.platform,
                "modelkeep.workspace": entry.workspace,
                "modelkeep.principal": entry.principal,
                "modelkeep.request_id": entry.request_id,
            },
        )
        if entry.status >= 500:
            from opentelemetry.trace import StatusCode

            span.set_status(StatusCode.ERROR)
        entry.trace = f"{span.get_span_context().trace_id:032x}"
        span.end(end_time=ended)

    def close(self) -> None:
        """Send what has not been sent yet. Waits for the collector, a few seconds at most."""
        self._provider.shutdown()


def make_tracing(endpoint: str) -> Tracing | None:
    """Traces to a collector at this URL; None where it is "". Raises `TracesUnusable`."""
    if not endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracesUnusable("Traces need what is not installed: pip install 'modelkeep[otel]'.") from None
    instance = f"{os.getpid()}-{secrets.token_hex(4)}"
    name = os.environ.get("OTEL_SERVICE_NAME") or "modelkeep"
    resource = Resource.create({"service.name": name, "service.version": __version__, "service.instance.id": instance})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    url = endpoint if endpoint.endswith(_TRACES) else endpoint.rstrip("/") + _TRACES
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=5)))
    return Tracing(provider)
