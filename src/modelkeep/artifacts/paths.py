"""Which paths may name an artifact. One rule for every store, so that what one refuses no other takes."""

from urllib.parse import unquote

from modelkeep.core.errors import ApiError, invalid_parameter, missing_parameter

_LONGEST_PATH = 900
_LONGEST_SEGMENT = 255
"""Bytes. What Linux's file systems take for a name, and S3 for a key with room for a prefix."""


def check_path(path: str, field: str = "path") -> str:
    """A path to a file or folder: plain segments between single slashes."""
    if not path:
        raise missing_parameter(field)
    if path.startswith("/"):
        raise _refused(field, path, "it must be relative, without a '/' at its start")
    if not path.isprintable() or "\ufffd" in path:
        raise _refused(field, path, "it has control characters or is no valid UTF-8")
    for spelling in _spellings(path):
        if "\\" in spelling or "\x00" in spelling:
            raise _refused(field, path, "it has a backslash or a NUL character")
        segments = spelling.split("/")
        if ".." in segments or "." in segments:
            raise _refused(field, path, "'.' and '..' are no names")
        if "" in segments:
            raise _refused(field, path, "it has an empty segment")
        if len(segments) != path.count("/") + 1:
            raise _refused(field, path, "it has an encoded slash")
    if len(path.encode()) > _LONGEST_PATH or any(len(name.encode()) > _LONGEST_SEGMENT for name in path.split("/")):
        raise _refused(field, path, f"at most {_LONGEST_PATH} bytes are allowed, {_LONGEST_SEGMENT} in a segment")
    return path


def check_folder(path: str | None, field: str = "path") -> str:
    """A path to a folder, which may end in a slash; "" is the root itself."""
    return check_path(path.removesuffix("/"), field) if path else ""


def join(*parts: str) -> str:
    """Parts that were checked, some of them perhaps empty."""
    return "/".join(part for part in parts if part)


def _spellings(path: str) -> list[str]:
    """The path, and what it becomes for a reader that decodes it once more, and again.

    Storage keeps a name as it is given here, but what reads it later may decode it: a proxy, or a cloud's console.
    """
    found = [path]
    while "%" in path and (path := unquote(path)) != found[-1]:
        found.append(path)
    return found


def _refused(field: str, path: str, problem: str) -> ApiError:
    return invalid_parameter(field, f"{path[:200]!r} names no artifact: {problem}.")
