"""Where permission is asked for a path among a workspace's artifacts.

A path's first segment is the number of an experiment, whose artifacts stand below it. Any other path is the
workspace's. What is below a model version's own location may be read by whoever may see its model, too.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa

from modelkeep.artifacts.paths import check_folder
from modelkeep.core.errors import artifact_not_found
from modelkeep.core.guard import Held
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import MODEL_GRANTS, caller_ids
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_model_tags, logged_models, model_versions, registered_models
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import level_on_experiment
from modelkeep.tracking.origins import VERSIONS_TAG

_KEPT_HERE = "mlflow-artifacts:/"
_v, _m, _l, _t = model_versions.c, registered_models.c, logged_models.c, logged_model_tags.c

_VERSIONS = (
    sa.select(_v.storage_location, _m.workspace_id, MODEL_GRANTS.held(_m.id))
    .join_from(model_versions, registered_models, _m.id == _v.model_id)
    .where(_v.platform_id == sa.bindparam("platform"), _v.workspace_id == sa.bindparam("workspace"))
)
_OF_RUNS = Query(_VERSIONS.where(_v.run_id.in_(one_of("runs")), _v.run_id != sa.literal_column("''")))
_ONE = Query(_VERSIONS.where(_v.name == sa.bindparam("name"), _v.version == sa.bindparam("number")))
_LOGGED = Query(
    sa.select(_l.source_run_id, _t.value)
    .outerjoin_from(logged_models, logged_model_tags, sa.and_(_t.model_id == _l.id, _t.key == VERSIONS_TAG))
    .where(_l.workspace_id == sa.bindparam("workspace"), _l.key.in_(one_of("models")))
)


@dataclass(frozen=True, slots=True)
class ArtifactGuard:
    """The path that the request names."""

    path: Callable[[Any], str]
    what: str = "artifact"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return scope.access.on_workspace(scope.workspace)

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        path = check_folder(self.path(request))
        first = path.partition("/")[0]
        if not _is_number(first):
            level = self.flows(scope)
            if not level and path and _is_of_seen_version(tx, scope, path):
                level = Permission.READ
            return Held(level)
        held = level_on_experiment(tx, scope, int(first))
        level = held or 0
        if not level and _is_of_seen_version(tx, scope, path):
            level = Permission.READ
        return Held(level, held is not None or level > 0, artifact_not_found(path))

    def named(self, scope: Scope, request: Any) -> str:
        return self.path(request)


def _is_number(segment: str) -> bool:
    return segment.isascii() and segment.isdecimal() and len(segment) <= 18 and str(int(segment)) == segment


def _is_of_seen_version(tx: Transaction, scope: Scope, path: str) -> bool:
    """Whether a path is below the location of a model version whose model the caller may see."""
    for location, workspace, held in _versions_near(tx, scope, path):
        folder = unquote(location.removeprefix(_KEPT_HERE)).strip("/")
        inside = path == folder or path.startswith(f"{folder}/")
        if location.startswith(_KEPT_HERE) and folder and inside and max(held, scope.access.on_workspace(workspace)):
            return True
    return False


def _versions_near(tx: Transaction, scope: Scope, path: str) -> Iterator[tuple[str, int | None, int]]:
    """The versions that come from a run or a logged model whose id is a segment of the path."""
    segments = json_array(path.split("/"))
    here = {"platform": scope.platform, "workspace": scope.home, **caller_ids(scope)}
    yield from tx.all(_OF_RUNS, runs=segments, **here)
    for source_run, noted in tx.all(_LOGGED, workspace=scope.home, models=segments):
        if source_run:
            yield from tx.all(_OF_RUNS, runs=json_array([source_run]), **here)
        # A model that no run made notes its versions in a tag, which says where to look and no more.
        for name, number in _noted(noted or ""):
            yield from tx.all(_ONE, name=name, number=number, **here)


def _noted(text: str) -> list[tuple[str, int]]:
    try:
        entries = json.loads(text)
        return [(str(entry["name"]), int(entry["version"])) for entry in entries]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _folder_of_upload(request: Any) -> str:
    return str(request.artifact_path)


ARTIFACT = ArtifactGuard(_folder_of_upload)
FOLDER = ArtifactGuard(lambda request: request.path or "")
