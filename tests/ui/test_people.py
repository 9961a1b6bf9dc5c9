"""Users with their tokens and keys, groups and roles: one's own, and everybody's for administrators."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD, basic, key_pair
from tests.support.browser import Visitor
from tests.support.server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_HOSTILE = "<img src=x onerror=document.title='run'>\"'{{7*7}}&amp;"
_counter = itertools.count(1)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server where one has to log in."""
    with RunningServer(tmp_path_factory.mktemp("people"), "--failed-log-ins-per-minute", "1000") as server:
        yield guard(server)


@pytest.fixture
def root(guarded: Guarded, browser: "Browser") -> Iterator[Visitor]:
    """The administrator's browser."""
    visitor = Visitor(browser, guarded.url, extra_http_headers=guarded.administrator.headers)
    yield visitor
    visitor.close()


@pytest.fixture
def name(guarded: Guarded) -> str:
    """A user that no other test uses, who may do nothing yet."""
    made = f"ann-{next(_counter)}"
    guarded.administrator.ok("POST", "users", {"name": made, "password": PASSWORD}, status=201)
    return made


@pytest.fixture
def ann(guarded: Guarded, browser: "Browser", name: str) -> Iterator[Visitor]:
    """The browser of that user, logged in by the form."""
    visitor = Visitor(browser, guarded.url)
    _log_in(visitor, name, PASSWORD)
    yield visitor
    visitor.close()


def _log_in(visitor: Visitor, name: str, password: str) -> None:
    page = visitor.open("/login?next=/me")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_ones_own_token_is_made_shown_once_and_revoked(ann: Visitor, guarded: Guarded, name: str) -> None:
    page = ann.page
    expect(page.get_by_text("None yet. A token")).to_be_visible()
    page.get_by_text("Make a token").click()
    form = page.locator("#tokens form")
    form.get_by_label("Name").fill("laptop")
    form.get_by_label("Scope").select_option("READ")
    form.get_by_label("Days").fill("7")
    form.get_by_role("button", name="Make token").click()
    token = page.locator("#new-token code").first.inner_text()
    assert token.startswith("mk_")
    ann.check_accessibility()
    ann.check_width()
    assert guarded.stranger(authorization=f"Bearer {token}").call("GET", f"users/{name}").status == 200
    ann.open(f"/users/{name}")
    expect(page.locator("body")).not_to_contain_text(token)
    row = page.locator("#tokens tbody tr")
    expect(row).to_contain_text("READ")
    expect(row.locator("time")).to_have_count(2)  # created and expires
    row.get_by_role("link", name="Revoke").click()
    ann.check_accessibility()
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_role("status")).to_contain_text("laptop was revoked")
    assert guarded.stranger(authorization=f"Bearer {token}").call("GET", f"users/{name}").status == 401


def test_what_is_wrong_with_a_token_is_said_where_it_was_typed(ann: Visitor) -> None:
    page = ann.page
    page.get_by_text("Make a token").click()
    form = page.locator("#tokens form")
    form.get_by_label("Name").fill("a/b")
    form.get_by_label("Days").fill("soon")
    form.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("alert")).to_contain_text("no number of days")
    expect(form.get_by_label("Name")).to_have_value("a/b")
    form.get_by_label("Days").fill("")
    form.get_by_role("button", name="Make token").click()
    expect(form.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_ones_own_key_is_added_and_revoked(ann: Visitor) -> None:
    page = ann.page
    page.get_by_text("Add a key").click()
    form = page.locator("#keys-of-user form")
    form.get_by_label("Public key").fill("nonsense")
    form.get_by_role("button", name="Add key").click()
    expect(form.get_by_label("Public key")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Public key").fill(key_pair()[1])
    form.get_by_role("button", name="Add key").click()
    expect(page.locator("#new-key")).to_contain_text("fingerprint=")
    ann.check_accessibility()
    page.locator("#keys-of-user").get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_role("status")).to_contain_text("was revoked")
    expect(page.locator("#keys-of-user tbody tr")).to_have_count(0)


def test_ones_own_session_tokens_are_listed_and_revoked_one_by_one(ann: Visitor, guarded: Guarded, name: str) -> None:
    page, card = ann.page, ann.page.locator("#session-tokens")
    expect(card).to_contain_text(f"modelkeep token session {name}")
    her = guarded.stranger(authorization=basic(name))
    made = [
        her.ok("POST", f"users/{name}/session-tokens", {"public_key": key_pair()[1], "minutes": 30}, status=201)["id"]
        for _ in range(2)
    ]
    ann.open("/me")
    expect(card.get_by_role("rowheader")).to_have_text(made)
    expect(card.get_by_role("row").nth(1).locator("time")).to_have_count(2)  # created and expires
    expect(card.get_by_role("cell", name=name)).to_have_count(2)
    ann.check_accessibility()
    card.get_by_role("link", name=f"Revoke the session token {made[0]}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Revoke the session token {made[0]}?")
    ann.check_accessibility()
    page.get_by_role("button", name="Revoke the session token").click()
    expect(page.get_by_role("status")).to_contain_text(f"{made[0]} was revoked")
    expect(card.get_by_role("rowheader")).to_have_text(made[1:])
    left = her.ok("GET", f"users/{name}/session-tokens")["session_tokens"]
    assert [token["id"] for token in left] == made[1:]
    ann.open(f"/users/{name}/session-tokens/{made[0]}/revoke", status=404)


def test_ones_own_password_is_changed_by_whoever_knows_it(ann: Visitor, name: str) -> None:
    page = ann.page
    form = page.locator("#password form")
    for present, new, again, problem in (
        (PASSWORD, "another long password", "another long passwort", "not the same"),
        ("wrong", "another long password", "another long password", "has to be right"),
        (PASSWORD, "short", "short", "characters"),
    ):
        form.get_by_label("Present password").fill(present)
        form.locator("#f-password").fill(new)
        form.get_by_label("New password again").fill(again)
        form.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text(problem)
    ann.check_accessibility()
    form.get_by_label("Present password").fill(PASSWORD)
    form.locator("#f-password").fill("another long password")
    form.get_by_label("New password again").fill("another long password")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page.get_by_role("status")).to_contain_text("was changed")
    _log_in(ann, name, "another long password")


def test_a_user_sees_nothing_of_others(ann: Visitor, name: str) -> None:
    page = ann.page
    expect(page.get_by_role("link", name="My account")).to_have_attribute("aria-current", "page")
    assert page.get_by_role("link", name="People").count() == 0
    assert page.locator("#details").count() == 0
    assert page.get_by_role("link", name="Delete").count() == 0
    for path in ("/users", "/new-user", "/groups", "/roles", "/users/root", "/groups/absent", f"/users/{name}/delete"):
        ann.open(path, status=403)
        expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    ann.check_accessibility()


def test_a_token_that_allows_less_manages_nothing(guarded: Guarded, browser: "Browser", name: str) -> None:
    body = {"name": "reader", "scope": "READ"}
    token = guarded.administrator.ok("POST", f"users/{name}/tokens", body, status=201)["token"]
    visitor = Visitor(browser, guarded.url, extra_http_headers={"authorization": f"Bearer {token}"})
    page = visitor.open("/me")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_text("This one is a token that allows less")).to_be_visible()
    assert page.locator("main form").count() == 0
    visitor.close()


def test_an_administrator_makes_changes_disables_and_deletes_a_user(root: Visitor, guarded: Guarded) -> None:
    page = root.open("/users")
    page.get_by_role("link", name="New user").click()
    form = page.locator("form.card")
    form.locator("#f-name").fill("root")
    form.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("alert")).to_contain_text("exists already")
    form.locator("#f-name").fill("berta")
    form.get_by_label("E-mail").fill("berta@example.com")
    form.get_by_label("Password").fill(PASSWORD)
    root.check_accessibility()
    form.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("berta")
    berta = guarded.stranger(authorization=basic("berta"))
    assert berta.call("GET", "users/berta").status == 200
    page.get_by_label("Display name").fill("Berta B.")
    page.get_by_label("Disabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("berta was saved")
    expect(page.locator(".facts")).to_contain_text("Disabled")
    assert berta.call("GET", "users/berta").status == 401
    page.get_by_label("Disabled").uncheck()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_label("Present password").count() == 0
    page.locator("#f-password").fill("reset by root 1")
    page.get_by_label("New password again").fill("reset by root 1")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("was changed")
    assert guarded.stranger(authorization=basic("berta", "reset by root 1")).call("GET", "users/berta").status == 200
    root.open("/users?q=BERTA@ex")
    expect(page.get_by_role("rowheader")).to_have_text(["berta"])
    page.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type the name").fill("bertha")
    page.get_by_role("button", name="Delete the user").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted")
    page.get_by_label("Type the name").fill("berta")
    root.check_accessibility()
    page.get_by_role("button", name="Delete the user").click()
    expect(page.get_by_role("status")).to_contain_text("berta was deleted")
    root.open("/users/berta", status=404)
    root.open("/users?q=berta")
    expect(page.get_by_role("heading", name="Nobody is called that")).to_be_visible()


def test_an_administrator_manages_the_tokens_of_others(root: Visitor, guarded: Guarded, name: str) -> None:
    page = root.open(f"/users/{name}")
    page.get_by_text("Make a token").click()
    page.locator("#tokens form").get_by_label("Name").fill("for ann")
    page.get_by_role("button", name="Make token").click()
    token = page.locator("#new-token code").first.inner_text()
    assert guarded.stranger(authorization=f"Bearer {token}").call("GET", f"users/{name}").status == 200


def test_users_come_in_pages(root: Visitor, guarded: Guarded) -> None:
    for number in range(53):
        guarded.administrator.ok("POST", "users", {"name": f"many-{number:02}"}, status=201)
    page = root.open("/users?q=many-")
    expect(page.get_by_role("rowheader")).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("rowheader")).to_have_text(["many-50", "many-51", "many-52"])
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_role("rowheader")).to_have_count(50)


@pytest.mark.parametrize(("path", "one"), [("groups", "group"), ("roles", "role")])
def test_members_are_added_to_a_group_or_role_and_removed(root: Visitor, name: str, path: str, one: str) -> None:
    page = root.open(f"/{path}")
    expect(page.get_by_role("heading", name=f"No {path} yet")).to_be_visible()
    page.locator("form.card").get_by_label("Name").fill("risk & fraud?")
    page.get_by_role("button", name=f"Create {one}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("risk & fraud?")
    member = page.locator("#members").get_by_label("User" if one == "group" else "Name")
    member.fill("nobody")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("alert")).to_contain_text("'nobody' does not exist")
    member.fill(name)
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is a member now")
    root.check_accessibility()
    root.open(f"/users/{name}")
    expect(page.get_by_role("link", name="risk & fraud?")).to_be_visible()
    root.open(f"/{path}/risk%20%26%20fraud%3F")
    page.get_by_label("What it is for").fill("Cards")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.get_by_role("status")).to_contain_text("no member any more")
    root.open(f"/{path}")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Cards")
    root.check_accessibility()
    page.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type the name").fill("risk & fraud?")
    page.get_by_role("button", name=f"Delete the {one}").click()
    expect(page.get_by_role("heading", name=f"No {path} yet")).to_be_visible()


def test_a_role_of_one_platform_is_another_than_one_of_all(root: Visitor, guarded: Guarded) -> None:
    page = root.open("/roles")
    for platform in ("default", ""):
        page.locator("form.card").get_by_label("Name").fill("auditor")
        page.get_by_label("Platform").select_option(platform)
        page.get_by_role("button", name="Create role").click()
        expect(page.locator(".facts")).to_contain_text(f"Role of {platform}" if platform else "Role of all platforms")
        root.open("/roles")
    expect(page.get_by_role("rowheader", name="auditor")).to_have_count(2)
    for query in ("?platform=default", ""):
        guarded.administrator.ok("DELETE", f"roles/auditor{query}")


def test_a_member_sees_its_group_without_controls(ann: Visitor, guarded: Guarded, name: str) -> None:
    group = f"group of {name}"
    guarded.administrator.ok("POST", "groups", {"name": group}, status=201)
    guarded.administrator.ok("POST", f"groups/{group}/members", {"kind": "user", "member": name})
    page = ann.open("/me")
    page.get_by_role("link", name=group).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(group)
    assert page.locator("main form").count() == 0
    assert page.get_by_role("link", name="Delete").count() == 0
    guarded.administrator.ok("DELETE", f"groups/{group}")


def test_texts_of_people_are_shown_as_texts(root: Visitor, guarded: Guarded) -> None:
    hostile = _HOSTILE.replace("/", "")
    api = guarded.administrator
    details = {"display_name": _HOSTILE, "email": _HOSTILE, "issuer": _HOSTILE, "subject": _HOSTILE}
    api.ok("POST", "users", {"name": hostile, **details}, status=201)
    api.ok("POST", f"users/{hostile}/tokens".replace("#", "%23"), {"name": hostile}, status=201)
    for path in ("groups", "roles"):
        api.ok("POST", path, {"name": hostile, "description": _HOSTILE}, status=201)
        api.ok("POST", f"{path}/{hostile}/members", {"kind": "user", "member": hostile})
    page = root.open("/users?q=onerror")
    for path in ("users", "groups", "roles"):
        root.open(f"/{path}?q=onerror")
        page.get_by_role("rowheader").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(hostile)
        assert page.title() == f"{hostile} · modelkeep"
        root.check_width()
        page.get_by_role("link", name="Delete").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Delete {hostile}?")
        assert page.locator("img").count() == 0
    root.open("/users?q=onerror")
    page.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("link", name="Revoke").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Revoke the token {hostile}?")
    assert page.title() == f"Revoke {hostile} · modelkeep"
    for path in (f"users/{hostile}", f"groups/{hostile}", f"roles/{hostile}"):
        api.ok("DELETE", path)


def test_where_nobody_logs_in_the_account_says_how_to_change_that(visitor: Visitor) -> None:
    page = visitor.open("/me")
    expect(page.get_by_role("heading", name="Nobody has to log in here")).to_be_visible()
    visitor.check_accessibility()
    visitor.open("/users")
    expect(page.get_by_role("heading", name="No users yet")).to_be_visible()
    visitor.check_accessibility()
