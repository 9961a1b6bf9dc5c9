"""An error as an answer: one body with both vocabularies, and the status of the caller's dialect."""

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Dialect
from modelkeep.server.http import Answer

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
