"""A model version: what it came from, what was measured, how to use it, and what is said of it."""

from types import SimpleNamespace

from starlette.responses import Response

from modelkeep.registry.aliases import (
    NamedAlias,
    SetAlias,
    delete_registered_model_alias,
    set_registered_model_alias,
)
from modelkeep.registry.model_version_stages import (
    ACTIVE_STAGES,
    STAGES,
    TransitionModelVersionStage,
    transition_model_version_stage,
)
from modelkeep.registry.model_version_tags import (
    DeleteModelVersionTag,
    SetModelVersionTag,
    delete_model_version_tag,
    set_model_version_tag,
)
from modelkeep.registry.model_versions import (
    ModelVersion,
    NamedVersion,
    UpdateModelVersion,
    create_model_version,
    delete_model_version,
    get_model_version,
    update_model_version,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.lineage import files_of, lineage_of
from modelkeep.ui.registry_pages.prompt_text import read_prompt, shelf_of
from modelkeep.ui.registry_pages.snippets import snippets
from modelkeep.ui.view import action, view

_PATH = "/p/{platform}/models/{name}/versions/{version}"
_OPERATIONS = SimpleNamespace(
    create=create_model_version,
    update=update_model_version,
    delete=delete_model_version,
    set_tag=set_model_version_tag,
    delete_tag=delete_model_version_tag,
    set_alias=set_registered_model_alias,
    delete_alias=delete_registered_model_alias,
    move=transition_model_version_stage,
)


def _named(page: Page) -> NamedVersion:
    return NamedVersion(page.parameter("name"), page.parameter("version"))


def _here(page: Page) -> str:
    return page.at("models", page.parameter("name"), "versions", page.parameter("version"))


async def _shown(page: Page) -> ModelVersion:
    """The version of the address, and what its caller may do with it."""
    found = (await page.call(get_model_version, _named(page))).model_version
    await page.caller.learn(vars(_OPERATIONS).values(), _named(page))
    return found


@view(_PATH)
async def version(page: Page) -> Response:
    shown = await _shown(page)
    shelf = shelf_of(page, shown.tags)
    return page.render(
        "registry/prompt_version.html" if shelf["prompt"] else "registry/version.html",
        version=shown,
        lineage=None if shelf["prompt"] else await lineage_of(page, shown),
        files=None if shelf["prompt"] else await files_of(page, shown),
        text=read_prompt(shown.tags) if shelf["prompt"] else None,
        snippets=snippets(page, shown),
        stages=STAGES,
        active_stages=ACTIVE_STAGES,
        operations=_OPERATIONS,
        editing=page.asked("edit"),
        edited_tag=page.asked("tag"),
        **shelf,
    )


@action(f"{_PATH}/description", shows=version)
async def describe_version(page: Page, form: Form) -> Response:
    named = _named(page)
    request = UpdateModelVersion(named.name, named.version, form.raw("description").strip())
    await page.call(update_model_version, request)
    return page.go_to(_here(page), "The description was saved.")


@action(f"{_PATH}/tags", shows=version)
async def tag_version(page: Page, form: Form) -> Response:
    """Set a tag, or delete the one whose button was pressed."""
    named = _named(page)
    if "delete" in form:
        key = form.raw("delete")
        await page.call(delete_model_version_tag, DeleteModelVersionTag(named.name, named.version, key))
        return page.go_to(_here(page), f"The tag {key} was deleted.")
    key, value = form.text("key"), form.raw("value").strip()
    await page.call(set_model_version_tag, SetModelVersionTag(named.name, named.version, key, value))
    return page.go_to(_here(page), f"The tag {key} was saved.")


@action(f"{_PATH}/aliases", shows=version)
async def alias_version(page: Page, form: Form) -> Response:
    """Let an alias name this version, or take it away."""
    named = _named(page)
    if "delete" in form:
        await page.call(delete_registered_model_alias, NamedAlias(named.name, form.raw("delete")))
        return page.go_to(_here(page), f"The alias {form.raw('delete')} was deleted.")
    alias = form.text("alias").removeprefix("@")
    await page.call(set_registered_model_alias, SetAlias(named.name, alias, named.version))
    return page.go_to(_here(page), f"The alias {alias} now names this version.")


@action(f"{_PATH}/stage", shows=version)
async def move_version(page: Page, form: Form) -> Response:
    """Move it to a stage, and the versions that are there to Archived where that is ticked."""
    named, stage = _named(page), form.text("stage")
    archive = "archive" in form and stage in ACTIVE_STAGES
    await page.call(
        transition_model_version_stage,
        TransitionModelVersionStage(
            name=named.name, version=named.version, stage=stage, archive_existing_versions=archive
        ),
    )
    return page.go_to(_here(page), f"The version is now in the stage {stage}.")


@view(f"{_PATH}/delete")
async def delete_version_form(page: Page) -> Response:
    shown = await _shown(page)
    page.demand(delete_model_version)
    return page.render("registry/delete_version.html", version=shown, **shelf_of(page, shown.tags))


@action(f"{_PATH}/delete", shows=delete_version_form)
async def delete_version(page: Page, form: Form) -> Response:
    named = _named(page)
    await page.call(delete_model_version, named)
    return page.go_to(page.at("models", named.name), f"Version {named.version} was deleted.")
