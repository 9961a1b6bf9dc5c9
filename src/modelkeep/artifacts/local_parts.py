"""Uploads in parts to the local disk: each part a file in the upload's own folder, joined when all are there."""

import contextlib
import fcntl
import hmac
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from modelkeep.artifacts.incoming import Incoming, etag_of, refusals, remove
from modelkeep.artifacts.store import Part, StartedUpload, no_such_upload, too_large
from modelkeep.core.errors import invalid_parameter

if TYPE_CHECKING:
    from modelkeep.artifacts.local import LocalStore

_JOINED = "joined"


class LocalParts:
    """Uploads of one store. An upload's id is signed together with its path, so nothing need be kept about it."""

    def __init__(self, store: "LocalStore", incoming: Incoming, key: bytes, most_bytes: int) -> None:
        self._store = store
        self._incoming = incoming
        self._key = key
        self._most_bytes = most_bytes

    async def start(self, path: str, count: int) -> StartedUpload:
        def work() -> str:
            self._store.place(path)
            name = secrets.token_hex(12)
            with refusals("the upload"):
                self._folder(name).mkdir()
            return name

        name = await self._store.run(work)
        return StartedUpload(name + self._signature(name, path), None)

    async def receive(self, path: str, upload_id: str, number: int, chunks: AsyncIterator[bytes]) -> str:
        """Take one part; sent again, it replaces what was there. Returns its etag."""
        folder = self._opened(path, upload_id)
        if not await self._store.run(folder.is_dir):
            raise no_such_upload(upload_id)
        return await self._store.receive(self._incoming.draft(folder), chunks, folder / str(number), folder)

    async def complete(self, path: str, upload_id: str, parts: Sequence[Part]) -> None:
        await self._store.run(self._join, path, upload_id, parts)

    async def abort(self, path: str, upload_id: str) -> None:
        await self._store.run(remove, self._opened(path, upload_id))

    def _join(self, path: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the file of its parts. Asked for again, since the answer was lost, it is done already."""
        folder = self._opened(path, upload_id)
        named = msgspec.json.encode([(part.part_number, part.etag) for part in parts])
        joined = folder / _JOINED
        with refusals("the upload"), _alone(folder, upload_id):
            if joined.exists():
                if joined.read_bytes() != named:
                    raise no_such_upload(upload_id)
                return
            files = [_checked(folder, part) for part in parts]
            if self._most_bytes and sum(file.stat().st_size for file in files) > self._most_bytes:
                raise too_large(self._most_bytes)
            target = self._store.place(path)
            with self._incoming.draft() as draft:
                for file in files:
                    draft.append_file(file)
                draft.publish(target, self._store.root)
            with self._incoming.draft(folder) as note:
                note.append([named])
                note.publish(joined, folder)
            for file in files:
                file.unlink(missing_ok=True)

    def _opened(self, path: str, upload_id: str) -> Path:
        name = upload_id[:24]
        if not name.isalnum() or not hmac.compare_digest(upload_id[24:].encode(), self._signature(name, path).encode()):
            raise no_such_upload(upload_id)
        return self._folder(name)

    def _folder(self, name: str) -> Path:
        return self._incoming.folder / f"upload-{name}"

    def _signature(self, name: str, path: str) -> str:
        return hmac.digest(self._key, f"{name}\0{self._store.root}\0{path}".encode(), "sha256").hex()[:32]


@contextlib.contextmanager
def _alone(folder: Path, upload_id: str) -> Iterator[None]:
    """Only one thread joins an upload: a client that waited too long asks again while the first still works."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise no_such_upload(upload_id) from None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _checked(folder: Path, part: Part) -> Path:
    file = folder / str(part.part_number)
    try:
        etag = etag_of(file.stat())
    except FileNotFoundError:
        raise invalid_parameter("parts", f"part {part.part_number} is not there.") from None
    if part.etag is not None and part.etag.strip('"') != etag.strip('"'):
        raise invalid_parameter("parts", f"part {part.part_number} is not the one whose etag is {part.etag!r}.")
    return file
