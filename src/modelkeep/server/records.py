"""The record that every write and every refused attempt leaves: who did what, on what, when, and from where."""

from typing import Any

import sqlalchemy as sa

from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.server.http import Answer
from modelkeep.server.retry import RetryToken
from modelkeep.storage.query import Query
from modelkeep.storage.schema import write_records
from modelkeep.storage.transaction import Subject, Transaction

INSERT = Query(
    sa.insert(write_records).values(
        {column.name: sa.bindparam(column.name) for column in write_records.columns if column.name != "id"}
    )
)
_LONGEST_NAME = 500
_NOTHING = Subject("", "", "")


def record_write(
    tx: Transaction, operation: Operation, scope: Scope, request: Any, retry: RetryToken | None, answer: Answer
) -> None:
    """Leave the record of a write, in its transaction."""
    values = record_of(operation, scope, request, tx.subject or _NOTHING)
    if retry:
        values |= {"retry_token": retry.token, "request_digest": retry.digest, "answer": answer.body}
    tx.put(INSERT, **values)


def record_of(operation: Operation, scope: Scope, request: Any, subject: Subject) -> dict[str, Any]:
    """A record's values. It names its subject as a person would, for the row may soon be gone."""
    tenancy = scope.tenancy
    return {
        "at": scope.now,
        "platform_id": tenancy.platform if tenancy else None,
        "workspace_id": tenancy.workspace if tenancy else None,
        "principal": scope.principal.name,
        "operation": operation.name,
        "request_id": scope.request_id,
        "subject_kind": subject.kind or operation.on.what.replace(" ", "_"),
        "subject_id": subject.id,
        "subject_name": (subject.name or operation.on.named(scope, request))[:_LONGEST_NAME],
        "etag": subject.etag,
        "retry_token": None,
        "request_digest": None,
        "answer": None,
        "caller": scope.principal.caller,
        "address": scope.address,
        "refusal": "",
    }
