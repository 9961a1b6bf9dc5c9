"""A page is declared once: `@view` shows, `@action` changes something and leads on to a view."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from starlette.responses import Response

    from modelkeep.ui.forms import Form
    from modelkeep.ui.page import Page

Show = Callable[["Page"], Awaitable["Response"]]
Act = Callable[["Page", "Form"], Awaitable["Response"]]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """A path and what answers it. `act` is None for a view; for an action `show` is where its errors are shown."""

    path: str
    show: Show | None
    act: Act | None = None


def view(path: str) -> Callable[[F], F]:
    """Declare `async def function(page) -> Response` as the view at `path`, for GET.

    `{platform}` and `{workspace}` in the path are looked up, and are 404 where they do not exist.
    """
    return _declare(lambda function: Declared(path, function))


def action(path: str, *, shows: Show | None = None) -> Callable[[F], F]:
    """Declare `async def function(page, form) -> Response` as what a form sends to `path`, by POST.

    It is held to come from a page of this server. Where an operation refuses, `shows` is shown again with what was
    wrong and with what was sent; without it an error page is.
    """
    return _declare(lambda function: Declared(path, shows, function))


def path_of(show: Show, parameters: Mapping[str, str]) -> str:
    """Where a view is, with these segments in its path."""
    declared: Declared = show.declared_views[0]  # type: ignore[attr-defined]
    return re.sub(r"\{(\w+)\}", lambda named: parameters[named[1]], declared.path)


def _declare(make: Callable[[Any], Declared]) -> Callable[[F], F]:
    def declare(function: F) -> F:
        known: tuple[Declared, ...] = getattr(function, "declared_views", ())
        function.declared_views = (*known, make(function))  # type: ignore[attr-defined]
        return function

    return declare


def views_of(modules: Iterable[ModuleType]) -> list[Declared]:
    """All that these modules declare, in the order in which it stands there."""
    return [
        declared
        for module in modules
        for function in vars(module).values()
        if getattr(function, "__module__", None) == module.__name__
        for declared in getattr(function, "declared_views", ())
    ]
