"""What a model version comes from: the run or logged model that made it, as far as this server knows it.

Runs and logged models have no tables yet, so none is known; the registry asks here and nowhere else.
"""

from typing import NamedTuple

from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction


class Run(NamedTuple):
    """A run that is kept here."""

    artifact_uri: str


class LoggedModel(NamedTuple):
    """A logged model that is kept here."""

    artifact_location: str
    source_run_id: str


def find_run(tx: Transaction, scope: Scope, run_id: str) -> Run | None:
    """The run of this workspace, or None where it is not kept here: it may live on another server."""
    return None


def find_logged_model(tx: Transaction, scope: Scope, model_id: str) -> LoggedModel | None:
    """The logged model of this workspace, or None where it is not kept here."""
    return None
