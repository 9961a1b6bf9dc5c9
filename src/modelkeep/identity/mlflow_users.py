"""Users as MLflow's `AuthServiceClient` manages them."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import missing_parameter
from modelkeep.core.guard import CALLER, SERVER
from modelkeep.core.operation import Empty, LookUp, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.principals import (
    Kind,
    delete_principal,
    etag,
    locate_principal,
    principal_not_found,
    require_administrator,
)
from modelkeep.identity.users import (
    SetPassword,
    UserDetails,
    change_user,
    check_and_hash,
    hashed,
    insert_user,
    replace_password,
)
from modelkeep.storage.query import Query
from modelkeep.storage.schema import principals, users
from modelkeep.storage.transaction import Transaction

_p, _u = principals.c, users.c
_MOST_USERS = 10_000
_ALL = (
    sa.select(_p.id, _p.name, _u.is_administrator, _p.revision)
    .select_from(principals.join(users, _u.id == _p.id))
    .where(_p.kind == Kind.USER.value)
)
_GET = Query(_ALL.where(_p.name == sa.bindparam("name")))
_LIST = Query(_ALL.order_by(_p.name).limit(_MOST_USERS))


class MlflowUser(msgspec.Struct):
    """A user as MLflow shows one."""

    id: int
    username: str
    is_admin: bool


class MlflowUserAnswer(msgspec.Struct):
    """One user."""

    user: MlflowUser


class MlflowCreateUser(msgspec.Struct, kw_only=True):
    """A new user with a password."""

    username: str
    password: str


async def _hash_new_password(look_up: LookUp, scope: Scope, request: MlflowCreateUser) -> MlflowCreateUser:
    require_administrator(scope, "create users")
    if not request.username:
        raise missing_parameter("username")
    return msgspec.structs.replace(request, password=await hashed(scope, request.password))


@operation(
    "mlflow/users/create",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=SERVER,
    reach=Reach.SERVER,
    before=_hash_new_password,
    secret=True,
)
def mlflow_create_user(tx: Transaction, scope: Scope, request: MlflowCreateUser) -> MlflowUserAnswer:
    """Create a user."""
    insert_user(tx, scope, request.username, request.password, UserDetails(), "username")
    return MlflowUserAnswer(_load(tx, request.username))


class MlflowUsername(msgspec.Struct):
    """Which user."""

    username: str


@operation("mlflow/users/get", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def mlflow_get_user(tx: Transaction, scope: Scope, request: MlflowUsername) -> MlflowUserAnswer:
    """Get a user. Others than administrators see themselves alone."""
    if request.username != scope.principal.name:
        require_administrator(scope, "see other users")
    return MlflowUserAnswer(_load(tx, request.username))


class CurrentUser(MlflowUser):
    """Who calls. `is_basic_auth` says whether a password can be changed here."""

    is_basic_auth: bool = True


class CurrentUserAnswer(msgspec.Struct):
    """Who calls."""

    user: CurrentUser


@operation("mlflow/users/current", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def mlflow_current_user(tx: Transaction, scope: Scope, request: Empty) -> CurrentUserAnswer:
    """Get the user who calls."""
    name = scope.principal.name
    if not scope.principal.ids:
        # Whoever calls without authentication is nobody's user, and may do everything.
        return CurrentUserAnswer(CurrentUser(0, name, scope.principal.administrator, is_basic_auth=False))
    user = _load(tx, name)
    return CurrentUserAnswer(CurrentUser(user.id, user.username, user.is_admin))


class MlflowUsers(msgspec.Struct):
    """All users."""

    users: list[MlflowUser]


@operation("mlflow/users/list", needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, scans=True)
def mlflow_list_users(tx: Transaction, scope: Scope, request: Empty) -> MlflowUsers:
    """List all users, at most 10,000."""
    require_administrator(scope, "list users")
    return MlflowUsers([MlflowUser(user, name, bool(admin)) for user, name, admin, _ in tx.all(_LIST)])


class MlflowUpdatePassword(SetPassword, kw_only=True):
    """A new password. Whoever changes its own has to know the present one."""

    name: str = msgspec.field(name="username")


@operation(
    "mlflow/users/update-password",
    verb="PATCH",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
    before=check_and_hash,
    secret=True,
)
def mlflow_update_user_password(tx: Transaction, scope: Scope, request: MlflowUpdatePassword) -> Empty:
    """Set a password: of anyone, for administrators, or one's own."""
    replace_password(tx, scope, request.name, request.password)
    return Empty()


class MlflowUpdateAdmin(msgspec.Struct, kw_only=True):
    """Whether a user is an administrator."""

    username: str
    is_admin: bool


@operation(
    "mlflow/users/update-admin", verb="PATCH", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER
)
def mlflow_update_user_admin(tx: Transaction, scope: Scope, request: MlflowUpdateAdmin) -> Empty:
    """Make a user an administrator, or no longer one."""
    require_administrator(scope, "make administrators")
    user = locate_principal(tx, Kind.USER, request.username)
    change_user(tx, scope, user, UserDetails(is_administrator=request.is_admin))
    return Empty()


@operation("mlflow/users/delete", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def mlflow_delete_user(tx: Transaction, scope: Scope, request: MlflowUsername) -> Empty:
    """Delete a user with its credentials, memberships and grants."""
    require_administrator(scope, "delete users")
    delete_principal(tx, Kind.USER, locate_principal(tx, Kind.USER, request.username))
    note_identity_change(tx)
    return Empty()


def _load(tx: Transaction, name: str) -> MlflowUser:
    row = tx.one(_GET, name=name)
    if row is None:
        raise principal_not_found(Kind.USER, name)
    user, username, admin, revision = row
    tx.about(Kind.USER.value, str(user), etag(user, revision))
    return MlflowUser(user, username, bool(admin))
