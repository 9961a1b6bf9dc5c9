"""What a file is shown as, by its name and its first bytes. All sizes are bounded."""

import csv
import json
from importlib.util import find_spec
from io import BytesIO, StringIO
from typing import Any, NamedTuple

import anyio.to_thread

from modelkeep.ui.tracking_pages.artifact_source import Source

TEXT_BYTES = 64 * 1024
IMAGE_BYTES = 16 * 1024 * 1024
PARQUET_BYTES = 64 * 1024 * 1024
FRAME_BYTES = 16 * 1024 * 1024
_ROWS, _COLUMNS, _CELL = 100, 50, 200
IMAGES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "bmp": "image/bmp",
    "ico": "image/x-icon",
    "avif": "image/avif",
}
FRAMES = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8"}


class Table(NamedTuple):
    """The first rows and columns of a table."""

    heads: list[str]
    rows: list[list[str]]
    note: str


class Preview(NamedTuple):
    """How a file is shown. `kind` is image, frame, markdown, table, text or none; `note` says what else there is."""

    kind: str
    text: str = ""
    table: Table | None = None
    note: str = ""
    sandbox: str = ""


def extension_of(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""


async def preview(source: Source, path: str, size: int) -> Preview:
    """How to show the file at `path`, which has `size` bytes."""
    extension = extension_of(path)
    if size == 0:
        return Preview("none", note="The file is empty.")
    if extension in IMAGES:
        return Preview("image") if size <= IMAGE_BYTES else _too_large("An image", IMAGE_BYTES)
    if extension in FRAMES:
        if size > FRAME_BYTES:
            return _too_large("A page", FRAME_BYTES)
        return Preview("frame", sandbox="allow-scripts" if extension != "pdf" else "")
    if extension in ("parquet", "pq"):
        return await _parquet(source, path, size)
    content = await source.read(path, TEXT_BYTES)
    text = _as_text(content)
    if text is None:
        return Preview("none", note="This file is not text, and there is no preview of its kind.")
    note = f"The first {TEXT_BYTES // 1024} KB of it." if size > len(content) else ""
    if extension in ("csv", "tsv"):
        return Preview("table", table=_csv(text, "\t" if extension == "tsv" else ",", whole=not note), note=note)
    if extension in ("md", "markdown"):
        return Preview("markdown", text, note=note)
    if extension == "json" and not note:
        text = _indented(text)
    return Preview("text", text, note=note)


def _too_large(what: str, most: int) -> Preview:
    return Preview("none", note=f"{what} of more than {most // 1024 // 1024} MB is not shown. Download it instead.")


def _as_text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A character may be cut in two where the reading ends.
        return content[: error.start].decode("utf-8-sig") if error.start >= len(content) - 3 else None


def _indented(text: str) -> str:
    try:
        # JSON knows no NaN, yet what Python writes may have it.
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _csv(text: str, delimiter: str, *, whole: bool) -> Table:
    lines = text if whole else text[: text.rfind("\n") + 1]
    rows: list[list[str]] = []
    try:
        for row in csv.reader(StringIO(lines), delimiter=delimiter):
            rows.append([_cell(value) for value in row[:_COLUMNS]])
            if len(rows) > _ROWS:
                break
    except csv.Error:
        pass
    heads = rows[0] if rows else []
    return Table(heads, rows[1:], f"The first {_ROWS} rows." if len(rows) > _ROWS else "")


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _CELL else text[:_CELL] + "…"


async def _parquet(source: Source, path: str, size: int) -> Preview:
    if find_spec("pyarrow") is None:
        return Preview("none", note="Parquet tables are shown where the server has pyarrow: pip install pyarrow.")
    if size > PARQUET_BYTES:
        return _too_large("A Parquet table", PARQUET_BYTES)
    content = await source.read(path, size)
    table = await anyio.to_thread.run_sync(_read_parquet, content)
    return Preview("table", table=table) if table else Preview("none", note="This file cannot be read as Parquet.")


def _read_parquet(content: bytes) -> Table | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(BytesIO(content))
        names = file.schema_arrow.names
        batch = next(file.iter_batches(_ROWS, columns=names[:_COLUMNS], use_threads=False), None)
        rows = [[_cell(value) for value in row.values()] for row in batch.to_pylist()] if batch else []
    except (pa.ArrowException, OSError, ValueError):
        return None
    of_all = f"{len(rows):,} of {file.metadata.num_rows:,} rows, {min(len(names), _COLUMNS)} of {len(names)} columns."
    return Table(names[:_COLUMNS], rows, of_all)
