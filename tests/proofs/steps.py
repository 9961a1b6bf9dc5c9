"""Steps of a random sequence: requests that name what earlier steps made, whichever ids a server gave it."""

from dataclasses import dataclass, field
from typing import Any

READS = {"get", "search", "get-latest-versions", "get-by-name", "get-history"}


@dataclass(frozen=True)
class Step:
    """One request. Runs and experiments are named `run:2`, the third that was made in the tenant.

    `token` is a retry token. `if_match` is "now" for the etag that was answered last for what the step is about,
    "old" for one that nothing has.
    """

    call: str
    fields: dict[str, Any] = field(default_factory=dict)
    tenant: int = 0
    oracle: bool = False
    token: str | None = None
    if_match: str | None = None

    @property
    def verb(self) -> str:
        return VERBS.get(self.call, "POST")

    @property
    def reads(self) -> bool:
        return self.call in READ_CALLS


VERBS = {
    "registered-models/get": "GET",
    "registered-models/search": "GET",
    "registered-models/update": "PATCH",
    "registered-models/delete": "DELETE",
    "registered-models/delete-tag": "DELETE",
    "registered-models/alias/get": "GET",
    "registered-models/alias/delete": "DELETE",
    "model-versions/get": "GET",
    "model-versions/search": "GET",
    "model-versions/update": "PATCH",
    "model-versions/delete": "DELETE",
    "model-versions/delete-tag": "DELETE",
    "experiments/get": "GET",
    "experiments/get-by-name": "GET",
    "runs/get": "GET",
    "metrics/get-history": "GET",
}
"""Those that are not POST. Of `registered-models/alias` the last word is the verb's."""

READ_CALLS = {call for call, verb in VERBS.items() if verb == "GET"} | {
    "registered-models/get-latest-versions",
    "experiments/search",
    "runs/search",
}
