"""Lists of users, groups and roles by a part of their names."""

from collections.abc import Callable
from typing import Any

from tests.identity.conftest import Guarded
from tests.identity.people import Person


def _found(guarded: Guarded, path: str, **query: Any) -> list[str]:
    return [item["name"] for item in guarded.administrator.get(path, **query)[path]]


def test_users_are_found_by_a_part_of_what_they_are_called_blind_to_case(
    guarded: Guarded, new_person: Callable[..., Person]
) -> None:
    by_mail = new_person(email="Zoe.Quartz@example.com").name
    by_display = new_person(display_name="Zoe QUARTZ 100%").name
    new_person(display_name="Zoe Quart")
    assert _found(guarded, "users", containing="quartz") == sorted([by_mail, by_display])
    assert _found(guarded, "users", containing=by_mail.upper()) == [by_mail]
    assert _found(guarded, "users", containing="z 100%") == [by_display]
    assert _found(guarded, "users", containing="quartz_") == []


def test_a_page_of_found_users_goes_on_where_it_ended(guarded: Guarded, new_person: Callable[..., Person]) -> None:
    names = sorted(new_person(display_name="one of the obelisk's").name for _ in range(3))
    first = guarded.administrator.get("users", containing="obelisk", max_results=2)
    rest = guarded.administrator.get("users", containing="obelisk", max_results=2, page_token=first["next_page_token"])
    assert [user["name"] for user in first["users"] + rest["users"]] == names
    other = {"containing": "other", "page_token": first["next_page_token"]}
    assert guarded.administrator.call("GET", "users", query=other).status == 400


def test_groups_and_roles_are_found_by_a_part_of_their_names(guarded: Guarded) -> None:
    for path in ("groups", "roles"):
        for name in ("Basalt team", "basalt", "granite"):
            guarded.administrator.ok("POST", path, {"name": name}, status=201)
        assert sorted(_found(guarded, path, containing="BASALT")) == ["Basalt team", "basalt"]
        for name in ("Basalt team", "basalt", "granite"):
            guarded.administrator.ok("DELETE", f"{path}/{name}")


def test_what_cannot_be_a_member_is_told_with_what_can(guarded: Guarded) -> None:
    for path, said in (("groups", "user can."), ("roles", "user, group can.")):
        guarded.administrator.ok("POST", path, {"name": "slate"}, status=201)
        refused = guarded.administrator.call("POST", f"{path}/slate/members", {"kind": "platform", "member": "default"})
        assert refused.status == 400
        assert refused.body["message"].endswith(said), refused.body["message"]
        guarded.administrator.ok("DELETE", f"{path}/slate")
