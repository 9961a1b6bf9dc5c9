"""Permissions on platforms, workspaces and experiments; a workspace itself; how the server is."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD, basic
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.tracked import make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_EXPERIMENT = "w/default/experiments/1/details"
_counter = itertools.count(1)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server where one has to log in, with two experiments, a run in each, and a model with a version."""
    with RunningServer(tmp_path_factory.mktemp("grants")) as server:
        made = guard(server)
        api = Api(server.url, "/api/2.0/mlflow", made.administrator.headers)
        api.post("registered-models/create", name="churn")
        api.post("model-versions/create", name="churn", source="s3://m/1")
        for number, name in enumerate(("weekly", "daily"), 1):
            api.post("experiments/create", name=name)
            make_run(api, name, experiment=str(number))
        yield made


@pytest.fixture
def root(guarded: Guarded, browser: "Browser") -> Iterator[Visitor]:
    """The administrator's browser."""
    visitor = Visitor(browser, guarded.url, extra_http_headers=guarded.administrator.headers)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def many(guarded: Guarded) -> list[str]:
    """More users than a page of grants has, who may do nothing yet, the first first."""
    names = [f"many-{number:02}" for number in range(52)]
    for made in names:
        guarded.administrator.ok("POST", "users", {"name": made}, status=201)
    return names


@pytest.fixture
def name(guarded: Guarded) -> str:
    """A user who may do nothing yet."""
    made = f"ann-{next(_counter)}"
    guarded.administrator.ok("POST", "users", {"name": made, "password": PASSWORD}, status=201)
    return made


@pytest.fixture
def ann(guarded: Guarded, browser: "Browser", name: str) -> Iterator[Visitor]:
    """The browser of that user."""
    visitor = Visitor(browser, guarded.url, extra_http_headers={"authorization": basic(name)})
    yield visitor
    visitor.close()


def _grant(visitor: Visitor, name: str, permission: str) -> None:
    card = visitor.page.locator("#permissions")
    card.get_by_text("Grant a permission").click()
    card.get_by_label("Name").fill(name)
    card.get_by_label("Permission", exact=True).select_option(permission)
    card.get_by_role("button", name="Grant").click()
    expect(visitor.page.get_by_role("status")).to_contain_text(f"{name} has {permission} now")


def _counted(*numbers: int) -> list[str]:
    labels = ("Experiments", "Runs", "Logged models", "Models of default", "Versions of default")
    return [f"{label}{number}" for label, number in zip(labels, numbers, strict=True)]


def _take(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("button", name=f"Take the permission from {name}").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("no permission of its own")


def test_a_permission_on_a_platform_is_granted_and_taken_away(root: Visitor, ann: Visitor, name: str) -> None:
    ann.open("/p/default/permissions", status=404)
    page = root.open("/p/default/permissions")
    expect(page.get_by_text("Nobody was granted anything yet")).to_be_visible()
    root.check_accessibility()
    page.get_by_text("Grant a permission").click()
    page.get_by_label("Name").fill("nobody")
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    root.open("/p/default/permissions")
    _grant(root, name, "READ")
    root.check_accessibility()
    her = ann.open("/p/default/permissions")
    expect(her.locator("#permissions")).to_contain_text(name)
    assert her.locator("main form").count() == 0
    expect(her.get_by_role("link", name="Permissions")).to_have_attribute("aria-current", "page")
    _take(root, name)
    ann.open("/p/default/permissions", status=404)


def test_a_permission_on_a_workspace_flows_down_to_its_experiments(root: Visitor, ann: Visitor, name: str) -> None:
    root.open("/p/default/w/default/overview")
    _grant(root, name, "MANAGE")
    root.check_accessibility()
    page = ann.open("/p/default/w/default/experiments/1/details")
    expect(page.locator("#permissions")).to_contain_text("from default")
    assert page.locator("#permissions form").count() == 0
    ann.open("/p/default/w/default/overview")
    assert page.locator("#permissions form").count() == 0
    expect(page.locator("#details")).to_be_visible()
    assert page.get_by_role("link", name="Permissions").count() == 0
    ann.open("/p/default/permissions", status=403)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    root.open("/p/default/w/default/overview")
    _take(root, name)


def test_a_permission_on_an_experiment_shows_that_one_and_counts_no_other(
    root: Visitor, ann: Visitor, name: str
) -> None:
    root.open("/p/default/w/default/experiments/1/details")
    _grant(root, name, "READ")
    root.check_accessibility()
    page = ann.open("/p/default/w/default/overview")
    counts = page.locator(".counts div")
    expect(counts).to_have_text(
        ["Experiments1", "Runs1", "Logged models0", "Models of default0", "Versions of default0"]
    )
    assert page.locator("main form").count() == 0
    ann.open("/p/default/w/default/experiments/1/details")
    assert page.locator("main form[method=post]").count() == 0
    ann.open("/p/default/w/default/experiments/2/details", status=404)
    root.open("/p/default/w/default/overview")
    counts = root.page.locator(".counts div")
    expect(counts).to_have_text(
        ["Experiments3", "Runs2", "Logged models0", "Models of default1", "Versions of default1"]
    )
    root.open("/p/default/w/default/experiments/1/details")
    _take(root, name)


@pytest.mark.parametrize(
    ("path", "field", "where"),
    [
        ("", "PermissionDetails", "permissions"),
        ("/workspaces/default", "PermissionDetails", "w/default/overview"),
        ("/workspaces/default/mlops/api/2.0/mlflow/experiments/1", "PermissionDetails", _EXPERIMENT),
        ("/mlops/api/2.0/mlflow/registered-models/churn", "RegisteredModelPermissionDetails", "models/churn"),
    ],
    ids=["platform", "workspace", "experiment", "model"],
)
def test_grants_come_in_pages(
    root: Visitor, guarded: Guarded, many: list[str], path: str, field: str, where: str
) -> None:
    resource = Api(guarded.url, f"/20260430/aiDataPlatforms/default{path}", guarded.administrator.headers)
    details = {"assignees": {"type": "USER", "targets": many}, "permissions": ["READ"]}
    resource.ok("POST", "actions/managePermission", {f"assign{field}": details}, status=204)
    page, names = root.open(f"/p/default/{where}"), root.page.locator("#permissions .pair")
    expect(names).to_have_count(50)
    root.check_accessibility()
    page.get_by_label("Pages of permissions").get_by_role("link", name="Next page").click()
    expect(names.filter(has_text=many[-1])).to_have_count(1)
    expect(names.filter(has_text=many[0])).to_have_count(0)
    page.get_by_label("Pages of permissions").get_by_role("link", name="First page").click()
    expect(names.filter(has_text=many[0])).to_have_count(1)
    resource.ok("POST", "actions/managePermission", {f"revoke{field}": details}, status=204)


def test_the_pages_of_a_refused_grant_are_those_of_what_is_shown(
    root: Visitor, guarded: Guarded, many: list[str]
) -> None:
    model = Api(
        guarded.url,
        "/20260430/aiDataPlatforms/default/mlops/api/2.0/mlflow/registered-models/churn",
        guarded.administrator.headers,
    )
    details = {"assignees": {"type": "USER", "targets": many}, "permissions": ["READ"]}
    granted, revoked = (f"{word}RegisteredModelPermissionDetails" for word in ("assign", "revoke"))
    model.ok("POST", "actions/managePermission", {granted: details}, status=204)
    page = root.open("/p/default/models/churn")
    page.get_by_text("Grant a permission").click()
    page.locator("#permissions").get_by_label("Name").fill("nobody")
    page.locator("#permissions").get_by_role("button", name="Grant").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    page.get_by_label("Pages of permissions").get_by_role("link", name="Next page").click()
    expect(page.locator("#permissions .pair").filter(has_text=many[-1])).to_have_count(1)
    model.ok("POST", "actions/managePermission", {revoked: details}, status=204)


def test_a_workspace_is_renamed_and_deleted(root: Visitor) -> None:
    page = root.open("/p/default/workspaces")
    page.get_by_label("Name").fill("Fraud team")
    page.get_by_role("button", name="Create workspace").click()
    page.get_by_role("link", name="Overview of Fraud team").click()
    root.check_accessibility()
    page.get_by_label("Name", exact=False).first.fill("<b>Fraud</b> & risk")
    page.get_by_label("Description").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Fraud</b> & risk")
    page.get_by_role("link", name="Delete").click()
    expect(page.locator("main")).to_contain_text("0 runs")
    page.get_by_label("Type the key").fill("fraud")
    page.get_by_role("button", name="Delete the workspace").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted")
    page.get_by_label("Type the key").fill("fraud-team")
    root.check_accessibility()
    page.get_by_role("button", name="Delete the workspace").click()
    expect(page.get_by_role("rowheader")).to_have_text(["default"])
    root.open("/p/default/w/default/overview")
    assert page.get_by_role("link", name="Delete").count() == 0


def test_the_page_of_the_server_counts_and_examines(root: Visitor, ann: Visitor) -> None:
    page = root.open("/server")
    expect(page.locator(".counts div", has_text="Runs")).to_have_text("Runs2")
    expect(page.locator("#settings")).to_contain_text("data")
    root.check_accessibility()
    root.check_width()
    page.get_by_role("button", name="Examine").click()
    expect(page.get_by_role("rowheader", name="disk space")).to_be_visible()
    expect(page.get_by_role("rowheader", name="artifacts")).to_be_visible()
    root.check_accessibility()
    page.set_viewport_size({"width": 390, "height": 800})
    root.check_width()
    her = ann.open("/server", status=403)
    expect(her.get_by_role("heading", level=1)).to_have_text("Not allowed")
    assert her.get_by_role("link", name="Server").count() == 0


def test_counts_are_answered_to_clients_too(guarded: Guarded) -> None:
    administrator = Api(guarded.url, "/api/3.0/modelkeep", guarded.administrator.headers)
    assert administrator.ok("GET", "/api/2.0/counts")["experiments"] == 3
    assert administrator.get("server-counts")["runs"] == 2
