"""Who may only read sees no control that would be refused; who is not known is told so."""

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.tracked import keep_file, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_MODEL, _PROMPT = "churn", "greeting"
_counter = itertools.count(1)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server where one has to log in, with a model and two versions."""
    with RunningServer(tmp_path_factory.mktemp("guarded")) as server:
        made = guard(server)
        api = Api(server.url, "/api/2.0/mlflow", made.administrator.headers)
        tags = [{"key": "team", "value": "growth"}]
        api.post("registered-models/create", name=_MODEL, description="Who leaves.", tags=tags)
        for number in (1, 2):
            api.post("model-versions/create", name=_MODEL, source=f"s3://m/{number}", tags=tags)
        api.post("registered-models/alias", name=_MODEL, alias="champion", version="1")
        flag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
        api.post("registered-models/create", name=_PROMPT, tags=[flag])
        for text in ("Hello.", "Good day."):
            told = [flag, {"key": "mlflow.prompt.text", "value": text}]
            api.post("model-versions/create", name=_PROMPT, source="dummy-source", tags=told)
        _track(Api(server.url, "/api/2.0/mlflow", made.administrator.headers))
        yield made


def _track(api: Api) -> None:
    """An experiment with two runs, a file and a logged model, whose ids are known by their names."""
    api.post("experiments/create", name="weekly")
    for name in ("a", "b"):
        run = make_run(api, name, experiment="1", metrics={"auc": 0.5}, params={"lr": name}, tags={"team": "growth"})
        keep_file(api, run, "log.txt", b"done")
    api.post("logged-models", experiment_id="1", name="tree", source_run_id=run)


def _tracked(api: Api) -> list[str]:
    found = api.post("runs/search", experiment_ids=["1"])["runs"]
    runs = [run["info"]["run_id"] for run in found]
    model = api.post("logged-models/search", experiment_ids=["1"])["models"][0]["info"]["model_id"]
    paths = (
        "experiments",
        "experiments/1",
        "experiments/1/details",
        "experiments/1/logged-models",
        f"runs/{runs[0]}",
        f"runs/{runs[0]}/charts",
        f"runs/{runs[0]}/artifacts?path=log.txt",
        f"compare?run={runs[0]}&run={runs[1]}",
        f"logged-models/{model}",
        f"logged-models/{model}/artifacts",
    )
    return [f"/p/default/w/default/{path}" for path in paths]


def _visitor(guarded: Guarded, browser: "Browser", scope: str) -> Visitor:
    body = {"name": f"{scope} {next(_counter)}", "scope": scope}
    token = guarded.administrator.ok("POST", "users/root/tokens", body, status=201)["token"]
    return Visitor(browser, guarded.url, extra_http_headers={"authorization": f"Bearer {token}"})


_PLACES = ("/p/default/w/default/overview", "/p/default/workspaces", "/platforms", "/p/default/permissions")
_PAGES = (
    "/p/default/models",
    f"/p/default/models/{_MODEL}",
    f"/p/default/models/{_MODEL}/versions/1",
    f"/p/default/models/{_MODEL}/compare?versions=1,2",
    f"/p/default/models/{_MODEL}/activity",
    "/p/default/prompts",
    f"/p/default/models/{_PROMPT}",
    f"/p/default/models/{_PROMPT}/versions/1",
    f"/p/default/models/{_PROMPT}/compare?versions=1,2",
    *_PLACES,
    "/users/root",
)


def test_a_reader_sees_everything_and_no_control(guarded: Guarded, browser: "Browser") -> None:
    reader = _visitor(guarded, browser, "READ")
    for path in (*_PAGES, *_tracked(Api(guarded.url, "/api/2.0/mlflow", guarded.administrator.headers))):
        page = reader.open(path)
        forms = page.locator("main form[method=post]")
        assert forms.count() == 0, (path, forms.first.inner_html())
        for word in ("Delete", "Rename", "Edit", "New", "Register", "Create", "Add", "Set"):
            assert page.locator("main").get_by_role("link", name=re.compile(rf"\b{word}\b")).count() == 0, (path, word)
            assert page.locator("main").get_by_role("button", name=re.compile(rf"\b{word}\b")).count() == 0, (
                path,
                word,
            )
    reader.open(f"/p/default/models/{_MODEL}")
    expect(reader.page.get_by_text("Who leaves.")).to_be_visible()
    expect(reader.page.get_by_role("link", name="v2", exact=True)).to_be_visible()
    assert reader.page.get_by_role("link", name="Audit").count() == 0
    reader.open("/p/default/audit", status=403)
    page = reader.open("/p/default/w/default/experiments/1")
    for name in ("a", "b"):
        page.get_by_label(f"Tick {name}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    reader.close()


def test_an_administrator_sees_the_controls(guarded: Guarded, browser: "Browser") -> None:
    administrator = _visitor(guarded, browser, "ADMIN")
    for path in (
        _PAGES[1],
        _PAGES[2],
        *(f"/p/default/models/{_PROMPT}{more}" for more in ("", "/versions/1")),
        *_PLACES,
    ):
        assert administrator.open(path).locator("main form[method=post]").count() > 0, path
    administrator.close()


@pytest.mark.parametrize(
    "path",
    [
        "new-model",
        "register?model=churn",
        "models/churn/rename",
        "models/churn/delete",
        "models/churn/versions/1/delete",
        f"models/{_PROMPT}/delete",
        f"models/{_PROMPT}/versions/1/delete",
        "w/default/new-experiment",
        "w/default/experiments/1/delete",
        "w/default/overview/delete",
    ],
)
def test_the_form_of_what_would_be_refused_is_refused_itself(guarded: Guarded, browser: "Browser", path: str) -> None:
    reader = _visitor(guarded, browser, "READ")
    page = reader.open(f"/p/default/{path}", status=403)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    assert page.locator("main form").count() == 0
    reader.close()


def test_who_is_not_known_is_led_to_the_log_in(guarded: Guarded) -> None:
    answer = httpx.get(f"{guarded.url}/p/default/models", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fp%2Fdefault%2Fmodels"
    assert _MODEL not in answer.text


def test_a_permission_is_granted_and_taken_away(guarded: Guarded, browser: "Browser") -> None:
    body = {"name": "ann", "password": PASSWORD}
    guarded.administrator.ok("POST", "users", body, status=201)
    administrator = _visitor(guarded, browser, "ADMIN")
    page = administrator.open(f"/p/default/models/{_MODEL}")
    card = page.locator("#permissions")
    card.get_by_text("Grant a permission").click()
    card.get_by_label("Name").fill("nobody")
    card.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    card.get_by_label("Name").fill("ann")
    card.get_by_label("Permission", exact=True).select_option("MANAGE")
    administrator.check_accessibility()
    card.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("status")).to_contain_text("ann has MANAGE now")
    token = guarded.administrator.ok("POST", "users/ann/tokens", {"name": "one"}, status=201)["token"]
    ann = Visitor(browser, guarded.url, extra_http_headers={"authorization": f"Bearer {token}"})
    her_page = ann.open(f"/p/default/models/{_MODEL}")
    expect(her_page.get_by_role("link", name="Rename")).to_be_visible()
    assert her_page.locator("#permissions form").count() == 0
    ann.close()
    card.get_by_role("button", name="Take the permission from ann").click()
    expect(page.get_by_role("status")).to_contain_text("no permission of its own")
    administrator.close()
