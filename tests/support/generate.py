"""`make docs`: writes the pages that are made from the code."""

from pathlib import Path

from modelkeep.server.catalogue import all_operations
from modelkeep.server.documents import api_markdown, errors_markdown
from modelkeep.server.openapi import openapi_document

_ROOT = Path(__file__).parents[2]
API_PAGE = _ROOT / "docs" / "api.md"
ERRORS_PAGE = _ROOT / "docs" / "errors.md"
CONTRACT = _ROOT / "tests" / "contract" / "openapi.json"


def api_page() -> str:
    """What `docs/api.md` must say."""
    return api_markdown(all_operations())


def contract() -> str:
    """What `tests/contract/openapi.json` must say: the contract as a file, so that a change is a visible diff."""
    import msgspec

    return msgspec.json.format(openapi_document(all_operations()), indent=1).decode() + "\n"


if __name__ == "__main__":
    API_PAGE.write_text(api_page())
    ERRORS_PAGE.write_text(errors_markdown())
    CONTRACT.parent.mkdir(exist_ok=True)
    CONTRACT.write_text(contract())
