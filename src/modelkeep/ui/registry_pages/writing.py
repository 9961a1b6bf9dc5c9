"""Writing a further version of a prompt, beginning with what an earlier one says."""

import msgspec
from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, missing_parameter
from modelkeep.core.fields import Tag
from modelkeep.registry.model_versions import (
    CreateModelVersion,
    NamedVersion,
    create_model_version,
    get_model_version,
)
from modelkeep.registry.registered_models import NamedModel, RegisteredModel, get_registered_model
from modelkeep.registry.rules import PROMPT_TAG, is_prompt
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.prompt_text import FACT_TAGS, TEXT_TAG, TYPE_TAG
from modelkeep.ui.registry_pages.texts import read_tags
from modelkeep.ui.view import action, view

KINDS = ("text", "chat")
_PATH = "/p/{platform}/models/{name}/write"
_SOURCE = "dummy-source"
"""Where MLflow's client says that a prompt's version is: nowhere, its tags are all of it."""


class _Said(msgspec.Struct):
    """One message of a chat. What else it has is kept as it is."""

    role: str
    content: object


@view(_PATH)
async def write_form(page: Page) -> Response:
    """The form. The address may say `from`, the version to begin with; otherwise it is the newest."""
    prompt = await _prompt(page)
    await page.caller.learn([create_model_version], CreateModelVersion(prompt.name, ""))
    page.demand(create_model_version)
    number = page.asked("from") or max((int(version.version) for version in prompt.latest_versions), default="")
    tags = await _tags_of(page, prompt.name, str(number)) if number else {}
    sent = page.submitted
    return page.render(
        "registry/write.html",
        place="prompts",
        prompt=prompt,
        begun_from=number,
        text=sent.raw("text") if "text" in sent else tags.get(TEXT_TAG, ""),
        kind=sent.raw("kind") if "kind" in sent else tags.get(TYPE_TAG, KINDS[0]),
        kinds=KINDS,
        keeps=[label for key, label in FACT_TAGS.items() if key in tags],
    )


@action(_PATH, shows=write_form)
async def write(page: Page, form: Form) -> Response:
    """Keep the text as a version, as MLflow's client would."""
    prompt = await _prompt(page)
    text, kind = form.raw("text"), form.text("kind")
    if not text.strip():
        raise missing_parameter("text")
    if kind not in KINDS:
        raise invalid_parameter("kind", f"{kind[:40]!r} cannot be chosen; {', '.join(KINDS)} can.")
    if kind == "chat":
        _check_chat(text)
    begun_from = await _tags_of(page, prompt.name, form.text("begun_from")) if form.text("begun_from") else {}
    of_prompt = {PROMPT_TAG: "true", TEXT_TAG: text, TYPE_TAG: kind}
    of_prompt |= {key: begun_from[key] for key in FACT_TAGS if key in begun_from}
    tags = [*(Tag(key, value) for key, value in of_prompt.items()), *read_tags(form.raw("tags"))]
    made = await page.call(
        create_model_version,
        CreateModelVersion(prompt.name, _SOURCE, None, tags, None, form.raw("description").strip()),
        scope=await page.scope_in(page.home_workspace),
        retry_token=form.raw("retry_token"),
    )
    number = made.model_version.version
    return page.go_to(page.at("models", prompt.name, "versions", number), f"Version {number} was written.")


def _check_chat(text: str) -> None:
    try:
        said = msgspec.json.decode(text, type=list[_Said])
    except msgspec.DecodeError as error:
        raise invalid_parameter("text", f"a chat is a JSON list of messages with role and content: {error}.") from None
    if not said:
        raise invalid_parameter("text", "a chat has at least one message.")


async def _prompt(page: Page) -> RegisteredModel:
    name = page.parameter("name")
    model = (await page.call(get_registered_model, NamedModel(name))).registered_model
    if not is_prompt(model.tags):
        raise ApiError(ErrorKind.NOT_FOUND, f"{name[:200]!r} is a model; texts are written for prompts.")
    return model


async def _tags_of(page: Page, name: str, version: str) -> dict[str, str]:
    found = (await page.call(get_model_version, NamedVersion(name, version))).model_version
    return {tag.key: tag.value for tag in found.tags}
