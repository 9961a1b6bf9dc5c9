"""The record that every write and every refused attempt leaves: who did what, on what, when, and from where."""

from typing import Any, NamedTuple

from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.server.http import Answer
from modelkeep.server.retry import RetryToken
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.schema import write_records
from modelkeep.storage.transaction import Subject, Transaction

_LONGEST_NAME = 500
_NOTHING = Subject("", "", "")


class Record(NamedTuple):
    """One row, its fields in the order of the table's columns."""

    at: int
    platform_id: int | None = None
    workspace_id: int | None = None
    principal: str = ""
    operation: str = ""
    request_id: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    etag: str = ""
    retry_token: str | None = None
    request_digest: bytes | None = None
    answer: bytes | None = None
    caller: str = ""
    address: str = ""
    refusal: str = ""
    subject_name: str = ""


_INSERT = BulkInsert(write_records, Record._fields)


def record_write(
    tx: Transaction, operation: Operation, scope: Scope, request: Any, retry: RetryToken | None, answer: Answer
) -> None:
    """Leave the record of a write, in its transaction."""
    put_record(tx, record_of(operation, scope, request, tx.subject or _NOTHING, retry, answer.body))


def put_record(tx: Transaction, *records: Record) -> None:
    """Leave records."""
    tx.insert(_INSERT, records)


def record_of(
    operation: Operation,
    scope: Scope,
    request: Any,
    subject: Subject,
    retry: RetryToken | None = None,
    answer: bytes = b"",
) -> Record:
    """A write's record. It names its subject as a person would, for the row may soon be gone."""
    tenancy, principal = scope.tenancy, scope.principal
    token, digest, kept = (retry.token, retry.digest, answer) if retry else (None, None, None)
    return Record(
        scope.now,
        tenancy.platform if tenancy else None,
        tenancy.workspace if tenancy else None,
        principal.name,
        operation.name,
        scope.request_id,
        subject.kind or operation.on.what.replace(" ", "_"),
        subject.id,
        subject.etag,
        token,
        digest,
        kept,
        principal.caller,
        scope.address,
        "",
        (subject.name or operation.on.named(scope, request))[:_LONGEST_NAME],
    )
