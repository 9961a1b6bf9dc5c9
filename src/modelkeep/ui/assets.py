"""Style sheets and scripts: served under a digest of all of them, so that browsers may keep them for good."""

import gzip
import hashlib
import mimetypes
import re
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).with_name("static")
_PLOTLY = "plotly.min.js"
_LONG = "public, max-age=31536000, immutable"
# What plotly.js looks for before it adds a <style> element, which the pages' policy forbids.
_STYLE_ID = re.compile(rb'getElementById\("([0-9a-f]{32,})"\)')
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Assets:
    """The files in `static/`, and plotly.js as the installed wheel has it."""

    def __init__(self) -> None:
        self._files = {file.relative_to(_FOLDER).as_posix(): file for file in _FOLDER.rglob("*") if file.is_file()}
        self._compressed: dict[str, bytes] = {}
        plotly = _plotly()
        if plotly is not None:
            self._files[_PLOTLY] = plotly

    @cached_property
    def digest(self) -> str:
        """Of every file; of plotly.js its size, for it is large and changes with its version alone."""
        digest = hashlib.blake2b(digest_size=8)
        for name, file in sorted(self._files.items()):
            content = str(file.stat().st_size).encode() if name == _PLOTLY else file.read_bytes()
            digest.update(name.encode() + b"\0" + content)
        return digest.hexdigest()

    def url(self, name: str) -> str:
        """Where a file is served. Scripts import each other by relative paths below the same digest."""
        if name not in self._files:
            raise LookupError(f"{name} is no file of the pages")
        return f"/static/{self.digest}/{name}"

    @cached_property
    def plotly_styles(self) -> list[str]:
        """Ids of style elements that plotly.js adds unless something of that id is there already."""
        file = self._files.get(_PLOTLY)
        return sorted({found.decode() for found in _STYLE_ID.findall(file.read_bytes())}) if file else []

    async def serve(self, request: Request) -> Response:
        """A file, compressed where the browser takes that. Under another digest it is not kept."""
        name = request.path_params["name"]
        file = self._files.get(name)
        if file is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        kept = _LONG if request.path_params["digest"] == self.digest else "no-cache"
        headers = {"cache-control": kept, "vary": "accept-encoding", "x-content-type-options": "nosniff"}
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        if "gzip" not in request.headers.get("accept-encoding", "") or file.suffix not in _TYPES:
            return Response(await anyio.to_thread.run_sync(file.read_bytes), headers=headers, media_type=kind)
        if name not in self._compressed:
            self._compressed[name] = await anyio.to_thread.run_sync(lambda: gzip.compress(file.read_bytes(), 6))
        headers["content-encoding"] = "gzip"
        return Response(self._compressed[name], headers=headers, media_type=kind)


def _plotly() -> Path | None:
    # Importing plotly takes long, and one file of it is all that is wanted.
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / "package_data" / _PLOTLY
    return file if file.exists() else None
