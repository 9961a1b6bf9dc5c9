"""Webhooks of an MLflow: brought with their secrets where its key is given, disabled and counted where it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.importing.conftest import Place
from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.server import RunningServer

KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
LEFT = "secrets of webhooks, which are disabled until they are given one"
_FLAGS = ("--webhook-allow-http", "--webhook-allow-private")
_FILL = """
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1], sys.argv[1])
url = sys.argv[2]
client.create_webhook("signed", url, ["model_version.created", "prompt_tag.set"], "Tests.", secret="hush")
client.create_webhook("plain", url, ["model_version.created"], status="DISABLED")
client.create_webhook("budget", url, ["budget_policy.exceeded"])
client.delete_webhook(client.create_webhook("gone", url, ["prompt.created"]).webhook_id)
for webhook in client.list_webhooks():
    print(webhook.name, webhook.webhook_id)
"""


def _filled(folder: Path, url: str) -> tuple[Path, dict[str, str]]:
    """An MLflow database with webhooks, and their ids by name."""
    database = folder / "mlflow.db"
    allowed = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    filled = subprocess.run(
        [sys.executable, "-c", _FILL, f"sqlite:///{database}", url],
        env={**os.environ, **allowed, "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": KEY, "MLFLOW_DISABLE_TELEMETRY": "true"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = [line.split() for line in filled.stdout.splitlines()]
    return database, dict(pair for pair in pairs if len(pair) == 2)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    return _filled(tmp_path_factory.mktemp("mlflow"), "http://127.0.0.1:9/hook")


def test_with_mlflows_key_a_webhook_goes_on_signing(place: Place, tmp_path: Path) -> None:
    with Receiver() as receiver:
        database, ids = _filled(tmp_path, receiver.url)
        outcome = place.bring(database, "--json", MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=KEY)
        assert outcome.json["compared"]["webhooks"] == [2, 2]
        assert outcome.json["compared"]["events of webhooks"] == [3, 3]
        assert outcome.json["left_out"] == {}
        with RunningServer(place.data, *place.flags, *_FLAGS) as server:
            api = Api(server.url, "/api/2.0/mlflow")
            found = {webhook["name"]: webhook for webhook in api.get("webhooks")["webhooks"]}
            assert {name: webhook["webhook_id"] for name, webhook in found.items()} == {
                name: ids[name] for name in ("signed", "plain")
            }
            assert (found["signed"]["status"], found["plain"]["status"]) == ("ACTIVE", "DISABLED")
            assert (found["signed"]["description"], found["signed"]["url"]) == ("Tests.", receiver.url)
            api.post("registered-models/create", name="churn")
            api.post("model-versions/create", name="churn", source="s3://b/k")
            assert "x-mlflow-signature" in receiver.wait_for(1)[0].headers


@pytest.mark.parametrize("key", ["", "ZmDfcTF7_60GrrY167zsiPd67pEvs0aGOv2oasOM1Pg="])
def test_without_it_the_webhook_is_disabled_and_that_is_told(
    source: tuple[Path, dict[str, str]], sqlite_place: Place, key: str
) -> None:
    outcome = sqlite_place.bring(source[0], "--json", MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=key)
    assert outcome.json["left_out"] == {LEFT: 1}
    with RunningServer(sqlite_place.data, *_FLAGS) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        found = {webhook["name"]: webhook["status"] for webhook in api.get("webhooks")["webhooks"]}
        assert found == {"signed": "DISABLED", "plain": "DISABLED"}


def test_what_is_no_key_is_told_in_one_line(source: tuple[Path, dict[str, str]], sqlite_place: Place) -> None:
    outcome = sqlite_place.bring(source[0], MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY="no key")
    assert outcome.code == 1
    assert "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY" in outcome.errors.splitlines()[-1]


def test_another_import_leaves_them_as_they_are_and_another_platform_gets_its_own(
    source: tuple[Path, dict[str, str]], sqlite_place: Place
) -> None:
    for flags in ((), (), ("--into", "acme/fraud", "--create"), ("--into", "acme/fraud")):
        outcome = sqlite_place.bring(source[0], "--json", *flags, MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=KEY)
        assert outcome.json["compared"]["webhooks"] == [2, 2]
    with RunningServer(sqlite_place.data, *_FLAGS) as server:
        ours, theirs = (
            {webhook["webhook_id"] for webhook in Api(server.url, base).get("webhooks")["webhooks"]}
            for base in ("/api/2.0/mlflow", "/20260430/aiDataPlatforms/acme/mlops/api/2.0/mlflow")
        )
    assert ours == {source[1]["signed"], source[1]["plain"]}
    assert len(theirs) == 2
    assert not ours & theirs


def test_a_server_tells_no_secrets(source: tuple[Path, dict[str, str]], sqlite_place: Place, tmp_path: Path) -> None:
    assert sqlite_place.bring(source[0], MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=KEY).code == 0
    there = Place(tmp_path / "there", {})
    with RunningServer(sqlite_place.data) as server:
        outcome = there.bring(server.url, "--json")
    assert outcome.json["compared"]["webhooks"] == [2, 2]
    assert outcome.json["left_out"] == {LEFT: 2}
