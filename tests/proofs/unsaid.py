"""Rules that the OpenAPI document does not say, by which a request that fits its schema is refused all the same.

Each is an answer that such a request may get, and why the document is silent. What is refused with any other words is a
rule that the document has to say.
"""

import re
from typing import Any
from urllib.parse import unquote

import requests

_REFUSED = "Invalid value for parameter '[^']*': "
_RULES = tuple(
    re.compile(rule, re.DOTALL)
    for rule in (
        # What is there already, or protected, is a matter of state. Where Oracle's dialect says 409, MLflow's says 400.
        r".*already exists",
        r".*exists already",
        r".* must be in the 'active' state",
        rf"{_REFUSED}'default' is (reserved|the platform's default)",
        rf"{_REFUSED}a workspace keeps its experiment 0",
        rf"{_REFUSED}the (user|group|role) .* does not exist",
        rf"{_REFUSED}.* is a folder; the path of a file is needed",
        rf"{_REFUSED}.* is below a file; nothing can be kept there",
        # MLflow's alphabets: what `\w` is differs between Unicode and the regular expressions of JSON Schema.
        rf"{_REFUSED}.* has other characters than letters",
        rf"{_REFUSED}.* reads as a path that leads elsewhere",
        rf"{_REFUSED}.* has characters that names cannot have",
        rf"{_REFUSED}.* is no name of a webhook",
        rf"{_REFUSED}.* cannot stand in a path",
        rf"{_REFUSED}it has (control characters|a NUL character)",
        rf"{_REFUSED}.* names no artifact: ",
        rf"{_REFUSED}it must have 1 to \d+ printable characters",
        rf"{_REFUSED}it has \d+ characters, \d+ to \d+ are allowed",
        rf"{_REFUSED}.* (is reserved|is too long)",
        # Strings in which another type is written: 5, "5" and " 5 " are one version, MLflow's clients send each.
        rf"{_REFUSED}it must be (an integer|a whole number), got ",
        rf"{_REFUSED}.* is no (experiment id|workspace name|model name|version|number|status|stage|active stage)",
        rf"{_REFUSED}.* is no (age|duration|valid JSON|URL|URI|model URI|place|OCID|RSA key)",
        rf"{_REFUSED}its scheme is .*; https can be used",
        rf"{_REFUSED}it must be ASCII without spaces",
        # Words of which some are read in any case, or are others' words for the same.
        rf"{_REFUSED}.* cannot be granted; ",
        rf"{_REFUSED}.* is none; ",
        rf"{_REFUSED}'group' cannot be a member of a group; user can",
        # Languages with a grammar of their own, and tokens that an earlier page gave.
        rf"{_REFUSED}.* cannot be read at character ",
        rf"{_REFUSED}it is not a token that this search returned",
        # What holds between fields.
        rf"{_REFUSED}exactly one of ",
        rf"{_REFUSED}at least one of ",
        rf"{_REFUSED}an update must have at least one key",
        rf"{_REFUSED}.* is a local path\. To use one, (run_id|model_id) must name",
        rf"{_REFUSED}start_step and end_step belong together",
        rf"{_REFUSED}it is -?\d+, before start_step",
        rf"{_REFUSED}.* is no action of ",
        rf"{_REFUSED}their numbers must ascend",
        # Said of the one of a list that lacks it.
        r"Missing value for required parameter 'datasets\[\d+\]\.dataset_name'",
        # Fields that are known, so that they are refused in words where others are ignored.
        rf"{_REFUSED}groups are everywhere the same",
        rf"{_REFUSED}this server's network is not configured by workspace",
        rf"{_REFUSED}.* is given twice",
        rf"{_REFUSED}[1-9]\d* is out of range; 1 to \d+ ",
    )
)
_MISSING = re.compile(r"Missing value for required parameter '(?P<field>[^']+)'")
_EITHER = {"run_id": "run_uuid", "assignPermissionDetails": "revokePermissionDetails"}
"""Fields of which one is needed, under the name of the one that is said to be missing."""
_EMPTY: tuple[Any, ...] = ("", None, [], {})


def may_refuse(case: Any, response: Any) -> bool:
    """Whether an answer to a request that fits its schema follows from one of these rules."""
    if response.status_code == 412:
        # An etag that was drawn is that of no state.
        return "if-match" in (case.headers or {})
    if response.status_code != 400:
        return False
    message = _message(response)
    if any(rule.match(message) for rule in _RULES):
        return True
    if missing := _MISSING.match(message):
        field = missing["field"]
        # Fields of a DELETE may stand in its query or in its body, so that neither has to have them.
        return (
            case.method == "DELETE" or _is_empty(case, field) or (field in _EITHER and not _has(case, _EITHER[field]))
        )
    return False


def _message(response: Any) -> str:
    """An answer to HEAD has none: the same is asked by GET."""
    if response.request.method == "HEAD":
        response = requests.get(response.request.url, headers=response.request.headers, timeout=60)
    return str(response.json()["message"])


def _values(case: Any, field: str) -> list[Any]:
    """What the request has of a field, such as `tags.key` or `models[2].model_id`, wherever it stands."""
    found: list[Any] = [case.path_parameters, case.query, case.body]
    for name in re.sub(r"\[\d+\]", "", field).split("."):
        found = [one[name] for one in found if isinstance(one, dict) and name in one]
        found = [inner for one in found for inner in (one if isinstance(one, list) and one else [one])]
    return found


def _is_empty(case: Any, field: str) -> bool:
    """Whether what is said to be missing was there and empty: few fields that are required may be."""
    return any(_blank(value) for value in _values(case, field))


def _blank(value: Any) -> bool:
    return value in _EMPTY or (isinstance(value, str) and not unquote(value).strip())


def _has(case: Any, field: str) -> bool:
    return not all(map(_blank, _values(case, field)))
