"""Jinja's environment: everything is escaped, and a name that is not there is an error."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from modelkeep import __version__
from modelkeep.core.fields import Tag
from modelkeep.ui.assets import Assets
from modelkeep.ui.formats import ago, duration, number, python, size, when
from modelkeep.ui.links import link
from modelkeep.ui.listing import here
from modelkeep.ui.markdown import render_markdown
from modelkeep.ui.navigation import navigation
from modelkeep.ui.pointing import field_of
from modelkeep.ui.registry_pages.prompt_text import TAGS_OF_PROMPTS
from modelkeep.ui.tracking_pages.notes import own_tags

if TYPE_CHECKING:
    from modelkeep.ui.page import Page

_HIDDEN_TAGS = ("modelkeep.demo", *TAGS_OF_PROMPTS)


def _listed_tags(tags: Iterable[Tag]) -> list[Tag]:
    """Those that lists show: what people set, and not what clients keep there for themselves."""
    return [tag for tag in own_tags(tags) if tag.key not in _HIDDEN_TAGS]


class Templates:
    """Renders the files of `templates/`."""

    def __init__(self, folder: str, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(
            when=when,
            ago=ago,
            number=number,
            size=size,
            duration=duration,
            markdown=render_markdown,
            python=python,
            listed_tags=_listed_tags,
            shell=shlex.quote,
        )
        self._environment.globals.update(
            asset=assets.url,
            plotly_styles=lambda: assets.plotly_styles,
            link=link,
            version=__version__,
            hidden_of_prompts=TAGS_OF_PROMPTS,
            link_here=here,
            wrong=lambda page: field_of(page.problem),
        )

    def render(self, template: str, page: "Page", **context: Any) -> str:
        """The text of a template; `page` and what is given are its names."""
        found = self._environment.get_template(template)
        return found.render(page=page, may=page.may, at=page.at, groups=navigation(page), **context)
