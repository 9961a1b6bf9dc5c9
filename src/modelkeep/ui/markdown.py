"""Markdown that people wrote, as HTML that can do no harm."""

from functools import cache
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_BLOCKS = {"p", "hr", "ul", "ol", "li", "blockquote", "pre"}
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_INLINE = {"br", "code", "em", "strong", "s", "a"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_LONGEST = 100_000


@cache
def _renderer() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def render_markdown(text: str) -> Markup:
    """Safe HTML. HTML in the text is shown as text, links lead to http, https and mail alone, images are left out."""
    html = _renderer().render(text[:_LONGEST])
    clean = nh3.clean(
        html,
        tags=_BLOCKS | _HEADINGS | _INLINE | _TABLES,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704
