"""The floors below a creation: the HTTP server alone, and each database with the same rows and nothing above it."""

import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import peers, processes
from bench.calls import raw
from bench.plan import MARKER, UNIQUE_LENGTH, Plan, run_apart
from bench.profiling.work import CREATED_TAGS
from modelkeep.storage.migrate import upgrade

_GROUP = 32
_GROUPS = 40
_SECONDS = 2.0
_CLIENTS = 64
_COUNT = "UPDATE registered_models SET last_version = last_version + 1, revision = revision + 1 WHERE id = {id}"
_VERSION = (
    "INSERT INTO model_versions (model_id, version, platform_id, name, workspace_id, created_at, updated_at, user_id, "
    "stage, description, source, storage_location, run_id, run_link, logged_model_id, is_prompt, revision) "
    "VALUES ({id}, {version}, 1, 'm', 1, {now}, {now}, 'user', 'None', '', {source}, {source}, '', '', '', 0, 1)"
)
_TAG = "INSERT INTO model_version_tags (model_id, version, key, value) VALUES ({id}, {version}, {key}, {value})"
_RECORD = (
    "INSERT INTO write_records (at, platform_id, workspace_id, principal, operation, request_id, subject_kind, "
    "subject_id, etag, retry_token, request_digest, answer) VALUES ({now}, 1, 1, 'user', 'create_model_version', "
    "{token}, 'model_version', {token}, {token}, {token}, {digest}, {answer})"
)


def granian(home: Path) -> float:
    """Processor time of a request that is read, decoded and answered, and stores nothing; microseconds."""
    body = (
        b'{"name":"m","source":"s3://m","tags":[{"key":"team","value":"risk"},{"key":"build","value":"%s"}]}' % MARKER
    )
    with peers.floor(home, "rsgi", {"create": b"x" * 600}) as floor:
        request = raw("POST", floor.api + "model-versions/create", floor.port, body=body)
        sent = len(body) + UNIQUE_LENGTH - len(MARKER)
        grown = request.replace(b"content-length: %d" % len(body), b"content-length: %d" % sent)
        used = processes.cpu_seconds(floor.pid)
        outcome = run_apart(Plan(port=floor.port, clients=_CLIENTS, requests=[grown], seconds=_SECONDS))
        return (processes.cpu_seconds(floor.pid) - used) / max(outcome.answered, 1) * 1e6


def sqlite(home: Path) -> float:
    """Processor time of the rows of a creation in groups of 32, each flushed; microseconds."""
    home.mkdir(parents=True, exist_ok=True)
    upgrade(f"sqlite:///{home / 'floor.db'}")
    connection = sqlite3.connect(home / "floor.db", isolation_level=None, cached_statements=512)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_PLATFORM)
    connection.execute(_MODEL)
    marks = [(_marked(sql, "?"), names) for sql, names in _STATEMENTS]
    costs = []
    for group in range(_GROUPS):
        rows = list(_rows(group))
        used = time.process_time_ns()
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            for sql, names in marks:
                connection.execute(sql, [row[name] for name in names])
        connection.execute("COMMIT")
        costs.append((time.process_time_ns() - used) / 1000 / _GROUP)
    connection.close()
    return median(costs)


def postgres(url: str) -> float:
    """The same through the driver's own pipeline: this process's time, not the database's; microseconds."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_MODEL.replace("(1, 1,", "(1000000, 1,").encode())
        marks = [(_marked(sql, "%s").encode(), names) for sql, names in _STATEMENTS]
        costs = []
        for group in range(_GROUPS):
            rows = list(_rows(group, model=1_000_000))
            used = time.process_time_ns()
            with connection.transaction(), connection.pipeline():
                for row in rows:
                    for sql, names in marks:
                        connection.execute(sql, [row[name] for name in names], prepare=True)
            costs.append((time.process_time_ns() - used) / 1000 / _GROUP)
    return median(costs)


_PLATFORM = (
    "INSERT INTO platforms (id, key, description, created_at, updated_at, revision) VALUES (1, 'floor', '', 0, 0, 1)"
)
_MODEL = (
    "INSERT INTO registered_models (id, platform_id, name, created_at, updated_at, last_version, is_prompt, revision) "
    "VALUES (1, 1, 'm', 0, 0, 0, 0, 1)"
)


def _rows(group: int, model: int = 1) -> Iterator[dict[str, Any]]:
    for place in range(_GROUP):
        number = group * _GROUP + place + 1
        token = secrets.token_hex(16)
        row = {"id": model, "version": number, "now": 1_700_000_000_000 + number, "source": f"s3://models/{token}"}
        for key in CREATED_TAGS:
            row |= {f"key_{key}": key, f"value_{key}": token}
        yield {**row, "token": token, "digest": b"d" * 32, "answer": b"x" * 600}


def _statements() -> Iterator[tuple[str, list[str]]]:
    tags = [_TAG.replace("{key}", f"{{key_{key}}}").replace("{value}", f"{{value_{key}}}") for key in CREATED_TAGS]
    for sql in (_COUNT, _VERSION, *tags, _RECORD):
        names = [part.partition("}")[0] for part in sql.split("{")[1:]]
        yield sql, names


def _marked(sql: str, mark: str) -> str:
    head, *rest = sql.split("{")
    return head + "".join(mark + part.partition("}")[2] for part in rest)


_STATEMENTS = list(_statements())
