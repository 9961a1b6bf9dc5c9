"""Artifacts on the local disk: a file each, written beside its place and renamed into it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TypeVar

from modelkeep.artifacts.incoming import Draft, Incoming, etag_of, make_folders, refusals
from modelkeep.artifacts.local_parts import LocalParts
from modelkeep.artifacts.store import Held, Listed, Replaced, SignedUrl, below_file, is_folder
from modelkeep.core.errors import artifact_not_found, invalid_parameter
from modelkeep.core.exchange import FileSpan

T = TypeVar("T")
_WHOLE_BYTES = 256 * 1024
"""Files up to this size are read whole: cheaper than having the HTTP server open them."""
_GROUP_BYTES = 1024 * 1024
"""Chunks are written in groups of this size: each write changes threads."""


class LocalStore:
    """The artifacts below one folder. All that waits for the disk is done on the threads of `pool`."""

    def __init__(self, root: Path, incoming: Incoming, pool: Executor, key: bytes, most_bytes: int) -> None:
        self._root = Path(os.path.realpath(root))
        self._incoming = incoming
        self._pool = pool
        self.parts = LocalParts(self, incoming, key, most_bytes)

    @property
    def root(self) -> Path:
        return self._root

    async def look(self, path: str) -> Held:
        return await self.run(self._look, path)

    async def read(self, path: str, held: Held, start: int, stop: int) -> bytes | FileSpan:
        return await self.run(self._open, path, held, start, stop)

    async def write(self, path: str, length: int, chunks: AsyncIterator[bytes]) -> None:
        target = await self.run(self.place, path)
        await self.receive(self._incoming.draft(), chunks, target, self._root)

    async def children(self, path: str) -> list[Listed]:
        return await self.run(self._children, path)

    async def delete(self, path: str) -> None:
        await self.run(self._delete, path)

    async def sign(self, method: str, path: str, seconds: int) -> SignedUrl | None:
        return None

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do something that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *arguments))

    async def receive(self, draft: Draft, chunks: AsyncIterator[bytes], target: Path, root: Path) -> str:
        """Write a draft from an upload and publish it; the next bytes arrive while a thread writes the last."""
        await self.run(draft.__enter__)
        writing: asyncio.Future[None] | None = None
        try:
            async for group in _grouped(chunks):
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(self.run(draft.append, group))
            if writing is not None:
                await writing
            return await self.run(draft.publish, target, root)
        finally:
            if writing is not None and not writing.done():
                await asyncio.wait((writing,))
            await self.run(draft.close)

    def place(self, path: str) -> Path:
        """Where a file of this path is to stand; raises where it cannot."""
        if not path:
            raise is_folder("")
        target = self._existing(path)
        if target.is_dir():
            raise is_folder(path)
        for parent in target.relative_to(self._root).parents:
            found = self._root / parent
            if found.exists():
                if not found.is_dir():
                    raise below_file(path)
                break
        with refusals(path):
            make_folders(self._root, Path(self._root.anchor))
        return target

    def _existing(self, path: str) -> Path:
        """The path on the disk. A symbolic link, which only an operator can make, is not followed."""
        full = self._root / path
        with refusals(path):
            if Path(os.path.realpath(full)) != full:
                raise invalid_parameter("path", f"'{path}' leads through a symbolic link, which is not followed.")
        return full

    def _delete(self, path: str) -> None:
        with refusals(path):
            self._incoming.discard(self._existing(path))

    def _look(self, path: str) -> Held:
        with refusals(path, reading=True):
            try:
                status = self._existing(path).stat()
            except (FileNotFoundError, NotADirectoryError):
                raise artifact_not_found(path) from None
        if S_ISDIR(status.st_mode):
            raise is_folder(path)
        if not S_ISREG(status.st_mode):
            raise artifact_not_found(path)
        return Held(status.st_size, status.st_mtime, etag_of(status))

    def _open(self, path: str, held: Held, start: int, stop: int) -> bytes | FileSpan:
        full = self._existing(path)
        with refusals(path, reading=True):
            try:
                if stop - start <= _WHOLE_BYTES:
                    with full.open("rb") as file:
                        _hold(file.fileno(), held)
                        return os.pread(file.fileno(), stop - start, start)
                view = self._incoming.view(full)
                _hold(view, held)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise Replaced from None
            return FileSpan(view, start, stop)

    def _children(self, path: str) -> list[Listed]:
        with refusals(path, reading=True):
            try:
                with os.scandir(self._existing(path)) as entries:
                    found = [_listed(entry) for entry in entries if not entry.is_symlink()]
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(listed for listed in found if listed is not None)


def _hold(file: int | Path, held: Held) -> None:
    if etag_of(os.stat(file)) != held.etag:
        raise Replaced


def _listed(entry: "os.DirEntry[str]") -> Listed | None:
    try:
        return Listed(entry.name, None if entry.is_dir() else entry.stat().st_size)
    except FileNotFoundError:
        return None


async def _grouped(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    group: list[bytes] = []
    size = 0
    async for chunk in chunks:
        group.append(chunk)
        size += len(chunk)
        if size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
