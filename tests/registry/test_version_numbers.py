"""The numbers of versions: one more than the last that the model ever had, whoever asks and whatever was deleted."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.api import Api

SOURCE = "s3://lake/churn"


def _create(api: Api, model: str) -> str:
    version: str = api.post("model-versions/create", name=model, source=SOURCE)["model_version"]["version"]
    return version


def test_versions_count_up_from_1(oracle_api: Api, model: str) -> None:
    assert [_create(oracle_api, model) for _ in range(3)] == ["1", "2", "3"]


def test_each_model_counts_for_itself(oracle_api: Api, model: str) -> None:
    oracle_api.post("registered-models/create", name="fraud")
    assert [_create(oracle_api, name) for name in (model, "fraud", model, "fraud")] == ["1", "1", "2", "2"]


def test_all_addresses_of_a_model_share_one_count(
    oracle_api: Api, platform_api: Api, mlflow_api: Api, model: str
) -> None:
    assert [_create(api, model) for api in (oracle_api, platform_api, mlflow_api, oracle_api)] == ["1", "2", "3", "4"]


def test_the_number_of_a_deleted_version_is_not_used_again(oracle_api: Api, model: str) -> None:
    _create(oracle_api, model)
    _create(oracle_api, model)
    oracle_api.post("model-versions/delete", name=model, version="1")
    assert _create(oracle_api, model) == "3"


def test_the_number_of_the_newest_version_is_not_used_again_either(oracle_api: Api, model: str) -> None:
    for number in ("1", "2"):
        assert _create(oracle_api, model) == number
        oracle_api.post("model-versions/delete", name=model, version=number)
    assert _create(oracle_api, model) == "3"


def test_a_renamed_model_counts_on(oracle_api: Api, model: str) -> None:
    _create(oracle_api, model)
    oracle_api.post("registered-models/rename", name=model, new_name="churn-2026")
    assert _create(oracle_api, "churn-2026") == "2"


def test_a_model_made_again_under_its_old_name_starts_again(oracle_api: Api, model: str) -> None:
    _create(oracle_api, model)
    oracle_api.post("registered-models/delete", name=model)
    oracle_api.post("registered-models/create", name=model)
    assert _create(oracle_api, model) == "1"


def test_a_refused_creation_uses_up_no_number(oracle_api: Api, model: str) -> None:
    _create(oracle_api, model)
    for bad in ({"source": "file:///etc"}, {"source": SOURCE, "tags": [{"key": "a"}, {"key": "a"}]}):
        assert oracle_api.call("POST", "model-versions/create", {"name": model, **bad}).status == 400
    assert _create(oracle_api, model) == "2"


def test_64_clients_that_create_2000_versions_get_each_number_once(oracle_api: Api, model: str) -> None:
    with ThreadPoolExecutor(64) as clients:
        numbers = list(clients.map(lambda _: int(_create(oracle_api, model)), range(2000)))
    assert sorted(numbers) == list(range(1, 2001))
    kept = oracle_api.get("model-versions/search", filter=f"name = '{model}'")["model_versions"]
    assert sorted(int(version["version"]) for version in kept) == list(range(1, 2001))
