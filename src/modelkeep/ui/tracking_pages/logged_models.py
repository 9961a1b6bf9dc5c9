"""Logged models: those of an experiment, and one of them."""

from typing import Any

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.registry.model_version_search import SearchModelVersions, search_model_versions
from modelkeep.registry.model_versions import create_model_version
from modelkeep.tracking.experiments import ExperimentId, get_experiment
from modelkeep.tracking.logged_model_order import OrderBy
from modelkeep.tracking.logged_model_search import SearchLoggedModels, search_logged_models
from modelkeep.tracking.logged_model_tags import (
    LoggedModelTagKey,
    SetLoggedModelTags,
    delete_logged_model_tag,
    set_logged_model_tags,
)
from modelkeep.tracking.logged_models import (
    GetLoggedModel,
    LoggedModel,
    LoggedModelId,
    delete_logged_model,
    get_logged_model,
)
from modelkeep.ui.filters import FilterProblem, as_filter, quoted
from modelkeep.ui.forms import Form
from modelkeep.ui.listing import ROWS, Sorting, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.experiment import load_experiment
from modelkeep.ui.tracking_pages.notes import NOTE_TAG, client_tags, note_of, own_tags
from modelkeep.ui.tracking_pages.slices import slice_of
from modelkeep.ui.view import action, view

_COLUMNS = {"name": "name", "created": "-creation_timestamp"}
_PATH = "/p/{platform}/w/{workspace}/logged-models/{model_id}"
_SHOWN_METRICS = 4


@view("/p/{platform}/w/{workspace}/experiments/{experiment_id}/logged-models")
async def logged_models(page: Page) -> Response:
    """The logged models of an experiment, the newest first."""
    shown = await load_experiment(page)
    text, sorting = page.asked("q"), Sorting(page, _COLUMNS, "-created")
    found: list[LoggedModel] = []
    token: Any = ""
    problem, status = None, 200
    try:
        answer = await page.call(
            search_logged_models,
            SearchLoggedModels(
                [shown.experiment_id],
                as_filter(text),
                max_results=ROWS,
                order_by=[OrderBy(_COLUMNS[sorting.key].removeprefix("-"), not sorting.descending)],
                page_token=page.asked("page") or None,
            ),
        )
        found, token = answer.models, answer.next_page_token
    except ApiError as error:
        if error.kind is not ErrorKind.INVALID_PARAMETER:
            raise
        problem, status = FilterProblem(text, error), 400
    keys = sorted({metric.key for model in found for metric in model.data.metrics})[:_SHOWN_METRICS]
    return page.render(
        "tracking/logged_models.html",
        status=status,
        place="experiments",
        experiment=shown,
        models=found,
        metrics=keys,
        latest={model.info.model_id: _latest(model) for model in found},
        query=text,
        sorting=sorting,
        problem=problem,
        pages=pages_of(page, token),
    )


def _latest(model: LoggedModel) -> dict[str, float | str]:
    """Of each metric its latest value, whatever it was measured on."""
    ordered = sorted(model.data.metrics, key=lambda metric: (metric.step, metric.timestamp))
    return {metric.key: metric.value for metric in ordered}


async def load_logged_model(page: Page) -> tuple[LoggedModel, str]:
    """The logged model of the address, and the name of its experiment."""
    model = (await page.call(get_logged_model, GetLoggedModel(model_id=page.parameter("model_id")))).model
    experiment = (await page.call(get_experiment, ExperimentId(model.info.experiment_id))).experiment
    return model, experiment.name


@view(_PATH)
async def logged_model(page: Page) -> Response:
    """One logged model."""
    model, experiment_name = await load_logged_model(page)
    tags: list[Tag] = model.info.tags
    source = f"models:/{model.info.model_id}"
    await page.caller.learn([set_logged_model_tags], SetLoggedModelTags(model_id=model.info.model_id))
    versions = await page.call(search_model_versions, SearchModelVersions(f"source_path = {quoted(source)}", ROWS))
    return page.render(
        "tracking/logged_model.html",
        place="experiments",
        model=model,
        experiment_name=experiment_name,
        note=note_of(tags),
        own=own_tags(tags),
        of_clients=client_tags(tags),
        params=slice_of(page, sorted(model.data.params, key=lambda param: param.key), "param"),
        metrics=slice_of(page, sorted(model.data.metrics, key=lambda metric: (metric.key, -metric.step)), "metric"),
        versions=versions.model_versions,
        may_change=page.may(set_logged_model_tags),
        register=create_model_version,
        editing=page.asked("edit"),
        edited_tag=page.asked("tag"),
    )


def _back(page: Page, notice: str) -> Response:
    return page.go_to(page.in_workspace("logged-models", page.parameter("model_id")), notice)


@action(f"{_PATH}/description", shows=logged_model)
async def describe_logged_model(page: Page, form: Form) -> Response:
    tags = [Tag(NOTE_TAG, form.raw("description").strip())]
    await page.call(set_logged_model_tags, SetLoggedModelTags(model_id=page.parameter("model_id"), tags=tags))
    return _back(page, "The description was saved.")


@action(f"{_PATH}/tags", shows=logged_model)
async def tag_logged_model(page: Page, form: Form) -> Response:
    """Set a tag, or delete the one whose button was pressed."""
    model_id = page.parameter("model_id")
    if "delete" in form:
        key = form.raw("delete")
        await page.call(delete_logged_model_tag, LoggedModelTagKey(model_id=model_id, tag_key=key))
        return _back(page, f"The tag {key} was deleted.")
    tag = Tag(form.text("key"), form.raw("value").strip())
    await page.call(set_logged_model_tags, SetLoggedModelTags(model_id=model_id, tags=[tag]))
    return _back(page, f"The tag {tag.key} was saved.")


@view(f"{_PATH}/delete")
async def delete_form(page: Page) -> Response:
    """Asked for once more, since a logged model has no way back."""
    await page.caller.learn([delete_logged_model], LoggedModelId(model_id=page.parameter("model_id")))
    page.demand(delete_logged_model)
    model, experiment_name = await load_logged_model(page)
    return page.render(
        "tracking/delete_logged_model.html", place="experiments", model=model, experiment_name=experiment_name
    )


@action(f"{_PATH}/delete", shows=delete_form)
async def remove_logged_model(page: Page, form: Form) -> Response:
    model_id = page.parameter("model_id")
    model = (await page.call(get_logged_model, GetLoggedModel(model_id=model_id))).model
    await page.call(delete_logged_model, LoggedModelId(model_id=model_id))
    return page.go_to(
        page.in_workspace("experiments", model.info.experiment_id, "logged-models"), f"{model.info.name} was deleted."
    )
