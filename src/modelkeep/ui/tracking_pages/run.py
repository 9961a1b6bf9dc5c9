"""A run: what was logged to it, what it read and made, and what is said of it."""

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.registry.model_version_search import SearchModelVersions, search_model_versions
from modelkeep.registry.model_versions import create_model_version
from modelkeep.tracking.experiments import ExperimentId, get_experiment
from modelkeep.tracking.lifecycle import ViewType
from modelkeep.tracking.logged_models import GetLoggedModel, get_logged_model
from modelkeep.tracking.run_records import Metric, Run
from modelkeep.tracking.run_search import PARENT_TAG
from modelkeep.tracking.run_table import RunTable, SearchRunTable, search_run_table
from modelkeep.tracking.run_tags import DeleteRunTag, SetRunTag, delete_run_tag, set_run_tag
from modelkeep.tracking.runs import (
    DeleteRun,
    RunId,
    UpdateRun,
    delete_run,
    get_run,
    restore_run,
    update_run,
)
from modelkeep.ui.filters import quoted
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.notes import NOTE_TAG, client_tags, note_of, own_tags, tag_value
from modelkeep.ui.tracking_pages.slices import slice_of
from modelkeep.ui.view import action, view

_PATH = "/p/{platform}/w/{workspace}/runs/{run_id}"
_SYSTEM = "system/"
_CONTEXT_TAG = "mlflow.data.context"
_MOST_CHILDREN = 20
_MOST_VERSIONS = 50
_MOST_MODELS = 20


class ShownRun:
    """A run as its pages need it, and whether the caller may change it."""

    def __init__(self, run: Run, experiment_name: str, may_change: bool) -> None:
        self.run = run
        self.id = run.info.run_id
        self.name = run.info.run_name or run.info.run_id
        self.experiment_name = experiment_name
        self.is_active = run.info.lifecycle_stage == "active"
        self.may_restore = may_change and not self.is_active
        self.may_change = may_change and self.is_active
        self.metrics = sorted((m for m in run.data.metrics if not m.key.startswith(_SYSTEM)), key=_key)
        self.system = sorted((m for m in run.data.metrics if m.key.startswith(_SYSTEM)), key=_key)
        self.is_running = run.info.status.value in ("RUNNING", "SCHEDULED")

    @property
    def took(self) -> int | None:
        """Milliseconds from its start to its end, None while it runs."""
        end = self.run.info.end_time
        return end - self.run.info.start_time if isinstance(end, int) and end else None


def _key(metric: Metric) -> str:
    return metric.key


async def load_run(page: Page) -> ShownRun:
    """The run of the address."""
    run = (await page.call(get_run, RunId(run_id=page.parameter("run_id")))).run
    experiment = (await page.call(get_experiment, ExperimentId(run.info.experiment_id))).experiment
    await page.caller.learn([update_run], UpdateRun(run_id=run.info.run_id))
    return ShownRun(run, experiment.name, page.may(update_run))


@view(_PATH)
async def run(page: Page) -> Response:
    """What a run is, without its charts and artifacts."""
    shown = await load_run(page)
    tags: list[Tag] = shown.run.data.tags
    versions = await page.call(
        search_model_versions, SearchModelVersions(f"run_id = {quoted(shown.id)}", max_results=_MOST_VERSIONS)
    )
    parent = tag_value(tags, PARENT_TAG)
    return page.render(
        "tracking/run.html",
        place="experiments",
        shown=shown,
        note=note_of(tags),
        own=own_tags(tags),
        of_clients=client_tags(tags),
        params=slice_of(page, sorted(shown.run.data.params, key=lambda param: param.key), "param"),
        metrics=slice_of(page, shown.metrics, "metric"),
        system=slice_of(page, shown.system, "system"),
        versions=versions.model_versions,
        children=await _children(page, shown),
        parent=await _name_of_run(page, parent) if parent else "",
        parent_id=parent,
        inputs=[await _model(page, item.model_id) for item in shown.run.inputs.model_inputs[:_MOST_MODELS]],
        outputs=[await _model(page, item.model_id) for item in shown.run.outputs.model_outputs[:_MOST_MODELS]],
        datasets=[(item.dataset, tag_value(item.tags, _CONTEXT_TAG)) for item in shown.run.inputs.dataset_inputs],
        register=create_model_version,
        editing=page.asked("edit"),
        edited_tag=page.asked("tag"),
    )


async def _children(page: Page, shown: ShownRun) -> RunTable:
    return await page.call(
        search_run_table,
        SearchRunTable(
            experiment_ids=[shown.run.info.experiment_id],
            filter=f"tags.`{PARENT_TAG}` = {quoted(shown.id)}",
            run_view_type=ViewType.ACTIVE_ONLY,
            max_results=_MOST_CHILDREN,
        ),
    )


async def _name_of_run(page: Page, run_id: str) -> str:
    """A run's name, its id where it is not there or not to be seen."""
    try:
        return (await page.call(get_run, RunId(run_id=run_id))).run.info.run_name or run_id
    except ApiError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.NOT_AUTHORIZED):
            raise
        return run_id


async def _model(page: Page, model_id: str) -> tuple[str, str]:
    """The id and the name of a logged model; it may be of another server, and then has no name here."""
    try:
        found = (await page.call(get_logged_model, GetLoggedModel(model_id=model_id))).model
        return model_id, found.info.name
    except ApiError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.NOT_AUTHORIZED):
            raise
        return model_id, ""


def _back(page: Page, notice: str) -> Response:
    return page.go_to(page.in_workspace("runs", page.parameter("run_id")), notice)


@action(f"{_PATH}/description", shows=run)
async def describe_run(page: Page, form: Form) -> Response:
    text = form.raw("description").strip()
    await page.call(set_run_tag, SetRunTag(run_id=page.parameter("run_id"), key=NOTE_TAG, value=text))
    return _back(page, "The description was saved.")


@action(f"{_PATH}/tags", shows=run)
async def tag_run(page: Page, form: Form) -> Response:
    """Set a tag, or delete the one whose button was pressed."""
    run_id = page.parameter("run_id")
    if "delete" in form:
        await page.call(delete_run_tag, DeleteRunTag(run_id=run_id, key=form.raw("delete")))
        return _back(page, f"The tag {form.raw('delete')} was deleted.")
    key = form.text("key")
    await page.call(set_run_tag, SetRunTag(run_id=run_id, key=key, value=form.raw("value").strip()))
    return _back(page, f"The tag {key} was saved.")


@action(f"{_PATH}/name", shows=run)
async def rename_run(page: Page, form: Form) -> Response:
    name = form.text("run_name")
    await page.call(update_run, UpdateRun(run_id=page.parameter("run_id"), run_name=name))
    return _back(page, f"The run is now called {name}.")


@action(f"{_PATH}/delete", shows=run)
async def remove_run(page: Page, form: Form) -> Response:
    await page.call(delete_run, DeleteRun(run_id=page.parameter("run_id")))
    return _back(page, "The run was deleted. It can be restored until it is collected.")


@action(f"{_PATH}/restore", shows=run)
async def bring_back_run(page: Page, form: Form) -> Response:
    await page.call(restore_run, RunId(run_id=page.parameter("run_id")))
    return _back(page, "The run is back.")
