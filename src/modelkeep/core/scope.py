"""Who calls, where, when, and in which dialect: the second argument of every operation."""

from dataclasses import dataclass
from enum import Enum

from modelkeep.core.limits import Limits
from modelkeep.core.permission import Permission


class Dialect(Enum):
    """Whose status codes and vocabulary an answer speaks; the URL prefix decides."""

    MLFLOW = "mlflow"
    ORACLE = "oracle"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `administrator` may do everything, on every platform.

    `ids` are the rows that grants may name: the caller's own first, then those of its groups and roles.
    """

    name: str
    administrator: bool = False
    ids: tuple[int, ...] = ()
    ceiling: Permission = Permission.ADMIN
    """The most that its credential allows, whatever it was granted."""
    only_platform: int | None = None
    """The one platform that its credential reaches, None for all."""
    caller: str = ""
    """Who calls on its behalf, "" where it calls itself."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """One platform and, below it, one workspace; `workspace` is None on the platform's own path."""

    platform: int
    platform_key: str
    workspace: int | None
    workspace_key: str | None


@dataclass(slots=True)
class Scope:
    """One request's context. `tenancy` is absent only for operations above all platforms."""

    principal: Principal
    dialect: Dialect
    now: int
    request_id: str
    limits: Limits
    page_key: bytes
    tenancy: Tenancy | None = None
    address: str = ""
    """Where the request came from: an IP address, "" for the command line."""

    @property
    def platform(self) -> int:
        """The platform's row id; an operation that declares a tenancy always has one."""
        if self.tenancy is None:
            raise LookupError("this operation was declared without a platform")
        return self.tenancy.platform

    @property
    def workspace(self) -> int | None:
        return None if self.tenancy is None else self.tenancy.workspace

    @property
    def home(self) -> int:
        """The workspace's row id; what is reached below a workspace's path always has one."""
        if self.tenancy is None or self.tenancy.workspace is None:
            raise LookupError("this operation was declared without a workspace")
        return self.tenancy.workspace
