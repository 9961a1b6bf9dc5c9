"""MLflow's names of permissions: three levels have them all, since what is granted here only adds."""

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.permission import Permission

_LEVELS = {
    "NO_PERMISSIONS": 0,
    "READ": int(Permission.READ),
    "USE": int(Permission.READ),
    "EDIT": int(Permission.MANAGE),
    "MANAGE": int(Permission.ADMIN),
}
_NAMES = ("NO_PERMISSIONS", "READ", "EDIT", "MANAGE")


def level_of(name: str) -> int:
    """The level that a permission of MLflow's is, 0 for one that gives nothing."""
    level = _LEVELS.get(name)
    if level is None:
        denied = " Grants only add: take away what was granted instead of denying it." if name == "DENY" else ""
        raise invalid_parameter("permission", f"{name[:40]!r} is none; {', '.join(_LEVELS)} are.{denied}")
    return level


def name_of(level: int) -> str:
    """MLflow's name of a level."""
    return _NAMES[level]
