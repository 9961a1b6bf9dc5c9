"""Traces: a span a request at a real collector's door, below the caller's own; nothing of it without the setting."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import run
from tests.support.needs import need
from tests.support.server import RunningServer

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """The URL of a server that reads OTLP, and the spans that it was sent."""
    service = need("opentelemetry.proto.collector.trace.v1.trace_service_pb2", "modelkeep[otel]")
    spans: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            import gzip

            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            request = service.ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                named = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
                spans.extend((named, span) for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()
    thread.join()


def test_each_request_is_a_span_below_the_callers(data_directory: Path, collector: tuple[str, list[Any]]) -> None:
    url, spans = collector
    with RunningServer(data_directory, "--otlp-endpoint", url) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        parent = {"traceparent": f"00-{_TRACE}-{_SPAN}-01", "opc-request-id": "asked-1"}
        api.ok("POST", "registered-models/create", {"name": "churn"}, headers=parent)
        assert api.call("GET", "registered-models/get", query={"name": "absent"}).status == 404
        # What is not sent yet is sent as it stops.
        assert server.stop() == 0
    (resource, created), (_, absent) = spans
    assert resource["service.name"] == "modelkeep"
    attributes = {pair.key: pair.value.string_value or pair.value.int_value for pair in created.attributes}
    assert created.name == "create_registered_model"
    assert (created.trace_id.hex(), created.parent_span_id.hex()) == (_TRACE, _SPAN)
    assert attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "url.path": "/api/2.0/mlflow/registered-models/create",
        "client.address": attributes["client.address"],
        "modelkeep.operation": "create_registered_model",
        "modelkeep.platform": "default",
        "modelkeep.workspace": "default",
        "modelkeep.principal": "anonymous",
        "modelkeep.request_id": "asked-1",
    }
    assert created.end_time_unix_nano > created.start_time_unix_nano
    assert absent.parent_span_id == b""
    assert absent.trace_id.hex() != _TRACE
    assert f'"trace":"{_TRACE}"' in server.log.read_text()


def test_a_collector_that_is_away_keeps_nobody_waiting(data_directory: Path) -> None:
    with RunningServer(data_directory, "--otlp-endpoint", "http://127.0.0.1:9") as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.ok("POST", "registered-models/create", {"name": "churn"}, headers={"traceparent": "no trace at all"})


def test_without_the_setting_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys\nimport modelkeep.server.serve\nimport modelkeep.server.application\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'prometheus_client', 'httpcore'))])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_collector_must_be_a_url() -> None:
    outcome = run("config", MODELKEEP_OTLP_ENDPOINT="localhost:4318")
    assert outcome.code == 1
    assert "MODELKEEP_OTLP_ENDPOINT" in outcome.errors
