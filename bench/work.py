"""What is measured on one server in one scenario, whatever makes its load: it is readied, run, and looked at after."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.course import Course
from bench.peers import MODELKEEP, Peer
from bench.plan import Outcome, Plan, run_apart


@dataclass(frozen=True)
class Slot:
    """How many clients, and for how long."""

    clients: int
    seconds: float
    warm_up: float


class Work:
    """One scenario on one server, with all that its windows share already made."""

    def ready(self, slot: Slot) -> None:
        """What a window needs, made before its clocks start."""

    def run(self, slot: Slot) -> Outcome:
        raise NotImplementedError

    def missing(self) -> str:
        """What the last window's answers promised and the server does not have; empty where all is there."""
        return ""


@dataclass
class Requests(Work):
    """Prepared requests, sent in turn by the load generator."""

    peer: Peer
    requests: list[bytes]
    least_bytes: int = 0
    whole: bool = False
    own: bool = False
    outcome: Outcome | None = field(default=None, init=False)

    def run(self, slot: Slot) -> Outcome:
        self.outcome = run_apart(
            Plan(
                port=self.peer.port,
                clients=slot.clients,
                requests=self.requests,
                seconds=slot.seconds,
                warm_up=0.0 if self.whole else slot.warm_up,
                least_bytes=self.least_bytes,
                whole=self.whole,
                own=self.own,
                drain=300.0 if self.whole else 20.0,
            )
        )
        return self.outcome


@dataclass(frozen=True)
class Amount:
    """What one answer of a scenario moves, where requests alone do not say how much it is."""

    count: float
    unit: str


@dataclass(frozen=True)
class Scenario:
    """Something that is asked of servers."""

    name: str
    meaning: str
    begin: Callable[[Peer, Course], Work]
    unit: str = "requests/s"
    amount: Amount | None = None
    floor: str = ""
    """The scenario that stands for this one on the floors, which answer a constant; empty where they have none."""
    beside: str = MODELKEEP
    """The server that the others are compared with."""
