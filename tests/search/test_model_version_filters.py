"""Searching versions: every attribute with every operator, quoting, AND, and text that stays data."""

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

_VERSIONS = [
    ("alpha", {"source": "s3://lake/a", "run_id": "run-a"}, {"team": "growth", "data set": "2026%"}),
    ("alpha", {"source": "s3://lake/b", "run_id": "run-b"}, {"team": "Risk"}),
    ("alpha", {"source": "gs://lake/a"}, {}),
    ("Beta", {"source": "s3://lake/A"}, {"team": "growth", "mlflow.source.name": "it's"}),
    ("beta_2", {"source": "s3://lake/_"}, {"empty": ""}),
]


@pytest.fixture(scope="module")
def found(server: RunningServer) -> Api:
    """The registry of a platform with five versions, asked by all tests here."""
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "version-filters"}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "version-filters"})
    for name in ("alpha", "Beta", "beta_2"):
        api.post("registered-models/create", name=name)
    for name, fields, tags in _VERSIONS:
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        api.post("model-versions/create", name=name, **fields, tags=listed)
    api.post("registered-models/alias", name="alpha", alias="champion", version="2")
    api.post("registered-models/alias", name="alpha", alias="old", version="1")
    api.post("registered-models/alias", name="Beta", alias="Champion", version="1")
    api.post("model-versions/transition-stage", name="alpha", version="3", stage="Production")
    return api


ALL = ["Beta/1", "alpha/1", "alpha/2", "alpha/3", "beta_2/1"]


def _search(api: Api, text: str) -> list[str]:
    versions = api.get("model-versions/search", filter=text)["model_versions"]
    return sorted(f"{version['name']}/{version['version']}" for version in versions)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ALL),
        ("name = 'alpha'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("attribute.name = 'alpha'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("attributes.name = 'alpha'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("attr.name = 'Beta'", ["Beta/1"]),
        ("name = 'beta'", []),
        ("name != 'alpha'", ["Beta/1", "beta_2/1"]),
        ("name <> 'alpha'", ["Beta/1", "beta_2/1"]),
        ("name LIKE 'b%'", ["beta_2/1"]),
        ("name LIKE '%eta%'", ["Beta/1", "beta_2/1"]),
        ("name LIKE 'alph_'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("name LIKE 'alpha'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("name LIKE 'ALPHA'", []),
        ("name ILIKE 'B%'", ["Beta/1", "beta_2/1"]),
        ("name ILIKE 'ALPHA'", ["alpha/1", "alpha/2", "alpha/3"]),
        ("name IN ('Beta', 'beta_2', 'absent')", ["Beta/1", "beta_2/1"]),
        ("name NOT IN ('alpha')", ["Beta/1", "beta_2/1"]),
        ("version_number = 2", ["alpha/2"]),
        ("version_number != 1", ["alpha/2", "alpha/3"]),
        ("version_number > 1", ["alpha/2", "alpha/3"]),
        ("version_number >= 3", ["alpha/3"]),
        ("version_number < 2", ["Beta/1", "alpha/1", "beta_2/1"]),
        ("version_number <= 0", []),
        ("version_number > -1", ALL),
        ("run_id = 'run-a'", ["alpha/1"]),
        ("run_id = 'RUN-A'", []),
        ("run_id = ''", ["Beta/1", "alpha/3", "beta_2/1"]),
        ("run_id != ''", ["alpha/1", "alpha/2"]),
        ("run_id IN ('run-a', 'run-b')", ["alpha/1", "alpha/2"]),
        ("run_id NOT IN ('run-a')", ["Beta/1", "alpha/2", "alpha/3", "beta_2/1"]),
        ("run_id LIKE 'run-%'", ["alpha/1", "alpha/2"]),
        ("source_path = 's3://lake/a'", ["alpha/1"]),
        ("source_path != 's3://lake/a'", ["Beta/1", "alpha/2", "alpha/3", "beta_2/1"]),
        ("source_path LIKE 's3://lake/_'", ["Beta/1", "alpha/1", "alpha/2", "beta_2/1"]),
        ("source_path ILIKE 'S3://LAKE/A'", ["Beta/1", "alpha/1"]),
        ("aliases = 'champion'", ["alpha/2"]),
        ("alias = 'old'", ["alpha/1"]),
        ("aliases ILIKE 'CHAMP%'", ["Beta/1", "alpha/2"]),
        ("aliases IN ('old', 'Champion')", ["Beta/1", "alpha/1"]),
        ("current_stage = 'Production'", ["alpha/3"]),
        ("current_stage != 'Production'", ["Beta/1", "alpha/1", "alpha/2", "beta_2/1"]),
        ("creation_timestamp > 0", ALL),
        ("creation_timestamp <= 0", []),
        ("last_updated_timestamp >= 9223372036854775807", []),
        ("last_updated_timestamp > -9223372036854775808", ALL),
        ("tags.team = 'growth'", ["Beta/1", "alpha/1"]),
        ("tag.team = 'growth'", ["Beta/1", "alpha/1"]),
        ("tags.team = 'risk'", []),
        ("tags.team != 'growth'", ["alpha/2"]),
        ("tags.team LIKE 'R%'", ["alpha/2"]),
        ("tags.team ILIKE 'r%'", ["alpha/2"]),
        ("tags.`data set` = '2026%'", ["alpha/1"]),
        ("tags.\"data set\" LIKE '2026%'", ["alpha/1"]),
        ("tags.mlflow.source.name = 'it''s'", ["Beta/1"]),
        ('tags.`mlflow.source.name` = "it\'s"', ["Beta/1"]),
        ("tags.empty = ''", ["beta_2/1"]),
        ("tags.absent != 'x'", []),
        ("name = 'alpha' AND tags.team = 'growth'", ["alpha/1"]),
        ("tags.team = 'growth' and tags.`data set` LIKE '%' and version_number = 1", ["alpha/1"]),
        ("tags.team = 'growth' AND tags.team != 'growth'", []),
        ("name = 'alpha' AND name = 'Beta'", []),
    ],
)
def test_a_filter_finds_what_it_says(found: Api, text: str, names: list[str]) -> None:
    assert _search(found, text) == names


@pytest.mark.parametrize("attribute", ["name", "run_id", "source_path", "aliases", "current_stage", "tags.team"])
@pytest.mark.parametrize(
    "value",
    [
        "' OR '1'='1",
        "'; DROP TABLE model_versions; --",
        '" OR ""="',
        "%' --",
        "\\",
        "{name}",
        "?",
        ":name",
        "%s",
        "\x01",
    ],
)
def test_a_value_is_data_and_never_sql(found: Api, attribute: str, value: str) -> None:
    quoted = value.replace("'", "''")
    assert _search(found, f"{attribute} = '{quoted}'") == []
    assert _search(found, f"{attribute} ILIKE '{quoted}'") == []
    assert _search(found, "") == ALL


@pytest.mark.parametrize("key", ["a' OR '1'='1", 'team" OR 1=1 --', "x); DROP TABLE platforms; --", "?", "%"])
def test_a_tags_key_is_data_and_never_sql(found: Api, key: str) -> None:
    assert _search(found, f"tags.`{key}` = 'growth'") == []
    assert _search(found, f"tags.`{key}` LIKE '%'") == []
    assert _search(found, "") == ALL


def test_a_version_found_is_answered_as_get_answers_it(found: Api) -> None:
    for version in found.get("model-versions/search")["model_versions"]:
        named = {"name": version["name"], "version": version["version"]}
        assert found.get("model-versions/get", **named)["model_version"] == version


def test_long_values_are_compared_whole(found: Api) -> None:
    long = "v" * 5_000
    found.post("registered-models/create", name="long")
    for last in "ab":
        tags = [{"key": "long", "value": long + last}]
        found.post("model-versions/create", name="long", source="s3://b/k", tags=tags)
    try:
        assert _search(found, f"tags.long = '{long}a'") == ["long/1"]
        assert _search(found, f"tags.long = '{long}'") == []
        assert _search(found, f"tags.long LIKE '{long}_'") == ["long/1", "long/2"]
    finally:
        found.post("registered-models/delete", name="long")
