"""What is said of an experiment, and what can be done with it: description, tags, name, deletion."""

from starlette.responses import Response

from modelkeep.core.fields import Tag
from modelkeep.tracking.experiment_permissions import (
    ListExperimentPermissions,
    ManageExperimentPermission,
    list_experiment_permissions,
    manage_experiment_permission,
)
from modelkeep.tracking.experiment_tags import (
    DeleteExperimentTag,
    SetExperimentTag,
    delete_experiment_tag,
    set_experiment_tag,
)
from modelkeep.tracking.experiments import (
    DeleteExperiment,
    ExperimentId,
    UpdateExperiment,
    delete_experiment,
    restore_experiment,
    update_experiment,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.granting import granted, read_change
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import confirm
from modelkeep.ui.tracking_pages.experiment import load_experiment, may_change
from modelkeep.ui.tracking_pages.notes import NOTE_TAG, client_tags, note_of, own_tags
from modelkeep.ui.view import action, view

_PATH = "/p/{platform}/w/{workspace}/experiments/{experiment_id}"


@view(f"{_PATH}/details")
async def details(page: Page) -> Response:
    """Description, tags and facts."""
    shown = await load_experiment(page)
    tags: list[Tag] = shown.tags
    of_experiment = ListExperimentPermissions(experiment_id=shown.experiment_id)
    managed = ManageExperimentPermission(experiment_id=shown.experiment_id)
    await page.caller.learn([manage_experiment_permission], managed)
    return page.render(
        "tracking/experiment_details.html",
        place="experiments",
        experiment=shown,
        note=note_of(tags),
        own=own_tags(tags),
        of_clients=client_tags(tags),
        may_change=await may_change(page, shown),
        editing=page.asked("edit"),
        edited_tag=page.asked("tag"),
        granted=await granted(page, list_experiment_permissions, of_experiment),
        grant=manage_experiment_permission,
    )


def _details_of(page: Page) -> str:
    return page.in_workspace("experiments", page.parameter("experiment_id"), "details")


@action(f"{_PATH}/description", shows=details)
async def describe_experiment(page: Page, form: Form) -> Response:
    """Set the description; an empty one takes it away."""
    number, text = page.parameter("experiment_id"), form.raw("description").strip()
    await page.call(set_experiment_tag, SetExperimentTag(number, NOTE_TAG, text))
    return page.go_to(_details_of(page), "The description was saved.")


@action(f"{_PATH}/tags", shows=details)
async def tag_experiment(page: Page, form: Form) -> Response:
    """Set a tag, or delete the one whose button was pressed."""
    number = page.parameter("experiment_id")
    if "delete" in form:
        key = form.raw("delete")
        await page.call(delete_experiment_tag, DeleteExperimentTag(number, key))
        return page.go_to(_details_of(page), f"The tag {key} was deleted.")
    key = form.text("key")
    await page.call(set_experiment_tag, SetExperimentTag(number, key, form.raw("value").strip()))
    return page.go_to(_details_of(page), f"The tag {key} was saved.")


@action(f"{_PATH}/name", shows=details)
async def rename_experiment(page: Page, form: Form) -> Response:
    name = form.text("new_name")
    await page.call(update_experiment, UpdateExperiment(page.parameter("experiment_id"), name))
    return page.go_to(_details_of(page), f"The experiment is now called {name}.")


@view(f"{_PATH}/delete")
async def delete_form(page: Page) -> Response:
    shown = await load_experiment(page)
    await page.caller.learn([delete_experiment], DeleteExperiment(shown.experiment_id))
    page.demand(delete_experiment)
    return page.render("tracking/delete_experiment.html", place="experiments", experiment=shown)


@action(f"{_PATH}/delete", shows=delete_form)
async def remove_experiment(page: Page, form: Form) -> Response:
    """Delete, once its name was typed. There is a way back: it can be restored."""
    confirm(form.text("confirmed"), (await load_experiment(page)).name)
    await page.call(delete_experiment, DeleteExperiment(page.parameter("experiment_id")))
    return page.go_to(page.in_workspace("experiments"), "The experiment was deleted. It can be restored.")


@action(f"{_PATH}/restore", shows=details)
async def bring_back_experiment(page: Page, form: Form) -> Response:
    await page.call(restore_experiment, ExperimentId(page.parameter("experiment_id")))
    return page.go_to(
        page.in_workspace("experiments", page.parameter("experiment_id")), "The experiment and its runs are back."
    )


@action(f"{_PATH}/permissions", shows=details)
async def change_permission(page: Page, form: Form) -> Response:
    """Grant a level, or take one's away."""
    change = read_change(form)
    request = ManageExperimentPermission(
        experiment_id=page.parameter("experiment_id"),
        assign_permission_details=change.assign,
        revoke_permission_details=change.revoke,
    )
    await page.call(manage_experiment_permission, request)
    return page.go_to(_details_of(page), change.notice)
