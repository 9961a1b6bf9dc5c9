"""Where a version's artifacts are: which sources are allowed, and what they say of the run or logged model.

The rules are those of MLflow 3.17. A run or logged model that is not kept here is taken as given, since it may
live on another server; a source inside this server's own artifacts or file system is not.
"""

import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter, related_not_found
from modelkeep.core.fields import check_length
from modelkeep.core.scope import Scope
from modelkeep.registry.guards import level_on_model
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, registered_model_aliases, registered_models
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.origins import find_logged_model, find_run, hides_origin

_PROMPT_SOURCES = ("dummy-source", "prompt-template")
_PROXY_ROUTE = ("api", "2.0", "mlflow-artifacts", "artifacts")
# Most sources are such: a host, and segments without any character that another reader could take for more.
_PLAIN = re.compile(r"\w+://\w[\w.\-]*(/[\w=@-][\w=@.-]*)+", re.ASCII)
# Of these, most lie in a store that is neither this server nor its disk, and name no run, model or version.
_ELSEWHERE = re.compile(r"(?!(?:file|https?|models|runs):)[a-z][a-z0-9]*:")
_STAGES = {"none": "None", "staging": "Staging", "production": "Production", "archived": "Archived"}


class Origin(NamedTuple):
    """What a version remembers of where it came from. `location` is where its artifacts are read.

    `workspace` has its run, its logged model and its artifacts; None where it is above all workspaces, or where the
    caller may not see what it names: nothing of that is then looked up for the version.
    """

    source: str
    location: str
    run_id: str
    model_id: str
    workspace: int | None


def resolve_origin(
    tx: Transaction, scope: Scope, source: str, run_id: str | None, model_id: str | None, *, prompt: bool
) -> Origin:
    """Check a source and complete it. `run_id` and `model_id` are None where the request has none."""
    if not source:
        raise missing_parameter("source")
    for field, value in (("source", source), ("run_id", run_id), ("model_id", model_id)):
        check_length(field, value or "", scope.limits.source_length)
    if prompt:
        if source not in _PROMPT_SOURCES:
            raise invalid_parameter("source", f"a prompt's source is {' or '.join(_PROMPT_SOURCES)}.")
        return Origin(source, source, run_id or "", model_id or "", scope.workspace)
    if not run_id and not model_id and _ELSEWHERE.match(source) and _PLAIN.fullmatch(source):
        return Origin(source, source, "", "", scope.workspace)
    url = _split(source)
    if url.scheme == "models":
        reference = _model_reference(source, url)
        if len(reference) > 1:
            return _version_origin(tx, scope, source, reference, run_id, model_id)
    hidden = hides_origin(tx, scope, run_id or "", model_id or "")

    def find_root() -> str | None:
        return None if hidden else _known_root(tx, scope, run_id or "", model_id or "")

    _check_contained(source, url, run_id or "", model_id or "", find_root)
    known = find_logged_model(tx, scope, model_id) if model_id and not hidden else None
    location = known.artifact_location if known and url.scheme == "models" else source
    named_run = run_id or (known.source_run_id if known else "")
    hidden = hidden or (named_run != run_id and hides_origin(tx, scope, named_run, ""))
    return Origin(source, location, named_run, model_id or "", None if hidden else scope.workspace)


def _check_contained(
    source: str, url: SplitResult, run_id: str, model_id: str, find_root: Callable[[], str | None]
) -> None:
    """Hold a source to the run or logged model that the request names, whose artifacts are at `find_root()`."""
    holder = "model_id" if model_id else "run_id"
    if _is_local(source, url):
        root = find_root()
        if root is None or not _is_local(root, _split(root)) or not _is_within(_as_path(source), _as_path(root)):
            raise invalid_parameter(
                "source",
                f"{source!r} is a local path. To use one, {holder} must name a {holder[:-3]} "
                "that is kept here and whose artifact directory contains the path.",
            )
        return
    _check_path(source)
    if url.scheme == "runs":
        named = url.path.lstrip("/").partition("/")[0]
        if url.netloc or model_id or not run_id or named != run_id:
            _refuse(source, holder)
    elif url.scheme == "models":
        if _model_reference(source, url)[0] != model_id:
            _refuse(source, "model_id")
    elif _is_proxied(url):
        root = find_root()
        if root is None or not _is_within(source, root):
            _refuse(source, holder)


def _known_root(tx: Transaction, scope: Scope, run_id: str, model_id: str) -> str | None:
    if model_id:
        model = find_logged_model(tx, scope, model_id)
        return model.artifact_location if model else None
    run = find_run(tx, scope, run_id) if run_id else None
    return run.artifact_uri if run else None


def _refuse(source: str, field: str) -> NoReturn:
    raise invalid_parameter(
        "source", f"{source!r} is not inside what '{field}' names; '{field}' must identify what contains it."
    )


def _split(source: str) -> SplitResult:
    try:
        url = urlsplit(source)
        if "@" in url.netloc or ":" in url.netloc:
            _ = url.port
    except ValueError:
        raise invalid_parameter("source", f"{source!r} is not a URI.") from None
    return url


def _is_local(source: str, url: SplitResult) -> bool:
    return url.scheme in ("", "file") or source.startswith("\\\\")


def _as_path(source: str) -> str:
    path = unquote(urlsplit(source).path) if source.startswith("file:") else source
    return posixpath.normpath(path)


def _check_path(source: str) -> None:
    """No way out of a bucket or a server's artifacts, however it is encoded."""
    if _PLAIN.fullmatch(source):
        return
    plain = source
    while "%" in plain or "+" in plain:
        once = unquote_plus(plain)
        if once == plain:
            break
        plain = once
    path = re.sub("/+", "/", _split(plain).path.rstrip("/"))
    if "\x00" in plain or ".." in re.split(r"[/\\]", plain) or not _is_normal(path):
        raise invalid_parameter(
            "source", f"{source!r} does not give an absolute path without relative parts such as '..'."
        )


def _is_normal(path: str) -> bool:
    return path.startswith("/") and posixpath.normpath(path) == path


def _is_proxied(url: SplitResult) -> bool:
    if url.scheme in ("http", "https"):
        parts = _parts(url)
        return any(parts[i : i + len(_PROXY_ROUTE)] == _PROXY_ROUTE for i in range(len(parts)))
    return url.scheme == "mlflow-artifacts"


def _parts(url: SplitResult) -> tuple[str, ...]:
    return tuple(unquote(part) for part in url.path.split("/") if part)


def _is_within(source: str, root: str) -> bool:
    inner, outer = _split(source), _split(root)
    parts, root_parts = _parts(inner), _parts(outer)
    return (
        (inner.scheme, inner.netloc.lower()) == (outer.scheme, outer.netloc.lower())
        and bool(root_parts)
        and parts[: len(root_parts)] == root_parts
    )


def _model_reference(source: str, url: SplitResult) -> tuple[str, ...]:
    """`models:/m-1` as its id alone; `models:/name/suffix` and `models:/name@alias` as kind, name and rest."""
    parts = url.path.removeprefix("/").split("/")
    if url.netloc or not url.path.startswith("/") or len(parts) > 2 or not all(part.strip() for part in parts):
        raise invalid_parameter(
            "source",
            f"{source!r} is no model URI; models:/name/version, models:/name@alias and models:/id are.",
        )
    if len(parts) == 2:
        name, suffix = parts
        if suffix.isdecimal():
            return "version", name, suffix
        return ("latest" if suffix.lower() == "latest" else "stage"), name, suffix
    name, at, alias = parts[0].rpartition("@")
    return ("alias", name, alias) if at and name and alias else (parts[0],)


_v, _m = model_versions.c, registered_models.c
_VERSIONS = (
    sa.select(_v.name, _v.version, _v.storage_location, _v.run_id, _v.logged_model_id, _m.is_prompt, _v.workspace_id)
    .join_from(registered_models, model_versions, _v.model_id == _m.id)
    .where(_m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name"))
)
_LATEST = _VERSIONS.order_by(_v.version.desc()).limit(1)
_REFERENCED = {
    "version": Query(_VERSIONS.where(_v.version == sa.bindparam("which"))),
    "latest": Query(_LATEST),
    "stage": Query(_LATEST.where(_v.stage == sa.bindparam("which"))),
    "alias": Query(
        _VERSIONS.join(
            registered_model_aliases,
            sa.and_(
                registered_model_aliases.c.model_id == _v.model_id,
                registered_model_aliases.c.version == _v.version,
            ),
        ).where(registered_model_aliases.c.alias == sa.bindparam("which"))
    ),
}


def _version_origin(
    tx: Transaction,
    scope: Scope,
    source: str,
    reference: tuple[str, ...],
    run_id: str | None,
    model_id: str | None,
) -> Origin:
    """A version made from another version of the same platform: what that one came from, unless contradicted."""
    row = _referenced_version(tx, scope, reference) if _may_see(tx, scope, reference[1]) else None
    if row is None:
        raise related_not_found("source", f"{source!r} names a model version that does not exist.")
    name, version, location, its_run_id, its_model_id, prompt, workspace = row
    if prompt:
        raise invalid_parameter("source", f"{source!r} is a prompt; a prompt is no source of a model version.")
    for field, given, its in (("run_id", run_id, its_run_id), ("model_id", model_id, its_model_id)):
        if given is not None and given != its:
            raise invalid_parameter(field, f"it must match that of {source!r}, which is {its!r}.")
    return Origin(f"models:/{name}/{version}", location, its_run_id, its_model_id, workspace)


def _may_see(tx: Transaction, scope: Scope, name: str) -> bool:
    return scope.access.platform > 0 or bool(level_on_model(tx, scope, name))


def _referenced_version(tx: Transaction, scope: Scope, reference: tuple[str, ...]) -> Row | None:
    kind, name, suffix = reference
    if kind == "version":
        number = int(suffix) if len(suffix) < 16 else 0
        return tx.one(_REFERENCED[kind], platform=scope.platform, name=name, which=number)
    if kind == "stage":
        suffix = _STAGES.get(suffix.lower(), suffix)
    return tx.one(_REFERENCED[kind], platform=scope.platform, name=name, which=suffix)
