"""The documents say what the code does: generated pages are current, and every part has its place."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from modelkeep.core.errors import ErrorKind
from modelkeep.core.settings import PREFIX, Settings
from modelkeep.server.catalogue import all_operations
from tests.support import generate

_ROOT = Path(__file__).parents[1]


def _page(name: str) -> str:
    return (_ROOT / "docs" / name).read_text()


def test_the_api_page_is_made_from_the_declarations() -> None:
    assert generate.API_PAGE.read_text() == generate.api_page(), "run `make docs`"


def test_the_contract_file_is_the_openapi_document_served() -> None:
    assert generate.CONTRACT.read_text() == generate.contract(), "run `make docs`"


@pytest.mark.parametrize("path", sorted({operation.path for operation in all_operations()}))
def test_every_operation_is_on_the_api_page(path: str) -> None:
    assert f"`{path}`" in _page("api.md")


@pytest.mark.parametrize("name", [setting.name for setting in fields(Settings)])
def test_every_setting_is_on_the_operations_page(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in _page("operations.md")


@pytest.mark.parametrize("kind", list(ErrorKind), ids=lambda kind: kind.name)
def test_every_error_is_on_the_errors_page(kind: ErrorKind) -> None:
    spoken = kind.value
    assert f"| {spoken.mlflow_status} | `{spoken.mlflow_code}` | {spoken.oracle_status} | `{spoken.oracle_code}` |" in (
        _page("errors.md")
    )


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:src|tests|bench|docs)/[\w./-]+)`", _page("architecture.md"))))
)
def test_every_path_on_the_architecture_page_exists(path: str) -> None:
    assert (_ROOT / path).exists()
