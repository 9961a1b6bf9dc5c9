"""From query, path and body to a request struct, and from what does not fit to an error that names the field."""

import json
import re
from typing import Any, NoReturn, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, missing_parameter
from modelkeep.core.operation import Operation

_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`(?: - at `\$\.?(?P<at>[^`]*)`)?")
_WRONG = re.compile(
    r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`(?: - at `\$\.?(?P<at>[^`]*)`)?",
)
_PLACE = re.compile(r"(?P<problem>.*?) - at `\$\.?(?P<at>[^`]*)`")
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_MOST_QUERY_FIELDS = 200
_ESCAPED_NUL = b"\\u0000"


class Decoder:
    """Reads the requests of one operation. Lax, as both dialects' clients are: "5" will do where 5 is meant."""

    def __init__(self, operation: Operation) -> None:
        self._type = operation.request
        self._json = msgspec.json.Decoder(operation.request, strict=False)
        hints = get_type_hints(operation.request)
        fields = msgspec.structs.fields(operation.request)
        self._lists = {field.encode_name for field in fields if _holds_list(hints[field.name])}
        self._reads = operation.verb == "GET"
        self._numbers = _holds_float(operation.request)

    def decode(self, query: str, body: bytes, path: dict[str, str] | None) -> msgspec.Struct:
        """A read takes its query or, where it has none, its body; a write its body and then its query."""
        try:
            if self._numbers and (b"NaN" in body or b"Infinity" in body):
                body = _with_quoted_specials(body)
            if body and not query and not path:
                _refuse_nul(body)
                return self._json.decode(body)
            fields = self._from_query(query) if query else {}
            if body and not (fields and self._reads):
                _refuse_nul(body)
                fields = {**fields, **_object(body)}
            if path:
                fields.update(path)
            return msgspec.convert(fields, self._type, strict=False)
        except msgspec.ValidationError as error:
            _explain(error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(str(error)) from None

    def _from_query(self, query: str) -> dict[str, Any]:
        try:
            pairs = _pairs(query)
        except ValueError:
            raise _unreadable("the query is no valid UTF-8 or has too many fields.") from None
        fields: dict[str, Any] = {}
        for key, value in pairs:
            if "\x00" in value:
                raise invalid_parameter(key, "it has a NUL character, which cannot be kept.")
            if key in self._lists:
                fields.setdefault(key, []).append(value)
            elif key in fields:
                raise invalid_parameter(key, "it is given twice.")
            else:
                fields[key] = value
        return fields


def _pairs(query: str) -> list[tuple[str, str]]:
    """The fields of a query. One with nothing to decode is split as it is: that is what most look-ups are."""
    if "%" in query or "+" in query or ";" in query:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_QUERY_FIELDS)
    fields = query.split("&", _MOST_QUERY_FIELDS)
    if len(fields) > _MOST_QUERY_FIELDS:
        raise ValueError
    return [(key, value) for key, _, value in (field.partition("=") for field in fields) if key]


def _holds_list(hint: Any) -> bool:
    return get_origin(hint) is list or any(get_origin(part) is list for part in get_args(hint))


def _holds_float(hint: Any) -> bool:
    if hint is float:
        return True
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return any(_holds_float(field) for field in get_type_hints(hint).values())
    return any(_holds_float(part) for part in get_args(hint))


def _with_quoted_specials(body: bytes) -> bytes:
    """Python's clients may send NaN and Infinity bare, which JSON does not have, where others send them as strings."""
    try:
        return msgspec.json.encode(json.loads(body, parse_constant=str))
    except (ValueError, RecursionError):
        return body


def _object(body: bytes) -> dict[str, Any]:
    decoded = msgspec.json.decode(body)
    if not isinstance(decoded, dict):
        raise _wrong_root(_WORDS["array"] if isinstance(decoded, list) else "a bare value")
    return decoded


def _refuse_nul(body: bytes) -> None:
    if _ESCAPED_NUL in body and (field := _nul_in(msgspec.json.decode(body), "body")):
        raise invalid_parameter(field, "it has a NUL character, which cannot be kept.")


def _nul_in(value: Any, field: str) -> str | None:
    if isinstance(value, str):
        return field if "\x00" in value else None
    if isinstance(value, dict):
        inner = [(key if field == "body" else f"{field}.{key}", item) for key, item in value.items()]
        if any("\x00" in key for key in value):
            return field
    elif isinstance(value, list):
        inner = [(field, item) for item in value]
    else:
        return None
    return next((found for name, item in inner if (found := _nul_in(item, name))), None)


def _unreadable(problem: str) -> ApiError:
    return ApiError(ErrorKind.CANNOT_PARSE, f"The request cannot be read: {problem}")


def _wrong_root(given: str) -> ApiError:
    return _unreadable(f"its body must be a JSON object, not {given}.")


def _field(at: str | None, name: str = "") -> str:
    parts = [part for part in (re.sub(r"\[[^\]]*\]", "", at or ""), name) if part]
    return ".".join(parts).strip(".")


def _explain(error: msgspec.ValidationError) -> NoReturn:
    text = str(error)
    if missing := _MISSING.fullmatch(text):
        raise missing_parameter(_field(missing["at"], missing["field"])) from None
    if wrong := _WRONG.fullmatch(text):
        field = _field(wrong["at"])
        wanted = [word for word in wrong["wanted"].split(" | ") if word != "null"]
        if not field:
            raise _wrong_root(_WORDS.get(wrong["given"], wrong["given"])) from None
        if wrong["given"] == "null":
            raise missing_parameter(field) from None
        allowed = " or ".join(_WORDS.get(word, word) for word in wanted)
        raise invalid_parameter(
            field, f"it must be {allowed}, not {_WORDS.get(wrong['given'], wrong['given'])}."
        ) from None
    if placed := _PLACE.fullmatch(text):
        raise invalid_parameter(_field(placed["at"]) or "body", f"{placed['problem']}.") from None
    raise invalid_parameter("body", f"{text}.") from None
