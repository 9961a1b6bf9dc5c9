"""The text of a prompt's version: MLflow keeps prompts as registered models whose versions have it in a tag."""

import difflib
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from modelkeep.core.fields import Tag
from modelkeep.registry.rules import PROMPT_TAG, is_prompt

if TYPE_CHECKING:
    from modelkeep.ui.page import Page

TEXT_TAG = "mlflow.prompt.text"
TYPE_TAG = "_mlflow_prompt_type"
FACT_TAGS = {"_mlflow_prompt_response_format": "Response format", "_mlflow_prompt_model_config": "Model"}
"""What a version asks of whichever model answers: tag and label."""

TAGS_OF_PROMPTS = (PROMPT_TAG, TEXT_TAG, TYPE_TAG, *FACT_TAGS)
"""What pages of prompts show in another form."""

PROMPTS_ALONE = f"tags.`{PROMPT_TAG}` = 'true'"
"""A filter without which searches leave prompts out."""

_VARIABLE = re.compile(r"(\{\{\s*[A-Za-z_][\w.]*\s*\}\})")
_MOST_CHARACTERS = 40_000
_MOST_LINES = 2_000


class Part(NamedTuple):
    """A stretch of text, or a variable as it stands there, braces included."""

    text: str
    is_variable: bool


class Message(NamedTuple):
    """What one says in a chat; a prompt that is one text has a single message of no role."""

    role: str
    text: str

    @property
    def parts(self) -> list[Part]:
        pieces = _VARIABLE.split(self.text[:_MOST_CHARACTERS])
        return [Part(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]

    @property
    def left_out(self) -> int:
        """How many characters are not shown."""
        return max(0, len(self.text) - _MOST_CHARACTERS)


class PromptText(NamedTuple):
    """What a version says, and what it asks of whichever model answers: [(label, JSON), …]."""

    messages: list[Message]
    facts: list[tuple[str, str]]

    @property
    def variables(self) -> list[str]:
        """The names of what is filled in, each once, in the order in which they come."""
        found = (part.strip("{} \t\n") for message in self.messages for part in _VARIABLE.findall(message.text))
        return list(dict.fromkeys(found))

    @property
    def lines(self) -> list[str]:
        """The whole, to be compared line by line."""
        lines: list[str] = []
        for message in self.messages:
            lines += [f"{message.role}:"] if message.role else []
            lines += message.text.splitlines()
        return lines


class Line(NamedTuple):
    """A line of a comparison: `sign` is "+" for one that came, "-" for one that went, "@" where lines are left out."""

    sign: str
    text: str


def shelf_of(page: "Page", tags: Sequence[Tag]) -> dict[str, Any]:
    """For templates: whether this is a prompt, and so which list and entry of the side bar it belongs to."""
    prompt = is_prompt(tags)
    place, label = ("prompts", "Prompts") if prompt else ("models", "Models")
    return {"prompt": prompt, "place": place, "home": (label, page.at(place))}


def read_prompt(tags: Sequence[Tag]) -> PromptText | None:
    """What the tags of a version say; None where they have no text."""
    values = {tag.key: tag.value for tag in tags}
    text = values.get(TEXT_TAG)
    if text is None:
        return None
    messages = _chat(text) if values.get(TYPE_TAG) == "chat" else None
    facts = [(label, _laid_out(values[key])) for key, label in FACT_TAGS.items() if key in values]
    return PromptText([Message("", text)] if messages is None else messages, facts)


def _chat(text: str) -> list[Message] | None:
    """The messages of a chat, None where the text is none."""
    try:
        given = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return None
    return [Message(_plain(one.get("role", "")), _plain(one.get("content", ""))) for one in given]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _laid_out(text: str) -> str:
    try:
        return _plain(msgspec.json.decode(text))
    except msgspec.DecodeError:
        return text


def differences(before: PromptText, after: PromptText) -> list[Line] | None:
    """What changed, with three lines around it; none where nothing did, None where there are too many lines."""
    if max(len(before.lines), len(after.lines)) > _MOST_LINES:
        return None
    found = list(difflib.unified_diff(before.lines, after.lines, lineterm=""))
    # The first two name files.
    return [Line("@", "") if line.startswith("@@") else Line(line[0], line[1:]) for line in found[2:]]
