"""From what a person names to a source: a database, an `mlruns` folder or a running server."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from modelkeep.core.settings import without_password
from modelkeep.importing.database_source import DatabaseSource
from modelkeep.importing.source import Source, SourceUnusable

_SQLITE = "sqlite:///"


def open_source(place: str, workspace: str) -> Source:
    """Open it. Raises `SourceUnusable` with one line for whoever named it."""
    if place.startswith(_SQLITE):
        return _database(Path(place.removeprefix(_SQLITE)), workspace)
    scheme = urlsplit(place).scheme
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        # MLflow's URLs name the driver; libpq's do not.
        url = f"postgresql:{place.partition(':')[2]}"
        return DatabaseSource(url, without_password(url), workspace)
    if scheme in ("http", "https"):
        from modelkeep.importing.server_source import ServerSource

        return ServerSource(place, workspace)
    if "://" in place and scheme != "file":
        raise SourceUnusable(
            f"{without_password(place)} is no source: a SQLite file, postgresql://…, an mlruns folder or http://… is."
        )
    path = Path(unquote(urlsplit(place).path) if scheme == "file" else place)
    if path.is_dir():
        from modelkeep.importing.folder_source import FolderSource

        return FolderSource(path)
    return _database(path, workspace)


def _database(path: Path, workspace: str) -> Source:
    if not path.is_file():
        raise SourceUnusable(f"There is no file {str(path)!r}.")
    return DatabaseSource(path, f"sqlite:///{path.resolve()}", workspace)
