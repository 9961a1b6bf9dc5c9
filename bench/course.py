"""How much is measured."""

import msgspec


class Course(msgspec.Struct, kw_only=True):
    """What a run of the benchmarks was asked for."""

    rounds: int
    database: str
    """PostgreSQL by its URL, or `postgres` for one that is started; "" measures on SQLite."""
    seconds: float
    warm_up: float
    slow_seconds: float
    slow_warm_up: float
    """MLflow's windows are longer because it answers less often."""
    clients: tuple[int, ...]
    slow_everywhere: bool
    """MLflow is measured at each number of clients, not at the highest alone."""
    groups: tuple[str, ...]
    artifact_mib: int
    client_runs: int
    """Runs that MLflow's client logs in a window."""
