"""Registering a version: of a run, of a logged model, or of any place."""

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind, missing_parameter
from modelkeep.registry.model_versions import CreateModelVersion, create_model_version
from modelkeep.registry.registered_model_search import SearchRegisteredModels, search_registered_models
from modelkeep.registry.registered_models import (
    CreateRegisteredModel,
    NamedModel,
    create_registered_model,
    get_registered_model,
)
from modelkeep.registry.workspaces import ListWorkspaces, list_workspaces
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import read_tags
from modelkeep.ui.view import action, view

_SUGGESTED = 200


@view("/p/{platform}/register")
async def register_form(page: Page) -> Response:
    """The form. The address may say `model`, `workspace`, `run_id` with `path`, `model_id` or `source`."""
    models = await page.call(search_registered_models, SearchRegisteredModels(max_results=_SUGGESTED))
    workspaces = await page.call(list_workspaces, ListWorkspaces(limit=_SUGGESTED))
    asked = {
        name: page.submitted.raw(name) if name in page.submitted else page.asked(name)
        for name in ("model", "workspace", "run_id", "path", "model_id", "source", "description", "tags")
    }
    asked["workspace"] = asked["workspace"] or page.home_workspace
    if asked["model"] and not page.may(create_registered_model):
        await page.caller.learn([create_model_version], CreateModelVersion(asked["model"], ""))
        page.demand(create_model_version)
    return page.render(
        "registry/register.html",
        place="models",
        asked=asked,
        models=[model.name for model in models.registered_models],
        workspaces=workspaces.items,
        create=create_model_version,
        create_model=create_registered_model,
    )


@action("/p/{platform}/register", shows=register_form)
async def register(page: Page, form: Form) -> Response:
    """Make the version, and the model where it is new and that was ticked."""
    name, workspace = form.text("model"), form.text("workspace") or page.home_workspace
    run_id, model_id = form.text("run_id"), form.text("model_id")
    source = _source(form, run_id, model_id)
    retry, tags = form.raw("retry_token"), read_tags(form.raw("tags"))
    if "new" in form:
        await _make_model(page, name, f"{retry}.m" if retry else "")
    made = await page.call(
        create_model_version,
        CreateModelVersion(name, source, run_id or None, tags, None, form.raw("description").strip(), model_id or None),
        scope=await page.scope_in(workspace),
        retry_token=retry,
    )
    number = made.model_version.version
    return page.go_to(page.at("models", name, "versions", number), f"Version {number} of {name} was registered.")


def _source(form: Form, run_id: str, model_id: str) -> str:
    source, path = form.text("source"), form.text("path").strip("/")
    if source:
        return source
    if model_id:
        return f"models:/{model_id}"
    if run_id:
        return f"runs:/{run_id}/{path}" if path else f"runs:/{run_id}"
    raise missing_parameter("source")


async def _make_model(page: Page, name: str, retry_token: str) -> None:
    try:
        await page.call(get_registered_model, NamedModel(name))
    except ApiError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        await page.call(create_registered_model, CreateRegisteredModel(name), retry_token=retry_token)
