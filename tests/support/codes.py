"""Errors as the specification words them: status, MLflow's code, Oracle's code.

Written down here on their own, so that a slip in the server's table is a failing test. Where the dialects have
different statuses, `…_TO_MLFLOW` is what MLflow's clients meet.
"""

CANNOT_PARSE = (400, "BAD_REQUEST", "CannotParseRequest")
MISSING = (400, "INVALID_PARAMETER_VALUE", "MissingParameter")
INVALID = (400, "INVALID_PARAMETER_VALUE", "InvalidParameter")
RELATED_NOT_FOUND = (400, "RESOURCE_DOES_NOT_EXIST", "RelatedResourceNotAuthorizedOrNotFound")
RELATED_NOT_FOUND_TO_MLFLOW = (404, "RESOURCE_DOES_NOT_EXIST", "RelatedResourceNotAuthorizedOrNotFound")
NOT_FOUND = (404, "RESOURCE_DOES_NOT_EXIST", "NotAuthorizedOrNotFound")
ALIAS_NOT_FOUND = (404, "INVALID_PARAMETER_VALUE", "NotAuthorizedOrNotFound")
ALIAS_NOT_FOUND_TO_MLFLOW = (400, "INVALID_PARAMETER_VALUE", "NotAuthorizedOrNotFound")
NO_OPERATION = (404, "ENDPOINT_NOT_FOUND", "NotFound")
NOT_ALLOWED = (405, "ENDPOINT_NOT_FOUND", "MethodNotAllowed")
EXISTS = (409, "RESOURCE_ALREADY_EXISTS", "NotAuthorizedOrResourceAlreadyExists")
EXISTS_TO_MLFLOW = (400, "RESOURCE_ALREADY_EXISTS", "NotAuthorizedOrResourceAlreadyExists")
NOT_ACTIVE = (400, "INVALID_PARAMETER_VALUE", "InvalidParameter")
INCORRECT_STATE_TO_MLFLOW = (400, "INVALID_STATE", "IncorrectState")
INVALIDATED_TOKEN = (409, "RESOURCE_CONFLICT", "InvalidatedRetryToken")
NO_ETAG_MATCH = (412, "RESOURCE_CONFLICT", "NoEtagMatch")
TOO_LARGE = (413, "BAD_REQUEST", "PayloadTooLarge")
