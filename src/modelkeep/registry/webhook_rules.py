"""The rules that a webhook keeps: its name, where it leads, and which events there are."""

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from modelkeep.core.addresses import as_address, is_public
from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import check_length
from modelkeep.core.limits import Limits
from modelkeep.registry.events import Event

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class WebhookEvent(msgspec.Struct, frozen=True):
    """What a webhook asks to be told of. MLflow's vocabulary, of which not every pair is an event."""

    entity: Literal[
        "REGISTERED_MODEL",
        "MODEL_VERSION",
        "MODEL_VERSION_TAG",
        "MODEL_VERSION_ALIAS",
        "PROMPT",
        "PROMPT_VERSION",
        "PROMPT_TAG",
        "PROMPT_VERSION_TAG",
        "PROMPT_ALIAS",
        "BUDGET_POLICY",
    ]
    action: Literal["CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"]


def as_event(wanted: WebhookEvent, field: str = "events") -> Event:
    """The event of a pair of entity and action; raises where that is none, or none that can happen here."""
    try:
        return Event(f"{wanted.entity}.{wanted.action}".lower())
    except ValueError:
        pass
    if wanted.entity == "BUDGET_POLICY":
        raise invalid_parameter(field, "this server has no budget policies, so none is ever exceeded.")
    known = [event.partition(".") for event in Event]
    actions = " and ".join(action.upper() for entity, _, action in known if entity == wanted.entity.lower())
    raise invalid_parameter(field, f"{wanted.action} is no action of {wanted.entity}; {actions} can be asked for.")


def as_pair(event: str) -> WebhookEvent:
    """An event as it is answered."""
    entity, _, action = event.upper().partition(".")
    return msgspec.convert({"entity": entity, "action": action}, WebhookEvent)


def check_events(wanted: Sequence[WebhookEvent]) -> list[Event]:
    """Each once, in the order in which they were asked for; at least one."""
    if not wanted:
        raise missing_parameter("events")
    return list(dict.fromkeys(as_event(pair) for pair in wanted))


def check_webhook_name(name: str) -> None:
    if not name:
        raise missing_parameter("name")
    if not _NAME.fullmatch(name):
        raise invalid_parameter(
            "name",
            f"{name[:80]!r} is no name of a webhook; it must have 1 to 63 letters, digits, dots (.), underscores (_) "
            "and hyphens (-), and begin and end with a letter or digit.",
        )


def check_webhook_url(url: str, limits: Limits) -> None:
    """Where to deliver. What a name leads to is asked again by each delivery, of the address that it connects to."""
    if not url.strip():
        raise missing_parameter("url")
    check_length("url", url, limits.source_length)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise invalid_parameter("url", "it must be ASCII without spaces; encode other characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise invalid_parameter("url", f"{url[:200]!r} is no URL: {error}.") from None
    schemes = ("https", "http") if limits.webhook_allow_http else ("https",)
    if parts.scheme not in schemes:
        raise invalid_parameter("url", f"its scheme is {parts.scheme[:20]!r}; {' and '.join(schemes)} can be used.")
    if not host:
        raise invalid_parameter("url", f"{url[:200]!r} has no host.")
    if "@" in parts.netloc:
        raise invalid_parameter("url", "it must not carry a user or password; give the webhook a secret instead.")
    if limits.webhook_allow_private:
        return
    address = as_address(host)
    if host == "localhost" or host.endswith(".localhost") or (address is not None and not is_public(address)):
        raise invalid_parameter("url", f"{host[:80]!r} is no address of the public network.")
