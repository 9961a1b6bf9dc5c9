"""`/metrics`: what is counted, and who may read it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from modelkeep.core.limits import Limits
from modelkeep.core.scope import Dialect, Principal, Scope
from modelkeep.server.figures import Figures, Series
from modelkeep.server.metrics import may_read
from tests.server.test_deliveries import CREATED
from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.server import RunningServer

_PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    flags = ("--webhook-allow-http", "--webhook-allow-private")
    with RunningServer(tmp_path_factory.mktemp("counted"), *flags) as running:
        yield running


@pytest.fixture
def api(counted: RunningServer) -> Api:
    return Api(counted.url, "/api/2.0/mlflow")


def figures_of(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    text = api.ok("GET", "/metrics")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests(operation: str, status: int) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "modelkeep_request_duration_seconds_count", (("operation", operation), ("status", str(status)))


def test_requests_are_counted_by_operation_and_status(api: Api) -> None:
    before = figures_of(api)
    api.post("registered-models/create", name="counted")
    for _ in range(3):
        api.post("model-versions/create", name="counted", source="s3://b/k")
    assert api.call("GET", "registered-models/get", query={"name": "absent"}).status == 404
    assert api.call("GET", "/api/2.0/mlflow/no-such-operation").status == 404
    after = figures_of(api)
    for operation, status, count in (
        ("create_registered_model", 200, 1),
        ("create_model_version", 200, 3),
        ("get_registered_model", 404, 1),
        ("unknown", 404, 1),
    ):
        key = requests(operation, status)
        assert after[key] - before.get(key, 0) == count
        labels = (("le", "+Inf"), *key[1])
        assert after["modelkeep_request_duration_seconds_bucket", labels] == after[key]
        assert after["modelkeep_request_duration_seconds_sum", key[1]] > 0
    assert after["modelkeep_commit_writes_sum", ()] - before["modelkeep_commit_writes_sum", ()] >= 4
    assert 1 <= after["modelkeep_commit_duration_seconds_count", ()] <= after["modelkeep_commit_writes_sum", ()]
    assert after["modelkeep_requests_in_flight", ()] == 1
    assert after["modelkeep_writes_waiting", ()] == 0


def test_a_remembered_answer_is_a_hit(api: Api) -> None:
    api.post("registered-models/create", name="asked")
    hit = ("modelkeep_remembered_answers_total", (("outcome", "hit"),))
    before = figures_of(api)[hit]
    for _ in range(3):
        api.get("registered-models/get", name="asked")
    assert figures_of(api)[hit] - before >= 1


def test_the_outbox_is_measured(api: Api) -> None:
    def asked_to_wait(status: int = 429) -> int:
        return status

    with Receiver(lambda message: asked_to_wait(), retry_after="600") as receiver:
        webhook = api.post("webhooks", name="ci", url=receiver.url, events=[CREATED])["webhook"]["webhook_id"]
        api.post("registered-models/create", name="told")
        api.post("model-versions/create", name="told", source="s3://b/k")
        receiver.wait_for(1)
        failed = ("modelkeep_webhook_deliveries_total", (("outcome", "failed"),))
        while (now := figures_of(api))[failed] == 0:
            continue
        assert now["modelkeep_outbox_deliveries", (("state", "waiting"),)] == 1
        assert now["modelkeep_outbox_oldest_seconds", ()] > 0
    api.ok("DELETE", f"webhooks/{webhook}")
    assert figures_of(api)["modelkeep_outbox_deliveries", (("state", "waiting"),)] == 0


def test_every_figure_is_on_the_operations_page(api: Api) -> None:
    api.post("registered-models/create", name="documented")
    families = {family.name for family in text_string_to_metric_families(api.ok("GET", "/metrics"))}
    page = set(re.findall(r"`(modelkeep_\w+|process_\w+)`", _PAGE.read_text()))
    assert {name.removesuffix("_total") for name in page} == families


def test_the_format_is_the_one_that_is_asked_for(api: Api) -> None:
    answer = api.call("GET", "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith("# EOF\n")
    assert api.call("POST", "/metrics").status in (404, 405)


def test_nobody_reads_them_where_the_setting_says_so(data_directory: Path) -> None:
    with RunningServer(data_directory, "--metrics-for", "nobody") as server:
        assert Api(server.url).call("GET", "/metrics").error == (403, "PERMISSION_DENIED", "NotAuthorized")


def test_where_one_must_log_in_they_are_this_machines_and_the_administrators(data_directory: Path) -> None:
    with RunningServer(data_directory, "--auth", "required") as server:
        api = Api(server.url)
        assert api.call("GET", "/api/2.0/mlflow/registered-models/search").status == 401
        assert "modelkeep_build_info" in api.ok("GET", "/metrics")
        assert api.call("GET", "/metrics", headers={"x-forwarded-for": "10.0.0.7"}).status == 401


def _scope(*, administrator: bool) -> Scope:
    return Scope(Principal("somebody", administrator=administrator), Dialect.MLFLOW, 0, "", Limits(), b"")


@pytest.mark.parametrize(
    ("readers", "headers", "address", "administrator", "allowed"),
    [
        ("administrators", {}, "127.0.0.1", False, True),
        ("administrators", {}, "[::1]", False, True),
        ("administrators", {}, "10.0.0.7", False, False),
        ("administrators", {}, "10.0.0.7", True, True),
        ("administrators", {}, "", False, False),
        ("administrators", {"x-forwarded-for": "10.0.0.7"}, "127.0.0.1", False, False),
        ("administrators", {"forwarded": "for=10.0.0.7"}, "127.0.0.1", False, False),
        ("everyone", {}, "10.0.0.7", False, True),
        ("nobody", {}, "127.0.0.1", True, False),
    ],
)
def test_who_may_read_them(
    readers: str, headers: dict[str, str], address: str, administrator: bool, allowed: bool
) -> None:
    assert may_read(readers, headers, address, _scope(administrator=administrator)) is allowed


def test_a_caller_who_is_not_known_may_read_them_from_this_machine_alone() -> None:
    assert may_read("administrators", {}, "127.0.0.1", None)
    assert not may_read("administrators", {}, "10.0.0.7", None)


def test_what_processes_have_counted_is_added_up_and_outlives_them(tmp_path: Path) -> None:
    one, other = Figures(tmp_path, 0), Figures(tmp_path, 1)
    for figures in (one, one, other):
        figures.request("get_run", 200, 0.003)
    other.request("get_run", 404, 20.0)
    other.counter("hits", lambda: 5)
    other.gauge("waiting", lambda: 2)
    other.sample()
    again = Figures(tmp_path, 1)
    again.counter("hits", lambda: 3)
    again.gauge("waiting", lambda: 1)
    again.request("get_run", 200, 0.003)
    again.sample()
    totals = one.totals()
    answered = totals[Series("requests", ("get_run", "200"))]
    assert answered[0] == pytest.approx(0.012)
    assert answered[1:] == [0.0, 0.0, 4.0, *[0.0] * 11]
    assert totals[Series("requests", ("get_run", "404"))] == [20.0, *[0.0] * 13, 1.0]
    assert totals[Series("hits", ())] == [8.0]
    assert totals[Series("waiting", ())] == [1.0]
    assert set(one.processes()) == {"0", "1"}
