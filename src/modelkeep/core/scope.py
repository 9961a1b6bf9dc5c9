"""Who calls, where, when, and in which dialect: the second argument of every operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller was granted on one platform and on its workspaces, which flows down from there; 0 is nothing."""

    platform: int = 0
    workspaces: Mapping[int, int] = field(default_factory=dict)
    """By a workspace's row id."""
    seen: frozenset[int] = frozenset()
    """The workspaces in which something may be seen, though it be a single model."""

    @property
    def any(self) -> bool:
        """Whether anything on the platform may be seen."""
        return self.platform > 0 or bool(self.seen)

    def on_workspace(self, workspace: int | None) -> int:
        """What the caller has on a workspace, or on the platform itself where that is None."""
        return max(self.platform, self.workspaces.get(workspace, 0)) if workspace is not None else self.platform

    def reaches(self, workspace: int) -> bool:
        """Whether anything of a workspace may be seen."""
        return self.platform > 0 or workspace in self.seen


NO_ACCESS = Access()
FULL_ACCESS = Access(Permission.ADMIN)


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
    access: Access = NO_ACCESS
    """What the caller was granted on the platform of `tenancy`."""

    def __post_init__(self) -> None:
        if self.principal.administrator:
            self.access = FULL_ACCESS

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
