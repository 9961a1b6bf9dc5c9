"""Two servers of two workers each on one database: counters, tokens and etags are the database's, not a server's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.api import Answer, Api
from tests.support.server import RunningServer

_MODEL = {"name": "churn", "source": "s3://lake/churn"}


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, shared_database: str
) -> Iterator[tuple[RunningServer, RunningServer]]:
    flags = ("--database", shared_database, "--workers", "2")
    homes = [tmp_path_factory.mktemp("server") for _ in range(2)]
    with RunningServer(homes[0], *flags) as first, RunningServer(homes[1], *flags) as second:
        yield first, second


@pytest.fixture
def apis(servers: tuple[RunningServer, RunningServer], request: pytest.FixtureRequest) -> list[Api]:
    """Both servers, on a platform of the test's own."""
    platform = f"p{abs(hash(request.node.name))}"
    Api(servers[0].url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": platform}, status=201)
    path = f"/20260430/aiDataPlatforms/{platform}/mlops/api/2.0/mlflow"
    apis = [Api(server.url, path, {"dh-user-principal": platform}) for server in servers]
    apis[0].post("registered-models/create", name="churn")
    return apis


def _numbers(api: Api) -> list[int]:
    found: list[int] = []
    token = None
    while True:
        query = {"max_results": 1000} | ({"page_token": token} if token else {})
        page = api.get("model-versions/search", **query)
        found += [int(version["version"]) for version in page["model_versions"]]
        token = page.get("next_page_token")
        if not token:
            return found


def _create_through_both(apis: list[Api], versions: int) -> None:
    def create(number: int) -> int:
        created = apis[number % 2].post("model-versions/create", **_MODEL)["model_version"]
        return int(created["version"])

    with ThreadPoolExecutor(64) as clients:
        answered = list(clients.map(create, range(versions)))
    assert sorted(answered) == list(range(1, versions + 1))
    for api in apis:
        assert sorted(_numbers(api)) == list(range(1, versions + 1))


def test_64_clients_of_both_get_each_number_once(apis: list[Api]) -> None:
    _create_through_both(apis, 600)


@pytest.mark.slow
def test_64_clients_of_both_get_each_of_5000_numbers_once(apis: list[Api]) -> None:
    _create_through_both(apis, 5_000)


def test_one_token_sent_20_times_to_both_creates_one_version(apis: list[Api]) -> None:
    def create(number: int) -> Answer:
        return apis[number % 2].call("POST", "model-versions/create", _MODEL, headers={"opc-retry-token": "t"})

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(create, range(40)))
    assert {(answer.status, answer.content, answer.headers["etag"]) for answer in answers} == {
        (200, answers[0].content, answers[0].headers["etag"])
    }
    assert _numbers(apis[1]) == [1]


def test_of_changes_under_one_etag_one_is_done(apis: list[Api]) -> None:
    first = apis[0].call("POST", "model-versions/create", _MODEL)

    def describe(number: int) -> int:
        body = {"name": "churn", "version": "1", "description": str(number)}
        etag = {"if-match": first.headers["etag"]}
        return apis[number % 2].call("POST", "model-versions/update", body, headers=etag).status

    with ThreadPoolExecutor(20) as clients:
        statuses = list(clients.map(describe, range(20)))
    assert sorted(statuses) == [200] + [412] * 19


def test_what_one_has_answered_the_other_reads_at_once(apis: list[Api]) -> None:
    for number in range(20):
        writer, reader = apis[number % 2], apis[1 - number % 2]
        created = writer.call("POST", "model-versions/create", _MODEL)
        version = created.body["model_version"]["version"]
        read = reader.call("GET", "model-versions/get", query={"name": "churn", "version": version})
        assert (read.content, read.headers["etag"]) == (created.content, created.headers["etag"])


def test_writes_to_many_models_through_both_wait_for_nobody_long(apis: list[Api]) -> None:
    names = [f"model-{number}" for number in range(10)]
    for name in names:
        apis[0].post("registered-models/create", name=name)

    def create(number: int) -> tuple[str, int]:
        name = names[number * 7 % 10]
        created = apis[number % 2].post("model-versions/create", name=name, source="s3://b/k")["model_version"]
        return name, int(created["version"])

    with ThreadPoolExecutor(32) as clients:
        answered = list(clients.map(create, range(400)))
    for name in names:
        assert sorted(version for of, version in answered if of == name) == list(range(1, 41))
