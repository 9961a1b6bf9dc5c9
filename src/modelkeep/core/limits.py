"""How long and how many: every limit of a request's content, each a setting (see `settings.py`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    name_length: int = 255
    description_length: int = 100_000
    source_length: int = 2_048
    tag_key_length: int = 250
    tag_value_length: int = 100_000
    tags_per_request: int = 1_000
    filter_length: int = 20_000
    registered_models_page: int = 1_000
    model_versions_page: int = 200_000
