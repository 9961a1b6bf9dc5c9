"""The same data on every server: a model with 10,000 versions, an alias on one of them, and a model to create in."""

from urllib.parse import urlencode

from bench.calls import call, call_json, raw
from bench.mlflow_rows import Rows, rows_of
from bench.peers import Peer
from bench.plan import MARKER, Plan, run_apart

VERSIONS = 10_000
PAGE = 100
READ_MODEL, WRITE_MODEL, ALIAS = "churn-classifier", "fraud-detector", "champion"


PATIENCE_SECONDS = 900
"""A preparation ends when all is there; this only ends one that never will."""


class Unprepared(Exception):
    """The data could not be made, or is not what it should be."""


def create_request(peer: Peer, model: str) -> bytes:
    """A version with two tags and a retry token of its own."""
    body = (
        b'{"name":"%s","source":"s3://models/%s/artifacts/model","tags":['
        b'{"key":"team","value":"risk"},{"key":"build","value":"%s"}]}'
    ) % (model.encode(), model.encode(), MARKER)
    request = raw("POST", peer.api + "model-versions/create", peer.port, b"opc-retry-token: " + MARKER + b"\r\n", body)
    grown = 32 - len(MARKER)
    return request.replace(b"content-length: %d" % len(body), b"content-length: %d" % (len(body) + grown))


def search_path(peer: Peer, token: str = "") -> str:
    query = {"filter": f"name = '{READ_MODEL}'", "max_results": PAGE, **({"page_token": token} if token else {})}
    return f"{peer.api}model-versions/search?{urlencode(query)}"


def prepare_modelkeep(peer: Peer) -> None:
    """Everything through the API."""
    _models(peer)
    _create_versions(peer, VERSIONS, clients=16)
    _alias(peer)


def prepare_mlflow(peer: Peer, database: str) -> None:
    """One version through the API, then 9,999 copies of its rows in the database at this URL."""
    _models(peer)
    _create_versions(peer, 1, clients=1)
    with rows_of(database) as rows:
        for table in ("model_versions", "model_version_tags"):
            _copy_rows(rows, table)
    _alias(peer)


def _create_versions(peer: Peer, count: int, clients: int) -> None:
    request = create_request(peer, READ_MODEL)
    outcome = run_apart(
        Plan(port=peer.port, clients=clients, requests=[request], seconds=PATIENCE_SECONDS, answers=count)
    )
    if outcome.errors or outcome.answered != count:
        raise Unprepared(f"{outcome.answered} versions were created, errors {outcome.errors}: {outcome.sample}")


def _copy_rows(rows: Rows, table: str) -> None:
    columns = rows.columns(table)
    later = {"version": "n", "creation_time": "creation_time + n", "last_updated_time": "last_updated_time + n"}
    rows.run(
        f"WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {VERSIONS}) "
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {', '.join(later.get(column, column) for column in columns)} FROM {table}, numbers "
        f"WHERE name = '{READ_MODEL}' AND version = 1"
    )


def _models(peer: Peer) -> None:
    for model in (READ_MODEL, WRITE_MODEL):
        call(peer.port, "POST", peer.api + "registered-models/create", {"name": model})


def _alias(peer: Peer) -> None:
    body = {"name": READ_MODEL, "alias": ALIAS, "version": str(VERSIONS // 2)}
    call(peer.port, "POST", peer.api + "registered-models/alias", body)


def page_token(peer: Peer, page: int) -> str:
    """The token of that page, found as a client finds it: by following the pages before it."""
    token = ""
    for number in range(1, page + 1):
        answer = call_json(peer.port, "GET", search_path(peer, token))
        if len(answer["model_versions"]) != PAGE:
            raise Unprepared(f"page {number} of {peer.name} has {len(answer['model_versions'])} versions, not {PAGE}")
        if number < page:
            token = answer["next_page_token"]
    return token
