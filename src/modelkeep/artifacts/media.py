"""What an artifact's name says of how it is shown: its media type, and the name under which it is saved."""

import unicodedata
from mimetypes import guess_type
from urllib.parse import quote

# MLflow's pages show these as text, whatever their own type is.
_TEXT_EXTENSIONS = frozenset(
    {
        *("txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml"),
        *("xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb"),
        *("MLmodel", "MLproject"),
    }
)


def media_type(name: str) -> str:
    """The media type of a file of this name, as MLflow guesses it."""
    stem, _, extension = name.rpartition(".")
    if (extension if stem else name) in _TEXT_EXTENSIONS:
        return "text/plain"
    return guess_type(name)[0] or "application/octet-stream"


def attachment(name: str) -> str:
    """The `content-disposition` that has a browser save the file and never show it as a page of this server."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    if plain == name:
        return f'attachment; filename="{quoted}"'
    return f"attachment; filename=\"{quoted}\"; filename*=UTF-8''{quote(name, safe='')}"
