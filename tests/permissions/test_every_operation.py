"""Every operation by every role, granted here and there: done, or refused in the right way.

The world is one database in this process; each case is undone. What is expected is computed from the table and from
where the grant stands, without a look at the declarations.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from modelkeep.core.errors import ErrorKind
from modelkeep.core.scope import Principal
from modelkeep.storage import schema
from tests.permissions.filled import ABSENT, fill
from tests.permissions.table import ROWS, Row
from tests.permissions.world import ADMINISTRATOR, BY_NAME, OPERATIONS, World, new_world

LEVELS = {"none": 0, "READ": 1, "MANAGE": 2, "ADMIN": 3}
PLACES = ("itself", "another", "group", "workspace", "platform", "other platform")
_KINDS = {
    "model": "model",
    "seen models": "model",
    "seen versions": "model",
    "seen summary": "model",
    "new model": "workspace",
    "workspace": "workspace",
    "named workspace": "workspace",
    "seen workspaces": "workspace",
    "platform": "platform",
    "named platform": "platform",
    "seen platforms": "platform",
    "server": "platform",
    "open model": "model",
    "open platform": "platform",
    "open roles": "platform",
    "roles": "platform",
    "role": "platform",
    "deleted experiment": "gone",
    "signed": "platform",
}
"""What a grant on the resource itself is a grant on; experiments otherwise."""


class Case(NamedTuple):
    """A caller who was granted one level at one place."""

    role: str
    place: str

    @property
    def level(self) -> int:
        return LEVELS[self.role]


CASES = [Case(role, place) for role in LEVELS for place in PLACES]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("world"), fill) as world:
        yield world


_made: dict[tuple[str, Case], Principal] = {}


def _caller(world: World, of: str, case: Case) -> Principal:
    """A user with one grant: on the resource itself, on another of its kind, by a group, or on what it is in."""
    known = _made.get((of, case))
    if known is not None:
        return known
    name = f"{case.role} {case.place} {of}"
    ids = [world.principal_row(name)]
    kind = {"workspace": "workspace", "platform": "platform", "other platform": "platform"}.get(case.place, of)
    which = {"another": "another ", "other platform": "another "}.get(case.place, "")
    table, resource = GRANTED[kind], int(world.ids[f"{which}{kind} row"])
    if case.place == "group":
        ids.append(world.principal_row(f"group of {name}", "group"))
    world.grant(table, resource, ids[-1], case.level)
    _made[of, case] = Principal(name, ids=tuple(ids))
    return _made[of, case]


GRANTED = {
    "model": schema.registered_model_grants,
    "experiment": schema.experiment_grants,
    "gone": schema.experiment_grants,
    "workspace": schema.workspace_grants,
    "platform": schema.platform_grants,
}


def _kind(row: Row) -> str:
    return _KINDS.get(row.kind, "experiment")


def _held(row: Row, case: Case) -> int:
    """What the caller has on the resource: grants flow down, and never up or aside."""
    kind = _kind(row)
    if case.place in ("another", "other platform"):
        return 0
    return 0 if kind == "platform" and case.place == "workspace" else case.level


def _reaches(row: Row, case: Case) -> bool:
    """Whether platform and workspace are there for the caller: it sees something in them."""
    if case.level == 0 or case.place == "other platform" or (_kind(row), case.place) == ("platform", "another"):
        return False
    above_workspaces = row.kind in ("platform", "roles", "named workspace", "seen workspaces")
    return above_workspaces or (_kind(row), case.place) != ("workspace", "another")


def _expected(row: Row, case: Case) -> ErrorKind | None:
    held = _held(row, case)
    if row.kind == "signed":
        return ErrorKind.NOT_AUTHORIZED
    if row.kind in ("server", "own"):
        return ErrorKind.NOT_AUTHORIZED
    if row.kind in ("seen platforms", "caller"):
        return None
    if row.kind == "role":
        return _outcome(held, row.needs, hidden=True)
    if row.kind == "open roles":
        return _outcome(held, row.needs, hidden=False)
    if row.kind == "named platform":
        # Whoever sees anything of a platform sees that it is there.
        held = max(held, int(_reaches(row, case)))
    elif not _reaches(row, case):
        return ErrorKind.NOT_FOUND
    if row.kind.startswith("seen "):
        return None
    open_to_sight = row.kind in ("workspace", "new model", "platform", "roles") or row.kind.startswith("open ")
    return _outcome(held, row.needs, hidden=not open_to_sight)


def _outcome(held: int, needs: int, *, hidden: bool) -> ErrorKind | None:
    """What is answered to one who has this, where what it has nothing on is hidden from it, or is not."""
    if hidden and held == 0:
        return ErrorKind.NOT_FOUND
    return None if held >= needs else ErrorKind.NOT_AUTHORIZED


def test_every_operation_has_a_row() -> None:
    assert {operation.name for operation in OPERATIONS} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_the_declaration_says_what_the_table_does(name: str) -> None:
    declared = BY_NAME[name].needs
    # What says that it is open to all looks itself at who asks.
    assert declared == ROWS[name].needs or ROWS[name].kind.startswith(("open ", "signed"))


@pytest.mark.parametrize("name", ROWS)
def test_an_administrator_may(world: World, name: str) -> None:
    refusal = world.refusal(ADMINISTRATOR, BY_NAME[name], ROWS[name].fields(world.ids))
    assert refusal is None or (ROWS[name].kind == "signed" and "signed URL" in refusal.message)


@pytest.mark.parametrize("name", ROWS)
def test_who_was_granted_what_may_do_what(world: World, name: str) -> None:
    row, found, expected = ROWS[name], {}, {}
    for case in CASES:
        refusal = world.refusal(_caller(world, _kind(row), case), BY_NAME[name], row.fields(world.ids))
        found[case] = refusal.kind if refusal else None
        expected[case] = _expected(row, case)
    assert found == expected


class _Used(dict[str, str]):
    """Notes which names a request has."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__(names)
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.used.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize(
    "name",
    [name for name, row in ROWS.items() if not row.kind.startswith(("seen ", "server", "own", "caller", "open "))],
)
def test_what_may_not_be_seen_is_answered_as_what_is_not_there(world: World, name: str) -> None:
    """By one who sees something else on the platform, and so learns of this by its own answer alone."""
    row, operation = ROWS[name], BY_NAME[name]
    caller = _caller(world, _kind(row), Case("READ", "another"))
    names, at = _Used(world.ids), {}
    if row.kind in ("workspace", "new model", "signed"):
        at, names.used = {"workspace": ABSENT["workspace"]}, {"workspace"}
    elif row.kind == "platform":
        at, names.used = {"platform": ABSENT["platform"]}, {"platform"}
    hidden = world.refusal(caller, operation, row.fields(names))
    absent = world.refusal(caller, operation, row.fields(ABSENT), **at)
    assert hidden is not None
    assert absent is not None
    message = hidden.message
    for key in names.used:
        message = re.sub(rf"(?<![\w-]){re.escape(world.ids[key])}(?![\w-])", ABSENT[key], message)
    assert (hidden.kind, message, hidden.headers) == (absent.kind, absent.message, absent.headers)


@pytest.mark.parametrize("name", ROWS)
def test_a_credential_of_another_platform_reaches_nothing_here(world: World, name: str) -> None:
    row = ROWS[name]
    elsewhere = Principal("limited", administrator=True, only_platform=int(world.ids["another platform row"]))
    refusal = world.refusal(elsewhere, BY_NAME[name], row.fields(world.ids))
    if row.kind in ("seen platforms", "caller"):
        assert refusal is None
        return
    assert refusal is not None
    assert refusal.kind in (ErrorKind.NOT_FOUND, ErrorKind.NOT_AUTHORIZED)


@pytest.mark.parametrize("name", ROWS)
def test_a_credential_for_reading_reads_and_no_more(world: World, name: str) -> None:
    row = ROWS[name]
    reader = Principal("reader", administrator=True, ceiling=1)  # type: ignore[arg-type]
    refusal = world.refusal(reader, BY_NAME[name], row.fields(world.ids))
    allowed = row.needs == 1 and row.kind not in ("signed", "own")
    assert (refusal.kind if refusal else None) == (None if allowed else ErrorKind.NOT_AUTHORIZED)
