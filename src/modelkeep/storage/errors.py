"""What a database can do to an operation, the same for both engines."""


class UniqueViolation(Exception):
    """A row with this key is there already. The operation that knows the constraint gives it meaning."""


class ForeignKeyViolation(Exception):
    """A row that this one belongs to is gone."""


class Unavailable(Exception):
    """The database cannot be reached, is full or is stopping. Nothing of the write was done."""


class Away(Unavailable):
    """The database cannot be reached, which the log has once for all who meet it."""


class DiskFull(Unavailable):
    """The database's disk has no room. Reads are answered, and writes again once there is some."""


class OutcomeUnknown(Unavailable):
    """The commit failed in a way that may have kept it: the connection was lost, or the disk failed as it flushed."""


class Busy(Unavailable):
    """Another process holds the database; trying again may do."""


class Overloaded(Exception):
    """More writes wait than may. This one was not accepted."""


class DatabaseUnusable(Exception):
    """The database is none, or of a release that this one does not know; the message is for the operator."""


class DataDirectoryError(Exception):
    """The data directory cannot be used; the message is for the person who named it."""
