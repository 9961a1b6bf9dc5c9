"""What the file `MLmodel` says of a model: its signature, its flavors, and an example of its input."""

import json
from typing import Any, NamedTuple

import msgspec

_MOST_COLUMNS = 200
_MOST_ROWS = 5
_LONGEST = 300


class Column(NamedTuple):
    """A column or tensor of a signature."""

    name: str
    type: str
    required: bool


class Signature(NamedTuple):
    """What a model takes and gives."""

    inputs: list[Column]
    outputs: list[Column]
    params: list[Column]

    def __bool__(self) -> bool:
        return bool(self.inputs or self.outputs or self.params)


class Example(NamedTuple):
    """An example of a model's input: a table, or text where it is none."""

    columns: list[str]
    rows: list[list[str]]
    text: str


class ModelFile(NamedTuple):
    """The parts of the file that people look for."""

    signature: Signature
    flavors: list[str]
    facts: list[tuple[str, str]]
    example_path: str


def read_model_file(content: bytes) -> ModelFile | None:
    """The file's parts; None where it is no such file."""
    try:
        found = msgspec.yaml.decode(content)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    signature, flavors = _mapping(found.get("signature")), _mapping(found.get("flavors"))
    example = _mapping(found.get("saved_input_example_info")).get("artifact_path")
    named = (
        ("MLflow", found.get("mlflow_version")),
        ("Python", _mapping(flavors.get("python_function")).get("python_version")),
        ("Size", found.get("model_size_bytes")),
        ("Saved", found.get("utc_time_created")),
    )
    facts = [(label, _short(value)) for label, value in named if isinstance(value, (str, int))]
    columns = Signature(*(_columns(signature.get(part)) for part in ("inputs", "outputs", "params")))
    return ModelFile(columns, [_short(name) for name in flavors], facts, example if isinstance(example, str) else "")


def read_example(content: bytes) -> Example | None:
    """An example as MLflow writes them: JSON of a table, of tensors, or of anything else."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return None
    table = found.get("dataframe_split", found) if isinstance(found, dict) else found
    if isinstance(table, dict) and isinstance(table.get("data"), list):
        rows = [row if isinstance(row, list) else [row] for row in table["data"][:_MOST_ROWS]]
        width = max((len(row) for row in rows), default=0)
        columns = table.get("columns")
        names = [_short(name) for name in columns] if isinstance(columns, list) else [str(at) for at in range(width)]
        if all(len(row) == len(names) for row in rows) and names:
            cells = [[_short(cell) for cell in row[:_MOST_COLUMNS]] for row in rows]
            return Example(names[:_MOST_COLUMNS], cells, "")
    return Example([], [], json.dumps(found, indent=2, ensure_ascii=False)[:5_000])


def _columns(part: Any) -> list[Column]:
    if not isinstance(part, str):
        return []
    try:
        listed = msgspec.json.decode(part)
    except (msgspec.DecodeError, RecursionError):
        return []
    if not isinstance(listed, list):
        return []
    return [
        Column(_short(column.get("name") or "–"), _type_of(column), column.get("required") is not False)  # noqa: RUF001
        for column in listed[:_MOST_COLUMNS]
        if isinstance(column, dict)
    ]


def _type_of(column: dict[str, Any]) -> str:
    tensor = _mapping(column.get("tensor-spec"))
    if tensor:
        shape = tensor.get("shape")
        sizes = ", ".join(_short(size) for size in shape) if isinstance(shape, list) else ""
        return f"{_short(tensor.get('dtype', ''))} ({sizes})"
    kind = column.get("type") or column.get("dtype") or ""
    inner = _mapping(column.get("items")).get("type")
    return f"{_short(kind)} of {_short(inner)}" if inner else _short(kind)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
