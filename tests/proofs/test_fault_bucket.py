"""A bucket that fails, is slow, silent or cut off: an honest answer in time, nothing by half, and all else goes on."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.proofs.faults.bad_store import BadStore, Conduct
from tests.support.api import Api
from tests.support.needs import need
from tests.support.server import RunningServer

_BUCKET = "kept"
_SILENT_SECONDS = 1
# Retries of the library and a busy machine included.
_IN_TIME_SECONDS = 60
_SMALL, _LARGE = b"content" * 1_000, bytes(range(256)) * 80_000


class Cloud(NamedTuple):
    store: BadStore
    server: RunningServer
    api: Api


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    s3 = need("moto.server", "moto[server]").ThreadedMotoServer(port=0, verbose=False)
    s3.start()
    _, port = s3.get_host_and_port()
    httpx.put(f"http://127.0.0.1:{port}/{_BUCKET}").raise_for_status()
    with BadStore(f"http://127.0.0.1:{port}") as store:
        environment = {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": store.url,
        }
        flags = ["--artifacts", f"s3://{_BUCKET}", "--bucket-silent-seconds", str(_SILENT_SECONDS)]
        with RunningServer(tmp_path_factory.mktemp("bucket"), *flags, environment=environment) as server:
            yield Cloud(store, server, Api(server.url, "/api/2.0/mlflow-artifacts"))
    s3.stop()


@pytest.mark.parametrize("conduct", [Conduct.FAILING, Conduct.SILENT, Conduct.CUTTING, Conduct.ABSENT])
@pytest.mark.parametrize(
    "content", [pytest.param(_SMALL, id="small"), pytest.param(_LARGE, id="large", marks=pytest.mark.slow)]
)
def test_a_bucket_in_trouble_is_503_in_time_and_nothing_is_kept_by_half(
    cloud: Cloud, conduct: Conduct, content: bytes
) -> None:
    name = f"{conduct.name}-{len(content)}"
    cloud.api.ok("PUT", f"artifacts/{name}-before", content=content)
    cloud.store.behave(conduct)
    met = cloud.store.met
    calls = [
        ("PUT", f"artifacts/{name}", content),
        ("GET", f"artifacts/{name}-before", None),
        ("GET", "artifacts", None),
    ]
    for verb, path, sent in calls:
        began = time.monotonic()
        answer = cloud.api.call(verb, path, content=sent)
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable"), answer
        assert answer.headers["retry-after"]
        assert time.monotonic() - began < _IN_TIME_SECONDS
    assert cloud.store.met > met
    Api(cloud.server.url, "/api/2.0/mlflow").post("registered-models/create", name=name)
    assert Api(cloud.server.url).call("GET", "/ready").status == 200
    cloud.store.behave(Conduct.WELL)
    assert cloud.api.call("GET", f"artifacts/{name}-before").content == content
    # An answer that was cut off may be that of an upload that was done: then all of it is there.
    kept = cloud.api.call("GET", f"artifacts/{name}")
    assert kept.status == 404 or (conduct is Conduct.CUTTING and kept.content == content)
    cloud.api.ok("PUT", f"artifacts/{name}", content=content)
    assert cloud.api.call("GET", f"artifacts/{name}").content == content


def test_a_slow_bucket_is_waited_for_and_holds_up_nobody_else(cloud: Cloud) -> None:
    cloud.store.behave(Conduct.SLOW)
    cloud.api.ok("PUT", "artifacts/slow", content=_SMALL)
    assert cloud.api.call("GET", "artifacts/slow").content == _SMALL
    cloud.store.behave(Conduct.WELL)


def test_a_bucket_that_falls_silent_in_a_download_does_not_end_it_as_if_it_were_whole(cloud: Cloud) -> None:
    cloud.api.ok("PUT", "artifacts/download", content=_LARGE)
    with pytest.raises(httpx.HTTPError):
        _download_while_it_falls_silent(cloud)
    cloud.store.behave(Conduct.WELL)
    assert cloud.api.call("GET", "artifacts/download").content == _LARGE


def _download_while_it_falls_silent(cloud: Cloud) -> None:
    url = f"{cloud.server.url}/api/2.0/mlflow-artifacts/artifacts/download"
    with httpx.stream("GET", url, timeout=60) as answer:
        assert int(answer.headers["content-length"]) == len(_LARGE)
        for _ in answer.iter_raw(65_536):
            cloud.store.behave(Conduct.SILENT)
