"""Users: who may call. Administrators manage them; a user may change its own password."""

import asyncio
from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.fields import Timestamp, check_length, page_size
from modelkeep.core.guard import CALLER, SERVER
from modelkeep.core.operation import Empty, LookUp, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.passwords import LONGEST_PASSWORD, check_password, hash_password, verify_password
from modelkeep.identity.principals import (
    Kind,
    check_name,
    contains,
    delete_principal,
    etag,
    insert_principal,
    locate_principal,
    principal_not_found,
    require_administrator,
    require_self,
    touch_principal,
    values_of,
)
from modelkeep.search.order import Order
from modelkeep.search.page import check_max_results, fetch_page, make_search
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.schema import browser_sessions, memberships, principals, users
from modelkeep.storage.transaction import Row, Transaction

KIND = Kind.USER.value
LARGEST_PAGE = 1_000
_TEXT_LENGTH = 500

_p, _u = principals.c, users.c
_belongs = sa.alias(principals, "belongs")
_MEMBERSHIPS = (
    sa.select(json_objects("kind", _belongs.c.kind, "name", _belongs.c.name))
    .select_from(memberships.join(_belongs, _belongs.c.id == memberships.c.group_id))
    .where(memberships.c.member_id == _p.id)
    .scalar_subquery()
)
_COLUMNS = (
    _p.name,
    _u.display_name,
    _u.email,
    _u.is_administrator,
    _u.is_disabled,
    _u.acts_for_others,
    _u.password_hash,
    _u.issuer,
    _u.subject,
    _u.last_login_at,
    _p.created_at,
    _p.updated_at,
    _MEMBERSHIPS,
    _p.revision,
    _p.id,
)
_ALL = sa.select(*_COLUMNS).select_from(principals.join(users, _u.id == _p.id))
_GET = Query(_ALL.where(_p.kind == KIND, _p.name == sa.bindparam("name"), _p.platform_id.is_(None)))
_INSERT = Query(sa.insert(users).values(values_of(users)))
_CHANGEABLE = (
    _u.display_name,
    _u.email,
    _u.is_administrator,
    _u.is_disabled,
    _u.acts_for_others,
    _u.issuer,
    _u.subject,
)
_UPDATE = Query(
    sa.update(users)
    .where(_u.id == sa.bindparam("user"))
    .values(
        {
            column.name: sa.func.coalesce(sa.bindparam(f"new_{column.name}", type_=column.type), column)
            for column in _CHANGEABLE
        }
    )
)
_SET_PASSWORD = Query(
    sa.update(users).where(_u.id == sa.bindparam("user")).values(password_hash=sa.bindparam("new_hash"))
)
_END_LOGINS = Query(sa.delete(browser_sessions).where(browser_sessions.c.user_id == sa.bindparam("user")))
_PASSWORD = Query(
    sa.select(_u.password_hash, _u.id)
    .select_from(principals.join(users, _u.id == _p.id))
    .where(_p.kind == KIND, _p.name == sa.bindparam("name"))
)


class User(msgspec.Struct):
    """A user. Passwords and tokens are never shown."""

    name: str
    display_name: str
    email: str
    is_administrator: bool
    is_disabled: bool
    acts_for_others: bool
    has_password: bool
    issuer: str
    subject: str
    last_login_at: int | None
    created_at: Timestamp
    updated_at: Timestamp
    groups: list[str]
    roles: list[str]


class UserAnswer(msgspec.Struct):
    """One user."""

    user: User


class UserDetails(msgspec.Struct, kw_only=True):
    """What a user can be given. What is absent stays as it is."""

    display_name: str | None = None
    email: str | None = None
    is_administrator: bool | None = None
    is_disabled: bool | None = None
    acts_for_others: Annotated[
        bool | None, msgspec.Meta(description="Whether it may call on behalf of others, as a gateway does.")
    ] = None
    issuer: Annotated[str | None, msgspec.Meta(description="The identity provider that knows the user.")] = None
    subject: Annotated[str | None, msgspec.Meta(description="What the identity provider calls the user.")] = None


class CreateUser(UserDetails, kw_only=True):
    """A new user; without a password it logs in by tokens, keys or an identity provider."""

    name: str
    password: str | None = None


async def _hash_new_password(look_up: LookUp, scope: Scope, request: CreateUser) -> CreateUser:
    require_administrator(scope, "create users")
    return msgspec.structs.replace(request, password=await hashed(scope, request.password))


@operation(
    "modelkeep/users",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=SERVER,
    reach=Reach.SERVER,
    status=201,
    before=_hash_new_password,
    secret=True,
)
def create_user(tx: Transaction, scope: Scope, request: CreateUser) -> UserAnswer:
    """Create a user."""
    insert_user(tx, scope, request.name, request.password or "", request)
    return UserAnswer(load_user(tx, request.name))


class ListUsers(msgspec.Struct):
    """One page of users, by name."""

    max_results: Annotated[int, page_size(1_000)] = 100
    page_token: str = ""
    containing: Annotated[
        str, msgspec.Meta(description="A part of the name, the display name or the e-mail address.")
    ] = ""


class Users(msgspec.Struct):
    """Users, and the page that follows."""

    users: list[User]
    next_page_token: str = ""


@operation("modelkeep/users", needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, scans=True)
def list_users(tx: Transaction, scope: Scope, request: ListUsers) -> Users:
    """List users."""
    require_administrator(scope, "list users")
    page = fetch_page(
        tx,
        scope,
        lambda further: make_search(
            _ALL.where(_p.kind == KIND, contains(_p.name, _u.display_name, _u.email)),
            [Order("name", _p.name, False), Order("id", _p.id, False)],
            further=further,
        ),
        within={},
        values={"containing": request.containing},
        max_results=check_max_results(request.max_results, LARGEST_PAGE),
        page_token=request.page_token,
        bound_to=("users", request.containing),
    )
    return Users([_from_row(row) for row in page.rows], page.next_page_token)


class UserName(msgspec.Struct):
    """Which user."""

    name: str


@operation("modelkeep/users/{name}", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def get_user(tx: Transaction, scope: Scope, request: UserName) -> UserAnswer:
    """Get a user. Others than administrators see themselves alone."""
    if request.name != scope.principal.name:
        require_administrator(scope, "see other users")
    return UserAnswer(load_user(tx, request.name))


class UpdateUser(UserDetails, kw_only=True):
    """Which user, and what to change."""

    name: str


@operation("modelkeep/users/{name}", verb="PATCH", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def update_user(tx: Transaction, scope: Scope, request: UpdateUser) -> UserAnswer:
    """Change, disable or enable a user. A disabled user's credentials stop at once."""
    require_administrator(scope, "change users")
    user = locate_principal(tx, Kind.USER, request.name)
    change_user(tx, scope, user, request)
    return UserAnswer(load_user(tx, request.name))


@operation("modelkeep/users/{name}", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def delete_user(tx: Transaction, scope: Scope, request: UserName) -> Empty:
    """Delete a user with its credentials, memberships and grants."""
    require_administrator(scope, "delete users")
    delete_principal(tx, Kind.USER, locate_principal(tx, Kind.USER, request.name))
    note_identity_change(tx)
    return Empty()


class SetPassword(msgspec.Struct, kw_only=True):
    """A new password. Whoever changes its own has to know the present one."""

    name: str
    password: str
    current_password: Annotated[str | None, msgspec.Meta(description="Needed to change one's own.")] = None


async def _check_password_change(look_up: LookUp, scope: Scope, name: str, current_password: str | None) -> None:
    """Raise unless the caller may set this user's password."""
    row = await look_up(lambda tx: tx.one(_PASSWORD, name=name))
    if row is None:
        require_administrator(scope, "set the passwords of others")
        raise principal_not_found(Kind.USER, name)
    present, user = row
    require_self(scope, user, "set the passwords of others")
    if present and scope.principal.ids[:1] == (user,):
        given = (current_password or "")[: LONGEST_PASSWORD + 1]
        if not await asyncio.to_thread(verify_password, present, given):
            raise invalid_parameter(
                "current_password", "it is needed to change one's own password, and has to be right."
            )


async def check_and_hash(look_up: LookUp, scope: Scope, request: SetPassword) -> SetPassword:
    """The request with the hash of the new password in its place, where the caller may set it."""
    await _check_password_change(look_up, scope, request.name, request.current_password)
    return msgspec.structs.replace(request, password=await hashed(scope, request.password), current_password=None)


@operation(
    "modelkeep/users/{name}/password",
    verb="PUT",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
    before=check_and_hash,
    secret=True,
)
def set_password(tx: Transaction, scope: Scope, request: SetPassword) -> Empty:
    """Set a password: of anyone, for administrators, or one's own. All browsers' log-ins of the user end."""
    replace_password(tx, scope, request.name, request.password)
    return Empty()


async def hashed(scope: Scope, password: str | None) -> str:
    """The hash of a password, "" where there is none."""
    if password is None:
        return ""
    check_password(password, scope.limits)
    return await asyncio.to_thread(hash_password, password)


def insert_user(
    tx: Transaction, scope: Scope, name: str, password_hash: str, details: UserDetails, field: str = "name"
) -> int:
    """A new user's row id."""
    _check_details(details)
    check_name(scope, name, field)
    user = insert_principal(tx, scope, Kind.USER, name)
    try:
        tx.run(
            _INSERT,
            id=user,
            display_name=details.display_name or "",
            email=details.email or "",
            password_hash=password_hash,
            is_administrator=int(details.is_administrator or False),
            is_disabled=int(details.is_disabled or False),
            acts_for_others=int(details.acts_for_others or False),
            issuer=details.issuer or "",
            subject=details.subject or "",
            last_login_at=None,
        )
    except UniqueViolation:
        raise _subject_taken(details) from None
    note_identity_change(tx)
    return user


def change_user(tx: Transaction, scope: Scope, user: int, details: UserDetails) -> None:
    """Give a user what the details say, and leave the rest."""
    _check_details(details)
    changed = {
        f"new_{column.name}": int(value) if isinstance(value := getattr(details, column.name), bool) else value
        for column in _CHANGEABLE
    }
    try:
        tx.run(_UPDATE, user=user, **changed)
    except UniqueViolation:
        raise _subject_taken(details) from None
    if details.is_disabled:
        tx.run(_END_LOGINS, user=user)
    touch_principal(tx, user, scope.now)
    note_identity_change(tx)


def replace_password(tx: Transaction, scope: Scope, name: str, password_hash: str) -> None:
    """Set the hash of a user's password, and end what was logged in by the old one."""
    user = locate_principal(tx, Kind.USER, name)
    require_self(scope, user, "set the passwords of others")
    tx.run(_SET_PASSWORD, user=user, new_hash=password_hash)
    tx.run(_END_LOGINS, user=user)
    touch_principal(tx, user, scope.now)
    note_identity_change(tx)


def load_user(tx: Transaction, name: str) -> User:
    """The user with this name; raises 404 where there is none."""
    row = tx.one(_GET, name=name)
    if row is None:
        raise principal_not_found(Kind.USER, name)
    revision, user = row[-2:]
    tx.about(KIND, str(user), etag(user, revision))
    return _from_row(row)


def _from_row(row: Row) -> User:
    # A page's rows have the columns of its order behind these.
    name, display_name, email, administrator, disabled, acts, password_hash, *rest = row[:13]
    issuer, subject, last_login_at, created_at, updated_at, belongs = rest
    known = msgspec.json.decode(belongs)
    groups, roles = (
        sorted(other["name"] for other in known if other["kind"] == kind.value) for kind in (Kind.GROUP, Kind.ROLE)
    )
    return User(
        name,
        display_name,
        email,
        bool(administrator),
        bool(disabled),
        bool(acts),
        bool(password_hash),
        issuer,
        subject,
        last_login_at,
        created_at,
        updated_at,
        groups,
        roles,
    )


def _check_details(details: UserDetails) -> None:
    for field in ("display_name", "email", "issuer", "subject"):
        check_length(field, getattr(details, field) or "", _TEXT_LENGTH)


def _subject_taken(details: UserDetails) -> ApiError:
    return ApiError(
        ErrorKind.ALREADY_EXISTS, f"There is a user already for the subject '{details.subject}' of this issuer."
    )
