"""Artifacts as the lines of a tree, open on the way to one of them. A folder of very many is shown a part at a time."""

from typing import NamedTuple

from modelkeep.tracking.artifact_places import FileInfo
from modelkeep.ui.tracking_pages.artifact_source import Source

MOST_LINES = 500
_DEEPEST = 20


class Place(NamedTuple):
    """Where in a folder its lines begin: the token of a page, and how many of that page come before."""

    page_: str
    after: int


BEGINNING = Place("", 0)


class Entry(NamedTuple):
    """One line of the tree. `place` is that of the folder's lines among which it stands."""

    path: str
    name: str
    is_dir: bool
    size: int | None
    depth: int
    is_open: bool
    is_chosen: bool
    place: Place = BEGINNING


class Tree:
    """The way to `path`. Of the innermost open folder the lines begin at `place`, of the others at the beginning.

    Once the lines are made, `further` is where the innermost folder goes on, and `left_out` says whether another
    folder on the way has more than is shown.
    """

    def __init__(self, source: Source, path: str, place: Place) -> None:
        self._source = source
        self._path = path
        self._segments = path.split("/")[:_DEEPEST] if path else []
        self._place = place
        self.further: Place | None = None
        self.left_out = False

    async def lines(self, folder: str, depth: int) -> list[Entry]:
        """The lines of a folder, those of the folders that are open in it below their own."""
        found = await self._source.folder(folder, "")
        wanted = "/".join(self._segments[: depth + 1]) if depth < len(self._segments) else ""
        listed = next((file for file in found.files if file.path == wanted), None)
        within: list[Entry] = []
        if wanted and (listed.is_dir if listed else bool(found.further) and self._place == BEGINNING):
            further, self.further = self.further, None
            within = await self.lines(wanted, depth + 1)
            if listed is None and within:
                # It is on a later page of this folder.
                listed = FileInfo(wanted, True)
            self.further = self.further or further
        if listed is None or not listed.is_dir:
            return await self._innermost(folder, depth, found.files, found.further)
        shown = found.files[:MOST_LINES]
        self.left_out = self.left_out or len(found.files) > MOST_LINES or bool(found.further)
        if listed not in shown:
            shown = [listed, *shown]
        entries: list[Entry] = []
        for file in shown:
            is_open = file is listed
            entries.append(_entry(file, depth, self._path, BEGINNING, is_open=is_open))
            entries += within if is_open else []
        return entries

    async def _innermost(self, folder: str, depth: int, files: list[FileInfo], token: str) -> list[Entry]:
        if self._place.page_:
            found = await self._source.folder(folder, self._place.page_)
            files, token = found.files, found.further
        page, after = self._place
        shown = files[after : after + MOST_LINES]
        if after + MOST_LINES < len(files):
            self.further = Place(page, after + MOST_LINES)
        elif token:
            self.further = Place(token, 0)
        if (chosen := next((file for file in files if file.path == self._path), None)) and chosen not in shown:
            shown = [chosen, *shown]
        return [_entry(file, depth, self._path, self._place) for file in shown]


def _entry(file: FileInfo, depth: int, chosen: str, place: Place, *, is_open: bool = False) -> Entry:
    size = file.file_size if isinstance(file.file_size, int) else None
    name = file.path.rpartition("/")[2]
    return Entry(
        file.path, name, file.is_dir, size, depth, is_open, file.path == chosen, BEGINNING if file.is_dir else place
    )
