"""An error as an answer: one body with both vocabularies, and the status of the caller's dialect."""

import logging

import msgspec

from modelkeep.artifacts.store import StoreFailed
from modelkeep.core.errors import ApiError, ErrorKind, internal, too_many_requests, unavailable
from modelkeep.core.scope import Dialect
from modelkeep.server.http import Answer, PayloadTooLarge
from modelkeep.storage.errors import Away, DiskFull, ForeignKeyViolation, OutcomeUnknown, Overloaded, Unavailable

_log = logging.getLogger("modelkeep.server")
_encode = msgspec.json.Encoder().encode


class Error(msgspec.Struct):
    """`error_code` is MLflow's, `code` is Oracle's."""

    error_code: str
    code: str
    message: str


def status_of(kind: ErrorKind, dialect: Dialect) -> int:
    return kind.value.mlflow_status if dialect is Dialect.MLFLOW else kind.value.oracle_status


def error_answer(error: ApiError, dialect: Dialect) -> Answer:
    spoken = error.kind.value
    body = _encode(Error(spoken.mlflow_code, spoken.oracle_code, error.message))
    return Answer(status_of(error.kind, dialect), body, error.headers)


def as_api_error(error: Exception, request_id: str) -> ApiError:
    """What a client is told of an error; what it is not told goes to the log under the request's id."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, PayloadTooLarge):
        return ApiError(ErrorKind.PAYLOAD_TOO_LARGE, "The request's body is larger than this server takes.")
    if isinstance(error, StoreFailed):
        _log.error("request %s failed", request_id, exc_info=error)
        return unavailable("The artifacts' store cannot take the request now.")
    if isinstance(error, Overloaded):
        return too_many_requests()
    if isinstance(error, OutcomeUnknown):
        _log.warning("request %s: %s", request_id, error)
        return unavailable(
            "The database failed as it was to keep this. Whether it was done is not known: send the request again, "
            "with the opc-retry-token that it had, and it is done once."
        )
    if isinstance(error, ForeignKeyViolation):
        return ApiError(ErrorKind.NOT_FOUND, "What this belongs to was deleted at the same moment. Nothing was done.")
    if isinstance(error, DiskFull):
        _log.error("request %s: %s", request_id, error)
        return unavailable("The disk of the database is full. Nothing was done. What is there can be read.")
    if isinstance(error, Unavailable):
        if not isinstance(error, Away):
            _log.warning("request %s: %s", request_id, error)
        return unavailable("The database cannot take the request now. Nothing was done.")
    _log.error("request %s failed", request_id, exc_info=error)
    return internal()
