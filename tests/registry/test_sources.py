"""Which sources a version may have: nothing on the server's own disk, and no way out of a bucket or a run."""

import pytest

from tests.support.api import Answer, Api
from tests.support.codes import INVALID, MISSING

LOCAL = [
    "/etc/passwd",
    "etc/passwd",
    "./model",
    "model",
    "~/model",
    "../model",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "file://fileserver/share/model",
    "file:relative",
    "\\\\fileserver\\share\\model",
    "//fileserver/share/model",
    " /etc/passwd",
]
WAYS_OUT = [
    "s3://bucket/a/../../other",
    "s3://bucket/..",
    "s3://../bucket/a",
    "s3://bucket/%2e%2e/other",
    "s3://bucket/%2E%2E%2Fother",
    "s3://bucket/.%2e/other",
    "s3://bucket/%252e%252e/other",
    "s3://bucket/%25252e%25252e/other",
    "s3://bucket/%2525252e%2525252e%2525252fother",
    "s3://bucket/a\\..\\other",
    "s3://bucket/a%5c..%5cother",
    "s3://bucket/a%255c..%255cother",
    "s3://bucket/a/./b",
    "s3://bucket/a%2f.%2fb",
    "https://host/models/../secret",
    "https://host/models/%2e%2e/secret",
    "dbfs:/models/../secret",
    "runs:/r1/../r2/model",
    "mlflow-artifacts:/1/../2",
    "s3://bucket/a%00b",
    "gs://bucket",
    "C:\\models\\churn",
]
ALLOWED = [
    "s3://bucket/a/b",
    "s3://bucket/a/b/",
    "s3://bucket//a///b",
    "s3://bucket/a..b/...c",
    "s3://bucket/with%20space/100%25",
    "s3://bucket/a+b",
    "gs://bucket/a",
    "wasbs://container@account.blob.core.windows.net/a",
    "abfss://fs@account.dfs.core.windows.net/a",
    "oci://bucket@namespace/a",
    "dbfs:/models/churn",
    "hdfs://namenode:8020/models/churn",
    "https://host/models/churn?version=1",
    "http://host/api/2.0/models/churn",
    "s3://bucket/模型/ü",
]
PROXIED = [
    "mlflow-artifacts:/1/abc/artifacts/model",
    "mlflow-artifacts://host:5000/1/abc/artifacts/model",
    "http://host:5000/api/2.0/mlflow-artifacts/artifacts/1/abc/model",
    "https://host/api/2.0/mlflow-artifacts/artifacts/1/abc/model",
    "https://host/below/a/prefix/api/2.0/mlflow-artifacts/artifacts/1/abc/model",
    "https://host//api//2.0//mlflow-artifacts//artifacts/1/abc/model",
    "https://host/api/2.0/mlflow%2dartifacts/artifacts/1/abc/model",
]


def _create(api: Api, model: str, **fields: object) -> Answer:
    return api.call("POST", "model-versions/create", {"name": model, **fields})


def _refused(api: Api, model: str, answer: Answer) -> None:
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]
    assert api.get("model-versions/search") == {"model_versions": []}


@pytest.mark.parametrize("source", LOCAL)
def test_a_local_path_is_refused(oracle_api: Api, model: str, source: str) -> None:
    _refused(oracle_api, model, _create(oracle_api, model, source=source))


@pytest.mark.parametrize("source", ["/tmp/model", "file:///tmp/model"])
@pytest.mark.parametrize("holder", [{"run_id": "r1"}, {"model_id": "m-1"}])
def test_a_local_path_is_refused_of_a_run_or_model_that_is_not_kept_here(
    oracle_api: Api, model: str, source: str, holder: dict[str, str]
) -> None:
    _refused(oracle_api, model, _create(oracle_api, model, source=source, **holder))


@pytest.mark.parametrize("source", WAYS_OUT)
def test_a_way_out_is_refused_in_every_encoding(oracle_api: Api, model: str, source: str) -> None:
    holder = {"run_id": "r1"} if source.startswith(("runs", "mlflow")) else {}
    _refused(oracle_api, model, _create(oracle_api, model, source=source, **holder))


@pytest.mark.parametrize("source", ALLOWED)
def test_a_place_elsewhere_is_kept_as_it_is_written(oracle_api: Api, model: str, source: str) -> None:
    created = oracle_api.post("model-versions/create", name=model, source=source)["model_version"]
    assert created["source"] == source
    assert oracle_api.get("model-versions/get-download-uri", name=model, version="1") == {"artifact_uri": source}


@pytest.mark.parametrize("source", PROXIED)
@pytest.mark.parametrize("holder", [{}, {"run_id": "abc"}, {"model_id": "m-abc"}])
def test_this_servers_own_artifacts_are_refused_unless_of_a_run_or_model_that_is_kept_here(
    oracle_api: Api, model: str, source: str, holder: dict[str, str]
) -> None:
    _refused(oracle_api, model, _create(oracle_api, model, source=source, **holder))


@pytest.mark.parametrize("source", ["runs:/r1", "runs:/r1/model", "runs:/r1/deep/er/model"])
def test_a_source_in_a_run_is_allowed_with_that_run(oracle_api: Api, model: str, source: str) -> None:
    created = oracle_api.post("model-versions/create", name=model, source=source, run_id="r1")["model_version"]
    assert (created["source"], created["run_id"]) == (source, "r1")


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "runs:/r1/model"},
        {"source": "runs:/r1/model", "run_id": ""},
        {"source": "runs:/r1/model", "run_id": "r2"},
        {"source": "runs:/r1/model", "run_id": "r1", "model_id": "m-1"},
        {"source": "runs://host/r1/model", "run_id": "r1"},
        {"source": "runs:r1/model", "run_id": "r1"},
        {"source": "runs:/r10/model", "run_id": "r1"},
        {"source": "runs:/", "run_id": "r1"},
    ],
)
def test_a_source_in_a_run_is_refused_with_another_run_or_none(
    oracle_api: Api, model: str, fields: dict[str, str]
) -> None:
    _refused(oracle_api, model, _create(oracle_api, model, **fields))


@pytest.mark.parametrize("source", ["s3://[half/bracket", "s3://host:port/a", "https://host:99999/a"])
def test_what_is_no_uri_is_refused(oracle_api: Api, model: str, source: str) -> None:
    _refused(oracle_api, model, _create(oracle_api, model, source=source))


@pytest.mark.parametrize("body", [{}, {"source": ""}, {"source": None}])
def test_a_version_needs_a_source(any_api: Api, body: dict[str, None]) -> None:
    any_api.post("registered-models/create", name="churn")
    answer = _create(any_api, "churn", **body)
    assert answer.error == MISSING
    assert answer.body["message"] == "Missing value for required parameter 'source'."


@pytest.mark.parametrize("field", ["source", "run_id", "model_id", "run_link"])
def test_a_text_over_its_length_is_refused_by_name(oracle_api: Api, model: str, field: str) -> None:
    long = "s3://b/" + "x" * 2_042
    answer = _create(oracle_api, model, **{"source": "s3://b/k", field: long})
    assert answer.error == INVALID
    assert answer.body["message"] == (
        f"Invalid value for parameter '{field}': it has 2049 characters, at most 2048 are allowed."
    )
    assert _create(oracle_api, model, **{"source": "s3://b/k", field: long[:-1]}).status == 200
