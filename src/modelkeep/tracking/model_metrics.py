"""What runs measured of logged models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction

if TYPE_CHECKING:
    from modelkeep.tracking.metrics import Point


def store_model_metrics(tx: Transaction, scope: Scope, run: int, points: Sequence[tuple[int, "Point"]]) -> None:
    """Keep those points that name a logged model; each comes with the row id of its key."""
    raise NotImplementedError
