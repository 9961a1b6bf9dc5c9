"""The documents say what the code does: generated pages are current, and every part has its place."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from modelkeep.core.settings import PREFIX, Settings
from modelkeep.server.catalogue import all_operations
from modelkeep.server.documents import errors_markdown
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


def test_the_errors_page_is_made_from_the_table() -> None:
    assert generate.ERRORS_PAGE.read_text() == errors_markdown(), "run `make docs`"


def test_every_page_that_a_page_links_to_exists() -> None:
    pages = [_ROOT / "README.md", *(_ROOT / "docs").glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:src|tests|bench|docs)/[\w./-]+)`", _page("architecture.md"))))
)
def test_every_path_on_the_architecture_page_exists(path: str) -> None:
    assert (_ROOT / path).exists()
