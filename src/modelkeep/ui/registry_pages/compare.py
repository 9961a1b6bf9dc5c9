"""Versions of a model side by side."""

import math
from itertools import pairwise
from typing import NamedTuple

from starlette.responses import RedirectResponse, Response

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.registry.model_versions import ModelVersion, NamedVersion, get_model_version
from modelkeep.registry.registered_models import NamedModel, get_registered_model
from modelkeep.registry.rules import is_prompt
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.prompt_text import TAGS_OF_PROMPTS, Line, differences, read_prompt, shelf_of
from modelkeep.ui.view import view

_MOST = 8
_MOST_ROWS = 1_000


class Row(NamedTuple):
    """One thing in all versions; a value is None where a version has it not."""

    key: str
    values: list[str | None]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


class Measured(NamedTuple):
    """One metric in all versions, with the part of the widest bar that each has, in percent."""

    key: str
    values: list[float | str | None]
    widths: list[float]


class Changed(NamedTuple):
    """How the text of a prompt's version differs from an earlier one's; None where it is too long to compare."""

    before: str
    after: str
    lines: list[Line] | None


@view("/p/{platform}/models/{name}/compare")
async def compare(page: Page) -> Response:
    """Up to eight versions: `?versions=1,2,5`."""
    name = page.parameter("name")
    given = page.request.query_params.getlist("versions")
    if len(given) > 1:
        # Ticked boxes come one by one; the address to be shared has them together.
        return RedirectResponse(page.at("models", name, "compare", versions=",".join(given)), 303)
    wanted = list(dict.fromkeys(part.strip() for part in ",".join(given).split(",") if part.strip()))
    if len(wanted) > _MOST:
        raise invalid_parameter("versions", f"{len(wanted)} were given; at most {_MOST} fit beside each other.")
    model = (await page.call(get_registered_model, NamedModel(name))).registered_model
    versions, missing = [], []
    for number in wanted:
        try:
            versions.append((await page.call(get_model_version, NamedVersion(name, number))).model_version)
        except ApiError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            missing.append(number)
    only = page.asked("only") == "differences"
    tables = [("Params", _params(versions)), ("Tags", _tags(versions))]
    return page.render(
        "registry/compare.html",
        name=name,
        changes=_changes(versions),
        **shelf_of(page, model.tags),
        versions=versions,
        missing=missing,
        metrics=_metrics(versions),
        tables=[(label, [row for row in rows if row.differs or not only][:_MOST_ROWS]) for label, rows in tables],
        asked=",".join(wanted),
        only=only,
    )


def _params(versions: list[ModelVersion]) -> list[Row]:
    return _rows([{param.name: param.value for param in version.model_params} for version in versions])


def _tags(versions: list[ModelVersion]) -> list[Row]:
    shown = [[tag for tag in version.tags if tag.key not in TAGS_OF_PROMPTS] for version in versions]
    return _rows([{tag.key: tag.value for tag in tags} for tags in shown])


def _changes(versions: list[ModelVersion]) -> list[Changed]:
    """What each version of a prompt says otherwise than the one before it in the comparison."""
    texts = [(version.version, read_prompt(version.tags)) for version in versions if is_prompt(version.tags)]
    told = [(number, text) for number, text in texts if text is not None]
    return [Changed(old, new, differences(before, after)) for (old, before), (new, after) in pairwise(told)]


def _rows(pairs: list[dict[str, str]]) -> list[Row]:
    keys = sorted({key for values in pairs for key in values})
    return [Row(key, [values.get(key) for values in pairs]) for key in keys]


def _metrics(versions: list[ModelVersion]) -> list[Measured]:
    measured = [
        {
            f"{metric.key} ({metric.dataset_name})" if metric.dataset_name else metric.key: metric.value
            for metric in version.model_metrics
        }
        for version in versions
    ]
    keys = sorted({key for values in measured for key in values})
    return [_measured(key, [values.get(key) for values in measured]) for key in keys[:_MOST_ROWS]]


def _measured(key: str, values: list[float | str | None]) -> Measured:
    finite = [abs(value) for value in values if isinstance(value, (int, float)) and math.isfinite(value)]
    widest = max(finite, default=0.0)
    widths = [
        round(100 * abs(value) / widest, 1)
        if isinstance(value, (int, float)) and math.isfinite(value) and widest
        else 0.0
        for value in values
    ]
    return Measured(key, values, widths)
