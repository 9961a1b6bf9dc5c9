"""What a caller may do. Each level includes those below it."""

from enum import IntEnum


class Permission(IntEnum):
    READ = 1
    """See the resource."""
    MANAGE = 2
    """Write and delete it."""
    ADMIN = 3
    """Grant others what they may do."""
