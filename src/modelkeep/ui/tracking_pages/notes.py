"""Descriptions: MLflow keeps those of experiments, runs and logged models in a tag."""

from collections.abc import Iterable

from modelkeep.core.fields import Tag

NOTE_TAG = "mlflow.note.content"
_OF_CLIENTS = "mlflow."


def note_of(tags: Iterable[Tag]) -> str:
    """The description among these tags, "" where there is none."""
    return next((tag.value for tag in tags if tag.key == NOTE_TAG), "")


def own_tags(tags: Iterable[Tag]) -> list[Tag]:
    """The tags that people set."""
    return sorted((tag for tag in tags if not tag.key.startswith(_OF_CLIENTS)), key=lambda tag: tag.key)


def client_tags(tags: Iterable[Tag]) -> list[Tag]:
    """The tags that MLflow's clients set by themselves, without the description."""
    mine = (tag for tag in tags if tag.key.startswith(_OF_CLIENTS) and tag.key != NOTE_TAG)
    return sorted(mine, key=lambda tag: tag.key)


def tag_value(tags: Iterable[Tag], key: str) -> str:
    """The value of a tag, "" where it is absent."""
    return next((tag.value for tag in tags if tag.key == key), "")
