"""All that is measured, and which measurements are taken side by side."""

from dataclasses import dataclass

from bench import artifacts, log_ins, registry, tracking, training
from bench.course import Course
from bench.peers import (
    ASGI_FLOOR,
    FASTTRACKML,
    FILES,
    FLOOR,
    FORGETFUL,
    LATE_FILES,
    LOG_INS,
    MLFLOW,
    MODELKEEP,
    NGINX,
    TWO_WORKERS,
)
from bench.registry import BY_ALIAS, CREATE, FIRST_PAGE, GET, LAST_PAGE
from bench.work import Scenario

LOG_BATCH, LOG_METRIC = tracking.LOG_BATCH.name, tracking.LOG_METRIC.name
SEARCH_RUNS, HISTORY = tracking.SEARCH_RUNS.name, tracking.HISTORY.name
LOGGED_IN = log_ins.LOGGED_IN.name
CLIENT, UP, DOWN = training.CLIENT.name, artifacts.UP.name, artifacts.DOWN.name

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        *registry.SCENARIOS,
        log_ins.LOGGED_IN,
        tracking.LOG_BATCH,
        tracking.LOG_METRIC,
        tracking.SEARCH_RUNS,
        tracking.HISTORY,
        training.CLIENT,
        artifacts.UP,
        artifacts.DOWN,
    )
}

MODELS, RUNS, USERS, NOTHING = "models", "runs", "users", "nothing"
"""What has to be on the servers before."""


@dataclass(frozen=True)
class Group:
    """Measurements that alternate within each round, so that the machine's moods meet all of them."""

    name: str
    entries: tuple[tuple[str, str], ...]
    """Server and scenario."""
    needs: str
    most_clients: int | None = None
    """None: as many as were asked for."""
    headline: bool = False
    """MLflow takes part in every round where most clients are: a line to reach is drawn there."""

    def clients(self, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """How many at once, of the numbers that were asked for."""
        most = self.most_clients or wanted[-1]
        return tuple(count for count in wanted if count <= most) or (most,)


def _side_by_side(servers: tuple[str, ...], scenario: str) -> tuple[tuple[str, str], ...]:
    return tuple((server, scenario) for server in servers)


_TRACKING = (MODELKEEP, FASTTRACKML, MLFLOW)
_SENT = _side_by_side((MODELKEEP, FILES, LATE_FILES, NGINX, MLFLOW), UP)
_FETCHED = _side_by_side((MODELKEEP, FILES, NGINX, MLFLOW), DOWN)
GROUPS = (
    Group("create", _side_by_side((MODELKEEP, FLOOR, ASGI_FLOOR, MLFLOW), CREATE), MODELS, headline=True),
    Group(
        "get",
        ((MODELKEEP, GET), (FORGETFUL, GET), (FLOOR, GET), (MODELKEEP, BY_ALIAS), (MLFLOW, GET)),
        MODELS,
    ),
    Group(
        "search",
        ((MODELKEEP, FIRST_PAGE), (MODELKEEP, LAST_PAGE), (FLOOR, FIRST_PAGE), (MLFLOW, FIRST_PAGE)),
        MODELS,
    ),
    Group("log-in", _side_by_side(LOG_INS, LOGGED_IN), USERS),
    Group("log-batch", _side_by_side(_TRACKING, LOG_BATCH), RUNS, 8, headline=True),
    Group("log-metric", _side_by_side(_TRACKING, LOG_METRIC), RUNS, 8, headline=True),
    Group("search-runs", _side_by_side(_TRACKING, SEARCH_RUNS), RUNS, 8, headline=True),
    Group("history", _side_by_side(_TRACKING, HISTORY), RUNS, 8),
    Group("client", _side_by_side(_TRACKING, CLIENT), NOTHING, 1, headline=True),
    Group("artifact", (*_SENT, *_FETCHED), NOTHING, 1),
)
_WORKERS = (MODELKEEP, TWO_WORKERS, MLFLOW)
ON_POSTGRES = (
    Group("create", _side_by_side((MODELKEEP, TWO_WORKERS, FLOOR, MLFLOW), CREATE), MODELS, headline=True),
    Group("get", (*_side_by_side(_WORKERS, GET), (MODELKEEP, BY_ALIAS), (FLOOR, GET)), MODELS),
    Group("search", (*_side_by_side(_WORKERS, FIRST_PAGE), (MODELKEEP, LAST_PAGE), (FLOOR, FIRST_PAGE)), MODELS),
    Group("log-batch", _side_by_side(_WORKERS, LOG_BATCH), RUNS, 8, headline=True),
    Group("log-metric", _side_by_side(_WORKERS, LOG_METRIC), RUNS, 8, headline=True),
    Group("search-runs", _side_by_side(_WORKERS, SEARCH_RUNS), RUNS, 8, headline=True),
)
"""What is measured on PostgreSQL: where the database bounds. A history and artifacts are the same there."""


def groups(course: Course) -> list[Group]:
    """Those that the course takes."""
    return [group for group in (ON_POSTGRES if course.database else GROUPS) if group.name in course.groups]
