"""What a version came from, as far as the caller may see it: datasets, run, logged model, and its files."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Scope
from modelkeep.registry.model_version_artifacts import ModelVersionArtifact, get_model_version_artifact
from modelkeep.registry.model_version_origin import get_model_version_origin
from modelkeep.registry.model_versions import ModelVersion, NamedVersion
from modelkeep.server.errors import as_api_error
from modelkeep.tracking.experiments import ExperimentId, get_experiment
from modelkeep.tracking.logged_models import GetLoggedModel, LoggedModelInfo, get_logged_model
from modelkeep.tracking.run_records import Run
from modelkeep.tracking.runs import RunId, get_run
from modelkeep.ui.links import logged_model_link, run_link, workspace_link
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.mlmodel import Example, ModelFile, read_example, read_model_file

_MODEL_FILE_BYTES = 256 * 1024
_EXAMPLE_BYTES = 64 * 1024
_STORE_SECONDS = 3.0


@dataclass(slots=True)
class Step:
    """One thing that a version came from. `href` is "" where it is not kept here or may not be seen."""

    kind: str
    icon: str
    label: str
    note: str = ""
    href: str = ""


@dataclass(slots=True)
class Lineage:
    """From the data to the version."""

    workspace: str = ""
    steps: list[Step] = field(default_factory=list)


async def lineage_of(page: Page, version: ModelVersion) -> Lineage:
    """The steps that led to a version, the first first."""
    origin = await page.call(get_model_version_origin, NamedVersion(version.name, version.version))
    lineage = Lineage(origin.workspace)
    scope = await _scope_in(page, origin.workspace)
    run_id = version.run_id
    logged = await _logged_model(page, scope, version.model_id)
    run = await _run(page, scope, run_id or (logged.source_run_id if logged else ""))
    if run is not None:
        for read in run.inputs.dataset_inputs[:5]:
            lineage.steps.append(Step("Dataset", "table", read.dataset.name, read.dataset.digest))
        lineage.steps.append(await _experiment(page, scope, origin.workspace, run.info.experiment_id))
        lineage.steps.append(
            Step(
                "Run",
                "play",
                run.info.run_name or run.info.run_id,
                run.info.status.value.lower(),
                run_link(page.platform, origin.workspace, run.info.run_id),
            )
        )
    elif run_id:
        # Only a link that leads to a page may be followed: clients can put anything here.
        lineage.steps.append(Step("Run", "play", run_id, "", version.run_link if _is_web(version.run_link) else ""))
    if logged is not None:
        href = logged_model_link(page.platform, origin.workspace, logged.model_id)
        lineage.steps.append(Step("Logged model", "cube", logged.name or logged.model_id, logged.model_type, href))
    elif version.model_id:
        lineage.steps.append(Step("Logged model", "cube", version.model_id))
    if copied := _copied_from(version.source):
        name, number = copied
        lineage.steps.append(
            Step("Version", "box", f"{name} v{number}", "", page.at("models", name, "versions", number))
        )
    return lineage


async def _scope_in(page: Page, workspace: str) -> Scope | None:
    try:
        return await page.scope_in(workspace) if workspace else None
    except ApiError:
        return None


async def _run(page: Page, scope: Scope | None, run_id: str) -> Run | None:
    if scope is None or not run_id:
        return None
    try:
        return (await page.call(get_run, RunId(run_id=run_id), scope=scope)).run
    except ApiError as error:
        _unless_hidden(error)
        return None


async def _experiment(page: Page, scope: Scope | None, workspace: str, experiment_id: str) -> Step:
    name = experiment_id
    try:
        name = (await page.call(get_experiment, ExperimentId(experiment_id), scope=scope)).experiment.name
    except ApiError as error:
        _unless_hidden(error)
    return Step("Experiment", "flask", name, "", workspace_link(page.platform, workspace, "experiments", experiment_id))


async def _logged_model(page: Page, scope: Scope | None, model_id: str) -> LoggedModelInfo | None:
    if scope is None or not model_id:
        return None
    try:
        return (await page.call(get_logged_model, GetLoggedModel(model_id=model_id), scope=scope)).model.info
    except ApiError as error:
        _unless_hidden(error)
        return None


def _unless_hidden(error: ApiError) -> None:
    """What is of another server, gone, or not for this caller is shown by its id alone."""
    if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.NOT_AUTHORIZED, ErrorKind.INVALID_PARAMETER):
        raise error


def _is_web(link: str) -> bool:
    return link.startswith(("https://", "http://"))


def _copied_from(source: str) -> tuple[str, str] | None:
    url = urlsplit(source) if source.startswith("models:/") else None
    name, _, number = unquote(url.path.lstrip("/")).rpartition("/") if url else ("", "", "")
    return (name, number) if name and number.isdecimal() else None


@dataclass(slots=True)
class Files:
    """What was read of a version's artifacts, or why nothing was."""

    model: ModelFile | None = None
    example: Example | None = None
    problem: str = ""


async def files_of(page: Page, version: ModelVersion) -> Files:
    """The model's own description. A store that is slow or away costs a page no more than a few seconds."""
    files = Files()
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            files.model = read_model_file(await _read(page, version, "MLmodel", _MODEL_FILE_BYTES))
            if files.model is not None and files.model.example_path:
                files.example = read_example(await _read(page, version, files.model.example_path, _EXAMPLE_BYTES))
    except TimeoutError:
        files.problem = "The store of the artifacts does not answer now."
    except Exception as error:
        problem = as_api_error(error, page.scope.request_id)
        if files.model is None and problem.kind is not ErrorKind.NOT_FOUND:
            files.problem = problem.message
    return files


async def _read(page: Page, version: ModelVersion, path: str, most_bytes: int) -> bytes:
    request = ModelVersionArtifact(version.name, version.version, path)
    return await page.read_artifact(get_model_version_artifact, request, most_bytes=most_bytes)
