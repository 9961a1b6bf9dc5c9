"""A disk of artifacts that fails (EIO): a clear answer, no half a file under its name, and the server goes on."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.proofs.faults.shim import FailingFiles
from tests.support.api import Answer, Api
from tests.support.server import RunningServer

_SMALL, _LARGE = b"content" * 1_000, bytes(range(256)) * 20_000
_ALL = 10**9
_FAILED = (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")


class Kept(NamedTuple):
    """A server whose artifacts are on files that can be made to fail."""

    files: FailingFiles
    server: RunningServer
    api: Api

    def holds(self, path: str) -> bytes | None:
        """The artifact, None where there is none."""
        answer = self.api.call("GET", f"artifacts/{path}")
        assert answer.status in (200, 404), answer
        return answer.content if answer.status == 200 else None


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    home = tmp_path_factory.mktemp("failing")
    files = FailingFiles(home, "/kept/")
    flags = ["--artifacts", str(home / "kept"), "--no-access-log"]
    with RunningServer(home / "data", *flags, environment=files.environment) as server:
        yield Kept(files, server, Api(server.url, "/api/2.0/mlflow-artifacts"))
        assert b"Traceback" not in server.problems, server.problems.decode()


@pytest.fixture(autouse=True)
def goes_on(kept: Kept) -> Iterator[None]:
    """Each fault was met, and all else is answered as before."""
    before = kept.files.injected
    yield
    kept.files.heal()
    assert kept.files.injected > before
    kept.api.ok("PUT", "artifacts/after", content=_SMALL)
    assert kept.holds("after") == _SMALL
    assert not list((kept.server.data.parent / "kept" / ".incoming").glob("new-*"))


def _hold_failed(kept: Kept, answer: Answer) -> None:
    assert answer.error == _FAILED, answer
    assert "disk of the artifacts failed" in answer.body["message"]
    assert answer.headers["retry-after"]
    assert Api(kept.server.url, "/api/2.0/mlflow").get("registered-models/search") == {"registered_models": []}


@pytest.mark.parametrize("content", [_SMALL, _LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", [FailingFiles.fail_writes, FailingFiles.fail_flushes, FailingFiles.fail_names])
def test_an_upload_that_meets_a_failing_disk_leaves_no_file(
    kept: Kept, fault: Callable[[FailingFiles, int], None], content: bytes
) -> None:
    path = f"{fault.__name__}-{len(content)}/f"
    kept.api.ok("PUT", f"artifacts/{path}-before", content=content)
    fault(kept.files, 1)
    _hold_failed(kept, kept.api.call("PUT", f"artifacts/{path}", content=content))
    assert kept.holds(path) is None
    assert kept.holds(f"{path}-before") == content
    kept.api.ok("PUT", f"artifacts/{path}", content=content)
    assert kept.holds(path) == content


def test_an_upload_over_another_leaves_the_old_one_whole(kept: Kept) -> None:
    kept.api.ok("PUT", "artifacts/old", content=_SMALL)
    kept.files.fail_writes(1)
    _hold_failed(kept, kept.api.call("PUT", "artifacts/old", content=_LARGE))
    assert kept.holds("old") == _SMALL


def test_a_name_that_may_not_be_durable_is_said_to_be_not_known(kept: Kept) -> None:
    """The second flush is that of the folder: the file has its name, and a power cut may take it again."""
    kept.api.ok("PUT", "artifacts/name/before", content=_SMALL)
    kept.files.fail_flushes(1, after=1)
    answer = kept.api.call("PUT", "artifacts/name/f", content=_SMALL)
    _hold_failed(kept, answer)
    assert "not known" in answer.body["message"]
    assert kept.holds("name/f") in (None, _SMALL)


def test_a_small_download_from_a_failing_disk_is_refused(kept: Kept) -> None:
    kept.api.ok("PUT", "artifacts/small", content=_SMALL)
    kept.files.fail_reads(1)
    _hold_failed(kept, kept.api.call("GET", "artifacts/small"))
    assert kept.holds("small") == _SMALL


def test_a_large_download_that_meets_a_failing_disk_does_not_end_as_if_it_were_whole(kept: Kept) -> None:
    kept.api.ok("PUT", "artifacts/large", content=_LARGE)
    kept.files.fail_reads(_ALL)
    with pytest.raises(httpx.HTTPError):
        kept.api.call("GET", "artifacts/large")
    kept.files.heal()
    assert kept.holds("large") == _LARGE


def test_a_list_of_a_folder_that_cannot_be_read_is_refused_and_not_empty(kept: Kept) -> None:
    kept.api.ok("PUT", "artifacts/listed/f", content=_SMALL)
    kept.files.fail_names(1)
    _hold_failed(kept, kept.api.call("GET", "artifacts", query={"path": "listed"}))
    assert [one["path"] for one in kept.api.ok("GET", "artifacts", query={"path": "listed"})["files"]] == ["f"]


def test_what_cannot_be_deleted_stays_whole_and_can_be_deleted_later(kept: Kept) -> None:
    kept.api.ok("PUT", "artifacts/deleted", content=_SMALL)
    kept.files.fail_names(1)
    _hold_failed(kept, kept.api.call("DELETE", "artifacts/deleted"))
    assert kept.holds("deleted") == _SMALL
    kept.api.ok("DELETE", "artifacts/deleted")
    assert kept.holds("deleted") is None


@pytest.mark.parametrize("fault", [FailingFiles.fail_writes, FailingFiles.fail_flushes, FailingFiles.fail_names])
def test_an_upload_in_parts_that_meets_a_failing_disk_can_be_completed_later(
    kept: Kept, fault: Callable[[FailingFiles, int], None]
) -> None:
    folder = f"parts-{fault.__name__}"
    started = kept.api.ok("POST", f"mpu/create/{folder}", {"path": "f", "num_parts": 1})
    url = started["credentials"][0]["url"]
    sent = httpx.put(url if url.startswith("http") else kept.server.url + url, content=_LARGE).raise_for_status()
    part = {"part_number": 1, "etag": sent.headers["etag"], "url": url}
    completed = {"path": "f", "upload_id": started["upload_id"], "parts": [part]}
    fault(kept.files, 1)
    _hold_failed(kept, kept.api.call("POST", f"mpu/complete/{folder}", completed))
    assert kept.holds(f"{folder}/f") in (None, _LARGE)
    kept.api.ok("POST", f"mpu/complete/{folder}", completed)
    assert kept.holds(f"{folder}/f") == _LARGE
