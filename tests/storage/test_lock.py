"""The lock on a data directory: one holder at a time, and its file says how to reach it."""

from pathlib import Path

import pytest

from modelkeep.storage.errors import DataDirectoryError
from modelkeep.storage.sqlite.lock import DirectoryLock, Holder, holder_of


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first = DirectoryLock(tmp_path)
    with pytest.raises(DataDirectoryError, match="already served by process"):
        DirectoryLock(tmp_path, patience=0)
    first.release()
    DirectoryLock(tmp_path, patience=0).release()


def test_a_directory_is_made_where_there_is_none(tmp_path: Path) -> None:
    DirectoryLock(tmp_path / "a" / "b").release()
    assert (tmp_path / "a" / "b").is_dir()


def test_the_holder_says_how_to_reach_it(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    holder = Holder(pid=7, url="http://127.0.0.1:5000")
    lock.announce(Holder(pid=7, url="x" * 1_000))
    lock.announce(holder)
    assert holder_of(tmp_path) == holder
    lock.release()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}'])
def test_a_lock_file_that_says_nothing_names_no_holder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "modelkeep.lock").write_bytes(content)
    assert holder_of(tmp_path) is None
    DirectoryLock(tmp_path, patience=0).release()


def test_what_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataDirectoryError, match="cannot be written"):
            DirectoryLock(path)
