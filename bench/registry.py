"""What is asked of the registries of models."""

import random
from collections.abc import Callable
from urllib.parse import urlencode

from bench.calls import call, raw
from bench.course import Course
from bench.peers import Peer
from bench.prepare import ALIAS, PAGE, READ_MODEL, VERSIONS, WRITE_MODEL, create_request, page_token, search_path
from bench.work import Requests, Scenario, Work

CREATE, GET, BY_ALIAS, FIRST_PAGE, LAST_PAGE = "create", "get", "get by alias", "search, page 1", "search, page 100"
_DIFFERENT_REQUESTS = 1000


def _create(peer: Peer) -> list[bytes]:
    return [create_request(peer, WRITE_MODEL)]


def _get(peer: Peer) -> list[bytes]:
    numbers = random.Random(1).sample(range(1, VERSIONS + 1), _DIFFERENT_REQUESTS)
    return [raw("GET", _get_path(peer, number), peer.port) for number in numbers]


def _get_path(peer: Peer, number: int) -> str:
    return f"{peer.api}model-versions/get?{urlencode({'name': READ_MODEL, 'version': number})}"


def _alias_path(peer: Peer) -> str:
    return f"{peer.api}registered-models/alias?{urlencode({'name': READ_MODEL, 'alias': ALIAS})}"


def _by_alias(peer: Peer) -> list[bytes]:
    return [raw("GET", _alias_path(peer), peer.port)]


def _first_page(peer: Peer) -> list[bytes]:
    return [raw("GET", search_path(peer), peer.port)]


def _last_page(peer: Peer) -> list[bytes]:
    return [raw("GET", search_path(peer, page_token(peer, VERSIONS // PAGE)), peer.port)]


def _begin(requests: Callable[[Peer], list[bytes]]) -> Callable[[Peer, Course], Work]:
    return lambda peer, course: Requests(peer, requests(peer))


SCENARIOS = (
    Scenario(CREATE, "Create a version with two tags and a retry token of its own", _begin(_create), floor=CREATE),
    Scenario(GET, "Get a version by name and number, any of 10,000", _begin(_get), floor=GET),
    Scenario(BY_ALIAS, "Get the version that an alias names", _begin(_by_alias), floor=GET),
    Scenario(
        FIRST_PAGE,
        "Search: the first page of 100 out of 10,000 versions of one model",
        _begin(_first_page),
        floor=FIRST_PAGE,
    ),
    Scenario(LAST_PAGE, "Search: page 100 of the same, by its token", _begin(_last_page), floor=FIRST_PAGE),
)


def sample_answers(peer: Peer) -> dict[str, bytes]:
    """What modelkeep answers in each scenario, by the last segment of the path; the floors answer the same bytes."""
    version = {
        "name": WRITE_MODEL,
        "source": f"s3://models/{WRITE_MODEL}/artifacts/model",
        "tags": [{"key": "team", "value": "risk"}, {"key": "build", "value": "0" * 32}],
    }
    return {
        "create": call(peer.port, "POST", peer.api + "model-versions/create", version),
        "get": call(peer.port, "GET", _get_path(peer, VERSIONS // 2)),
        "search": call(peer.port, "GET", search_path(peer)),
    }
