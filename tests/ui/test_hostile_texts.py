"""Scripts in every text that the registry keeps are shown as text, and run nowhere."""

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor

_SCRIPT = "<script>document.title='run'</script>"
_BREAKOUTS = f"\"'><img src=x onerror=document.title='run'>{_SCRIPT}{{{{7*7}}}}"
_MARKDOWN = (
    f"{_BREAKOUTS}\n\n[a link](javascript:document.title='run')\n\n![an image](javascript:document.title='run')\n\n"
    "<a href=\"javascript:document.title='run'\">raw</a>\n\n[data](data:text/html,<script>1</script>)\n\n"
    "[good](https://example.com/)\n\n`<b>code</b>`\n\n| <i>a</i> |\n|---|\n| <svg onload=alert(1)> |\n"
)
_NAME = "<img src=x onerror=document.title='run'>\"'{{7*7}}&amp;"
_VALUE = f"javascript:document.title='run' {_BREAKOUTS}"


@pytest.fixture
def hostile(oracle_api: Api, pages: str) -> str:
    """The page of a model whose every text tries something."""
    tags = [{"key": "key", "value": _VALUE}]
    oracle_api.post("registered-models/create", name=_NAME, description=_MARKDOWN, tags=tags)
    run = oracle_api.post("runs/create", experiment_id="0", run_name=_BREAKOUTS, user_id=_BREAKOUTS)["run"]["info"]
    oracle_api.post(
        "runs/log-batch",
        run_id=run["run_id"],
        params=[{"key": "p", "value": _BREAKOUTS}],
        metrics=[{"key": "m", "value": 1.0, "timestamp": 1}],
    )
    dataset = {"name": _BREAKOUTS, "digest": "<b>d</b>", "source_type": "x", "source": _VALUE}
    oracle_api.post("runs/log-inputs", run_id=run["run_id"], datasets=[{"dataset": dataset, "tags": []}])
    model_file = (
        '{"flavors": {"<script>1</script>": {}}, "mlflow_version": "<img src=x onerror=1>", "model_size_bytes": 1,'
        ' "signature": {"inputs": "[{\\"name\\": \\"<img src=x onerror=1>\\", \\"type\\": \\"<b>\\"}]"},'
        ' "saved_input_example_info": {"artifact_path": "e.json"}}'
    )
    for path, content in (("m/MLmodel", model_file), ("m/e.json", '{"columns": ["<b>"], "data": [["<img src=x>"]]}')):
        query = {"run_id": run["run_id"], "path": path}
        headers = {"content-type": "application/octet-stream"}
        oracle_api.ok("POST", "upload-artifact", query=query, content=content.encode(), headers=headers)
    oracle_api.post(
        "model-versions/create",
        name=_NAME,
        source=f"runs:/{run['run_id']}/m",
        run_id=run["run_id"],
        run_link="javascript:document.title='run'",
        description=_MARKDOWN,
        tags=tags,
    )
    oracle_api.post(
        "model-versions/create",
        name=_NAME,
        source=f"s3://b/{_SCRIPT}",
        run_id=_SCRIPT,
        run_link=_VALUE,
        model_id=_SCRIPT,
    )
    oracle_api.post("registered-models/alias", name=_NAME, alias="a-b_c", version="1")
    return pages


def test_no_text_becomes_markup_or_a_script(visitor: Visitor, hostile: str) -> None:
    page = visitor.open(f"{hostile}/models")
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(_NAME)
    address = page.url.split("?")[0]
    for path in (
        "",
        "?edit=description",
        "?tag=key",
        "?q=%22+%27+script",
        "/rename",
        "/delete",
        "/versions/1",
        "/versions/1?edit=description",
        "/versions/1/delete",
        "/versions/2",
        "/compare?versions=1,2",
        "/compare?versions=%3Cscript%3E",
    ):
        visitor.open(address + path, status=400 if "%3Cscript" in path and "compare" in path else 200)
        _nothing_ran(visitor)
    visitor.open(f"{hostile}/register?model=%22%3E%3Cscript%3E&run_id=%22%3E%3Cimg+src%3Dx%3E&source=javascript:1")
    _nothing_ran(visitor)
    visitor.open(f"{hostile}/models?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E+%3D", status=400)
    _nothing_ran(visitor)


def _nothing_ran(visitor: Visitor) -> None:
    page = visitor.page
    assert page.title() != "run"
    assert "49" not in page.title()
    inside = page.locator("main")
    for selector in ("script", "img", "iframe", "svg[onload]", "[onerror]", "b:has(+ script)", "i"):
        assert inside.locator(selector).count() == 0, selector
    for link in page.locator("a").all():
        assert (link.get_attribute("href") or "").startswith(("/", "#", "https://example.com/")), link


def test_markdown_keeps_what_is_harmless(visitor: Visitor, hostile: str) -> None:
    page = visitor.open(f"{hostile}/models")
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.locator("#description").get_by_role("link", name="good")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    expect(page.locator("#description code")).to_have_text("<b>code</b>")


def test_a_name_in_a_snippet_stays_a_text(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    name = "x\"); import os; os.system('true'); (\""
    oracle_api.post("registered-models/create", name=name)
    oracle_api.post("model-versions/create", name=name, source="s3://a/b")
    address = oracle_api.url + pages
    page = visitor.open(f"{address}/models")
    page.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("rowheader", name="v1").get_by_role("link").click()
    code = page.locator("code.python").first.inner_text()
    assert "import os" in code
    tree = compile(code, "snippet", "exec")
    assert "os" not in tree.co_names
