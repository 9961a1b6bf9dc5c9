"""What records say of log-ins. They are no operations, so they say it themselves."""

from modelkeep.core.scope import Scope
from modelkeep.server.http import RequestHeaders
from modelkeep.server.records import Record, put_record
from modelkeep.server.refusals import attempt
from modelkeep.storage.transaction import Transaction

BY_PASSWORD = "log_in_by_password"  # noqa: S105 - what was done
AT_PROVIDER = "log_in_at_provider"
LOG_OUT = "log_out"
FIRST_LOG_IN = "create_provided_user"
GROUPS_CHANGED = "set_provided_groups"

_LONGEST = 500
_SCHEMES = {"basic": "password", "bearer": "token", "signature": "signature"}


def record_log_in(tx: Transaction, scope: Scope, deed: str, user: int, name: str) -> None:
    """Leave the record of what was done, in its transaction: by the user itself, or by the provider that says so."""
    put_record(tx, log_in_attempt(scope, deed, name)._replace(principal=name, subject_id=str(user)))


def log_in_attempt(scope: Scope, deed: str, name: str) -> Record:
    """The record of an attempt by nobody who is known yet, to log in by this name."""
    # What a stranger types may be anything, also what a database does not keep.
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST])
    return attempt("", deed, scope.request_id, scope.address)._replace(subject_kind="user", subject_name=shown)


def kind_of_credential(headers: RequestHeaders) -> str:
    """By what kind of credential somebody tries to get in."""
    scheme = (headers.get("authorization") or "").partition(" ")[0].lower()
    return _SCHEMES.get(scheme, "other" if scheme else "none")
