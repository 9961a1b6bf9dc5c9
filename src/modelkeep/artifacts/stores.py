"""From the settings to stores: one root for each workspace, and the other places that an operator allows."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from modelkeep.artifacts.incoming import Incoming
from modelkeep.artifacts.local import LocalStore
from modelkeep.artifacts.paths import check_folder, join
from modelkeep.artifacts.store import Store
from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.core.settings import Settings

_CLOUDS = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
_THREADS = 8
_PROXY_ROOT = "/api/2.0/mlflow-artifacts/artifacts"
DEFAULT_FOLDER = "artifacts"


class ArtifactsUnusable(Exception):
    """The setting names no place that can be used; the message is for the operator."""


class Stores:
    """Opens stores. `key` signs what stores give to clients."""

    def __init__(self, settings: Settings, key: bytes) -> None:
        self._key = key
        self.page = settings.max_artifacts_page
        self._most_bytes = settings.max_artifact_bytes
        self._silent_seconds = settings.bucket_silent_seconds
        self._root = settings.artifacts or str(settings.data / DEFAULT_FOLDER)
        self._allowed = [place.strip().rstrip("/") for place in settings.artifact_locations.split(",") if place.strip()]
        self._pool = ThreadPoolExecutor(_THREADS, "artifacts")
        self._incoming: dict[Path, Incoming] = {}
        self._opened: dict[str, Store] = {}
        try:
            for place in (self._root, *self._allowed):
                self._at(place, "")
        except (OSError, ValueError) as error:
            raise ArtifactsUnusable(f"Artifacts cannot be kept at {place!r}: {error}") from None
        self.uploads_in_parts = self.workspace(0).parts is not None
        self.downloads_in_parts = _scheme(self._root) in _CLOUDS

    def workspace(self, workspace: int) -> Store:
        """The store of one workspace, by its row id: ids are never used again, while keys may be."""
        return self._at(self._root, f"workspaces/{workspace}")

    def find(self, workspace: int, location: str, origin: str) -> tuple[Store, str]:
        """The store that has a run's or model's location, and the path within it.

        A location that a user gave is followed only where the operator allows it: this server's credentials and disk
        are not the user's.
        """
        inside = _inside(location, origin)
        if inside is not None:
            return self.workspace(workspace), check_folder(inside, "artifact_location")
        for place in self._allowed:
            if location == place or location.startswith(f"{place}/"):
                return self._at(place, ""), check_folder(location[len(place) + 1 :], "artifact_location")
        raise _not_allowed(location)

    async def clean(self) -> None:
        """Remove what uploads have left that came to no end."""
        for incoming in self._incoming.values():
            await asyncio.get_running_loop().run_in_executor(self._pool, incoming.clean)

    async def drop_views(self) -> None:
        """Let go of files whose sending has begun long ago."""
        for incoming in self._incoming.values():
            await asyncio.get_running_loop().run_in_executor(self._pool, incoming.drop_views)

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    def _at(self, place: str, below: str) -> Store:
        key = f"{place}\0{below}"
        store = self._opened.get(key)
        if store is None:
            if len(self._opened) >= 10_000:
                self._opened.clear()
            store = self._opened[key] = self._open(place, below)
        return store

    def _open(self, place: str, below: str) -> Store:
        scheme = _scheme(place)
        if scheme in _CLOUDS:
            return _open_cloud(place, below, self._silent_seconds)
        if scheme not in ("", "file"):
            raise ValueError(f"{scheme}:// is no kind of place that is known")
        folder = Path(unquote(urlsplit(place).path) if scheme else place).resolve()
        if folder not in self._incoming:
            self._incoming[folder] = Incoming(folder / ".incoming")
        return LocalStore(folder / below, self._incoming[folder], self._pool, self._key, self._most_bytes)


def _open_cloud(place: str, below: str, silent_seconds: int) -> Store:
    from modelkeep.artifacts.cloud import CloudStore, open_bucket
    from modelkeep.artifacts.s3_parts import S3Client, S3Parts, can_sign_parts

    bucket, prefix = open_bucket(place, dict(os.environ), silent_seconds)
    root = join(prefix, below)
    parts = None
    if _scheme(place) in ("s3", "s3a") and can_sign_parts():
        parts = S3Parts(S3Client(urlsplit(place).netloc), root)
    return CloudStore(bucket, root, parts)


def _scheme(place: str) -> str:
    return place.partition("://")[0].lower() if "://" in place else ""


def _inside(location: str, origin: str) -> str | None:
    """The path within the workspace's root, where a location says that this server keeps it."""
    try:
        url = urlsplit(location)
    except ValueError:
        raise _not_allowed(location) from None
    own = urlsplit(origin).netloc
    if url.scheme == "mlflow-artifacts" and url.netloc in ("", own):
        return unquote(url.path).strip("/")
    if url.scheme in ("http", "https") and url.netloc == own and url.path.startswith(f"{_PROXY_ROOT}/"):
        return unquote(url.path[len(_PROXY_ROOT) :]).strip("/")
    return None


def _not_allowed(location: str) -> ApiError:
    return invalid_parameter(
        "artifact_location",
        f"this server does not read or write artifacts at {location[:300]!r}. Its operator can allow that by the "
        "setting 'artifact_locations'.",
    )
