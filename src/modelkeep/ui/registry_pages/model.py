"""A registered model: its versions, and what is said of it."""

from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.responses import RedirectResponse, Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.registry.aliases import (
    NamedAlias,
    SetAlias,
    delete_registered_model_alias,
    set_registered_model_alias,
)
from modelkeep.registry.model_version_origin import get_model_version_origin
from modelkeep.registry.model_version_search import SearchModelVersions, search_model_versions
from modelkeep.registry.model_version_stages import STAGES
from modelkeep.registry.model_versions import ModelVersion, NamedVersion, create_model_version
from modelkeep.registry.permissions import (
    ListRegisteredModelPermissions,
    ManageRegisteredModelPermission,
    list_registered_model_permissions,
    manage_registered_model_permission,
)
from modelkeep.registry.registered_model_tags import (
    DeleteRegisteredModelTag,
    SetRegisteredModelTag,
    delete_registered_model_tag,
    set_registered_model_tag,
)
from modelkeep.registry.registered_models import (
    NamedModel,
    RegisteredModel,
    RenameRegisteredModel,
    UpdateRegisteredModel,
    delete_registered_model,
    get_registered_model,
    rename_registered_model,
    update_registered_model,
)
from modelkeep.ui.filters import FilterProblem, as_filter, both, quoted
from modelkeep.ui.forms import Form
from modelkeep.ui.granting import granted
from modelkeep.ui.links import run_link
from modelkeep.ui.listing import ROWS, Sorting, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.prompt_text import PROMPTS_ALONE, TEXT_TAG, read_prompt, shelf_of
from modelkeep.ui.registry_pages.texts import confirm
from modelkeep.ui.view import action, view

_COLUMNS = {"version": "-version_number", "updated": "-last_updated_timestamp"}
_SHOWN_METRICS = 2
_OPERATIONS = SimpleNamespace(
    update=update_registered_model,
    rename=rename_registered_model,
    delete=delete_registered_model,
    set_tag=set_registered_model_tag,
    delete_tag=delete_registered_model_tag,
    set_alias=set_registered_model_alias,
    delete_alias=delete_registered_model_alias,
    create_version=create_model_version,
)


@view("/p/{platform}/models/{name}")
async def model(page: Page) -> Response:
    """One model and a page of its versions."""
    name = page.parameter("name")
    shown = await _shown(page)
    shelf = shelf_of(page, shown.tags)
    text, stage, sorting = page.asked("q"), page.asked("stage"), Sorting(page, _COLUMNS, "-version")
    found: list[ModelVersion] = []
    token: Any = ""
    problem, status = None, 200
    try:
        # What people typed comes first, so that errors point into what they see.
        filter_ = both(
            as_filter(text, words=f"tags.`{TEXT_TAG}`" if shelf["prompt"] else "source_path"),
            f"name = {quoted(name)}",
            f"current_stage = {quoted(stage)}" if stage in STAGES else "",
            PROMPTS_ALONE if shelf["prompt"] else "",
        )
        answer = await page.call(
            search_model_versions,
            SearchModelVersions(filter_, ROWS, sorting.order_by, page.asked("page") or None),
        )
        found, token = answer.model_versions, answer.next_page_token
    except ApiError as error:
        if error.kind is not ErrorKind.INVALID_PARAMETER:
            raise
        problem, status = FilterProblem(text, error), 400
    of_model = ListRegisteredModelPermissions(registered_model_key=name)
    keys = metric_keys(found)
    chosen = [key for key in page.request.query_params.getlist("metric") if key in keys]
    return page.render(
        "registry/model.html",
        status=status,
        **shelf,
        model=shown,
        versions=found,
        newest=max((int(version.version) for version in shown.latest_versions), default=None),
        stages=STAGES,
        stage=stage if stage in STAGES else "",
        query=text,
        sorting=sorting,
        problem=problem,
        pages=pages_of(page, token),
        metric_keys=keys,
        metrics=chosen or keys[:_SHOWN_METRICS],
        texts={version.version: read_prompt(version.tags) for version in found} if shelf["prompt"] else {},
        values={version.version: {metric.key: metric.value for metric in version.model_metrics} for version in found},
        operations=_OPERATIONS,
        granted=await granted(page, list_registered_model_permissions, of_model),
        grant=manage_registered_model_permission,
        editing=page.asked("edit"),
        edited_tag=page.asked("tag"),
    )


async def _shown(page: Page) -> RegisteredModel:
    """The model of the address, and what its caller may do with it."""
    named = NamedModel(page.parameter("name"))
    found = (await page.call(get_registered_model, named)).registered_model
    await page.caller.learn(vars(_OPERATIONS).values(), named)
    key = ManageRegisteredModelPermission(registered_model_key=named.name)
    await page.caller.learn([manage_registered_model_permission], key)
    return found


def metric_keys(versions: Sequence[ModelVersion]) -> list[str]:
    """The metrics of these versions, those that most of them have first."""
    counted = Counter(key for version in versions for key in {metric.key for metric in version.model_metrics})
    return sorted(counted, key=lambda key: (-counted[key], key))


@action("/p/{platform}/models/{name}/description", shows=model)
async def describe_model(page: Page, form: Form) -> Response:
    name = page.parameter("name")
    await page.call(update_registered_model, UpdateRegisteredModel(name, form.raw("description").strip()))
    return page.go_to(page.at("models", name), "The description was saved.")


@action("/p/{platform}/models/{name}/tags", shows=model)
async def tag_model(page: Page, form: Form) -> Response:
    """Set a tag, or delete the one whose button was pressed."""
    name = page.parameter("name")
    if "delete" in form:
        await page.call(delete_registered_model_tag, DeleteRegisteredModelTag(name, form.raw("delete")))
        return page.go_to(page.at("models", name), f"The tag {form.raw('delete')} was deleted.")
    key = form.text("key")
    await page.call(set_registered_model_tag, SetRegisteredModelTag(name, key, form.raw("value").strip()))
    return page.go_to(page.at("models", name), f"The tag {key} was saved.")


@action("/p/{platform}/models/{name}/aliases", shows=model)
async def alias_model(page: Page, form: Form) -> Response:
    """Let an alias name a version, or take it away."""
    name = page.parameter("name")
    if "delete" in form:
        await page.call(delete_registered_model_alias, NamedAlias(name, form.raw("delete")))
        return page.go_to(page.at("models", name), f"The alias {form.raw('delete')} was deleted.")
    alias, version = form.text("alias").removeprefix("@"), form.text("version")
    await page.call(set_registered_model_alias, SetAlias(name, alias, version))
    return page.go_to(page.at("models", name), f"The alias {alias} now names version {version}.")


@view("/p/{platform}/models/{name}/rename")
async def rename_form(page: Page) -> Response:
    shown = await _shown(page)
    page.demand(rename_registered_model)
    return page.render("registry/rename_model.html", model=shown, operations=_OPERATIONS, **shelf_of(page, shown.tags))


@action("/p/{platform}/models/{name}/rename", shows=rename_form)
async def rename_model(page: Page, form: Form) -> Response:
    name, new_name = page.parameter("name"), form.text("new_name")
    await page.call(rename_registered_model, RenameRegisteredModel(name, new_name), retry_token=form.raw("retry_token"))
    return page.go_to(page.at("models", new_name), f"{name} is now {new_name}.")


@view("/p/{platform}/models/{name}/delete")
async def delete_form(page: Page) -> Response:
    shown = await _shown(page)
    page.demand(delete_registered_model)
    return page.render("registry/delete_model.html", model=shown, **shelf_of(page, shown.tags))


@action("/p/{platform}/models/{name}/delete", shows=delete_form)
async def delete_model(page: Page, form: Form) -> Response:
    """Delete a model, once its name was typed."""
    name = page.parameter("name")
    confirm(form.text("confirmed"), name)
    shelf = shelf_of(page, (await page.call(get_registered_model, NamedModel(name))).registered_model.tags)
    await page.call(delete_registered_model, NamedModel(name))
    return page.go_to(page.at(shelf["place"]), f"The {'prompt' if shelf['prompt'] else 'model'} {name} was deleted.")


@view("/p/{platform}/models/{name}/versions/{version}/run")
async def run_of_version(page: Page) -> Response:
    """Lead to the run of a version, wherever in the platform that is."""
    name, version = page.parameter("name"), page.parameter("version")
    origin = await page.call(get_model_version_origin, NamedVersion(name, version))
    if origin.workspace and origin.run_id:
        return RedirectResponse(run_link(page.platform, origin.workspace, origin.run_id), 303)
    return RedirectResponse(page.at("models", name, "versions", version), 303)
