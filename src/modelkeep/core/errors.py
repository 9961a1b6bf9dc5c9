"""Every error a client can meet: one table from kind to both dialects' codes and statuses.

Sources: the error codes of MLflow's protocol (`ErrorCode`) and the API errors of Oracle Cloud.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class _Spoken(NamedTuple):
    mlflow_status: int
    mlflow_code: str
    oracle_status: int
    oracle_code: str


class ErrorKind(Enum):
    """What went wrong, with the status and code each dialect has for it."""

    CANNOT_PARSE = _Spoken(400, "BAD_REQUEST", 400, "CannotParseRequest")
    MISSING_PARAMETER = _Spoken(400, "INVALID_PARAMETER_VALUE", 400, "MissingParameter")
    INVALID_PARAMETER = _Spoken(400, "INVALID_PARAMETER_VALUE", 400, "InvalidParameter")
    LIMIT_EXCEEDED = _Spoken(400, "RESOURCE_LIMIT_EXCEEDED", 400, "LimitExceeded")
    RELATED_NOT_FOUND = _Spoken(404, "RESOURCE_DOES_NOT_EXIST", 400, "RelatedResourceNotAuthorizedOrNotFound")
    NOT_AUTHENTICATED = _Spoken(401, "UNAUTHENTICATED", 401, "NotAuthenticated")
    NOT_AUTHORIZED = _Spoken(403, "PERMISSION_DENIED", 403, "NotAuthorized")
    NOT_FOUND = _Spoken(404, "RESOURCE_DOES_NOT_EXIST", 404, "NotAuthorizedOrNotFound")
    # MLflow answers an unknown alias as a bad parameter, and its client's prompts rely on that.
    ALIAS_NOT_FOUND = _Spoken(400, "INVALID_PARAMETER_VALUE", 404, "NotAuthorizedOrNotFound")
    NO_SUCH_OPERATION = _Spoken(404, "ENDPOINT_NOT_FOUND", 404, "NotFound")
    METHOD_NOT_ALLOWED = _Spoken(405, "ENDPOINT_NOT_FOUND", 405, "MethodNotAllowed")
    # MLflow answers 500 here, which its own client then retries for minutes.
    INCORRECT_STATE = _Spoken(400, "INVALID_STATE", 409, "IncorrectState")
    INVALIDATED_RETRY_TOKEN = _Spoken(409, "RESOURCE_CONFLICT", 409, "InvalidatedRetryToken")
    ALREADY_EXISTS = _Spoken(400, "RESOURCE_ALREADY_EXISTS", 409, "NotAuthorizedOrResourceAlreadyExists")
    NO_ETAG_MATCH = _Spoken(412, "RESOURCE_CONFLICT", 412, "NoEtagMatch")
    REQUEST_TIMEOUT = _Spoken(408, "BAD_REQUEST", 408, "RequestTimeout")
    LENGTH_REQUIRED = _Spoken(411, "BAD_REQUEST", 411, "LengthRequired")
    PAYLOAD_TOO_LARGE = _Spoken(413, "BAD_REQUEST", 413, "PayloadTooLarge")
    RANGE_NOT_SATISFIABLE = _Spoken(416, "BAD_REQUEST", 416, "RangeNotSatisfiable")
    TOO_MANY_REQUESTS = _Spoken(429, "REQUEST_LIMIT_EXCEEDED", 429, "TooManyRequests")
    INTERNAL = _Spoken(500, "INTERNAL_ERROR", 500, "InternalServerError")
    NOT_IMPLEMENTED = _Spoken(501, "NOT_IMPLEMENTED", 501, "NotImplemented")
    UNAVAILABLE = _Spoken(503, "TEMPORARILY_UNAVAILABLE", 503, "ServiceUnavailable")


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An answer that is not a success: its kind, the sentence for the client, and headers to add."""

    kind: ErrorKind
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.message


def missing_parameter(field: str) -> ApiError:
    return ApiError(ErrorKind.MISSING_PARAMETER, f"Missing value for required parameter '{field}'.")


def invalid_parameter(field: str, problem: str) -> ApiError:
    """`problem` says what was wrong and what is allowed; `field` is its name on the wire."""
    return ApiError(ErrorKind.INVALID_PARAMETER, f"Invalid value for parameter '{field}': {problem}")


def too_long(field: str, length: int, limit: int) -> ApiError:
    return invalid_parameter(field, f"it has {length} characters, at most {limit} are allowed.")


def platform_not_found(platform: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"AI Data Platform '{platform}' does not exist.")


def workspace_not_found(platform: str, workspace: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Workspace '{workspace}' of AI Data Platform '{platform}' does not exist.")


def registered_model_not_found(name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Registered Model with name={name} not found")


def registered_model_exists(name: str) -> ApiError:
    return ApiError(ErrorKind.ALREADY_EXISTS, f"Registered Model (name={name}) already exists.")


def model_version_not_found(name: str, version: str | int) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Model Version (name={name}, version={version}) not found")


def alias_not_found(name: str, alias: str) -> ApiError:
    return ApiError(ErrorKind.ALIAS_NOT_FOUND, f"Registered model alias {alias} of '{name}' not found.")


def no_latest_version(name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Latest version not found for model {name}.")


def experiment_not_found(experiment_id: str | int) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"No Experiment with id={experiment_id} exists")


def experiment_not_named(name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Could not find experiment with name '{name[:500]}'")


def run_not_found(run_id: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Run with id={run_id} not found")


def logged_model_not_found(model_id: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Logged model with ID '{model_id}' not found.")


def not_active(what: str, identity: str) -> ApiError:
    """What is deleted can be restored, but not written to.

    A bad parameter, as to MLflow: Oracle's SDK takes a 409 for something that passes, and tries again for minutes.
    """
    return ApiError(
        ErrorKind.INVALID_PARAMETER, f"The {what} {identity} must be in the 'active' state. Current state is deleted."
    )


def artifact_not_found(path: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"There is no artifact at '{path}'.")


def related_not_found(field: str, problem: str) -> ApiError:
    return ApiError(ErrorKind.RELATED_NOT_FOUND, f"Invalid value for parameter '{field}': {problem}")


def no_etag_match(current: str) -> ApiError:
    return ApiError(
        ErrorKind.NO_ETAG_MATCH,
        f"The resource has changed: its etag is {current}, which 'if-match' does not name. Nothing was done.",
    )


def no_etag_to_match() -> ApiError:
    return ApiError(
        ErrorKind.NO_ETAG_MATCH, "Nothing that this changes has an etag, so none matches 'if-match'. Nothing was done."
    )


def invalidated_retry_token(problem: str) -> ApiError:
    return ApiError(ErrorKind.INVALIDATED_RETRY_TOKEN, f"The 'opc-retry-token' cannot be used: {problem}")


def not_authenticated() -> ApiError:
    return ApiError(
        ErrorKind.NOT_AUTHENTICATED,
        "The required information to complete authentication was not provided or was incorrect.",
        (("www-authenticate", 'Basic realm="modelkeep", Bearer realm="modelkeep", Signature version="1"'),),
    )


def too_many_log_ins(seconds: int) -> ApiError:
    return ApiError(
        ErrorKind.TOO_MANY_REQUESTS,
        "Too many log-ins have failed. Try again later.",
        (("retry-after", str(max(1, seconds))),),
    )


def not_authorized(principal: str, deed: str, needed: str) -> ApiError:
    return ApiError(ErrorKind.NOT_AUTHORIZED, f"'{principal}' may not {deed}: that needs {needed}.")


def too_many_requests() -> ApiError:
    return ApiError(
        ErrorKind.TOO_MANY_REQUESTS,
        "More writes are waiting than this server takes. This one was not done; send it again in a moment.",
        (("retry-after", "1"),),
    )


def rate_exceeded(seconds: int) -> ApiError:
    return ApiError(
        ErrorKind.TOO_MANY_REQUESTS,
        "More requests came than this server takes of one caller. This one was not done; send it again later.",
        (("retry-after", str(max(1, seconds))),),
    )


def unavailable(reason: str) -> ApiError:
    return ApiError(ErrorKind.UNAVAILABLE, reason, (("retry-after", "1"),))


def internal() -> ApiError:
    return ApiError(
        ErrorKind.INTERNAL, "The server met an unexpected condition. The log has it under this request's id."
    )
