"""The files of the demonstration's runs and models: small, and of every kind that pages show."""

import json
import random
import struct
import zlib
from collections.abc import Sequence

from modelkeep.cli.demo_data import DemoRun

_CELL = 40


def files_of_run(run: DemoRun) -> dict[str, bytes]:
    """Text, JSON, a table, Markdown and an image, by their paths."""
    dice = random.Random(run.name)  # noqa: S311
    rows = "".join(f"{number},{dice.random():.4f},{int(dice.random() < run.quality)}\n" for number in range(1, 41))
    report = "".join(f"| {key} | `{value}` |\n" for key, value in run.params.items())
    log = "".join(f"step {step:3} val_auc={value:.4f}\n" for key, step, value in run.curves() if key == "val_auc")
    return {
        "report.md": f"# {run.name}\n\n| param | value |\n|---|---|\n{report}".encode(),
        "params.json": json.dumps(run.params, indent=2).encode(),
        "predictions.csv": f"row,score,correct\n{rows}".encode(),
        "logs/train.log": log.encode(),
        "plots/confusion.png": _confusion(run.quality),
    }


def files_of_model(name: str, columns: Sequence[tuple[str, str]], model_id: str, run_id: str) -> dict[str, bytes]:
    """The files that describe a model. There is nothing in it to be loaded."""
    inputs = [{"name": column, "type": kind, "required": True} for column, kind in columns]
    row = [{"long": 12, "double": 49.9, "string": "a"}[kind] for _, kind in columns]
    description = {
        "artifact_path": "model",
        "flavors": {"python_function": {"loader_module": "mlflow.sklearn", "python_version": "3.11.9"}, "sklearn": {}},
        "mlflow_version": "3.17.2",
        "model_id": model_id,
        "model_size_bytes": 184_320,
        "run_id": run_id,
        "saved_input_example_info": {"artifact_path": "input_example.json", "type": "dataframe"},
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps([{"name": "score", "type": "double"}])},
    }
    example = {"columns": [column for column, _ in columns], "data": [row, row]}
    return {
        # JSON is YAML as well.
        "MLmodel": json.dumps(description, indent=1).encode(),
        "input_example.json": json.dumps(example).encode(),
        "requirements.txt": b"mlflow==3.17.2\nscikit-learn==1.9.0\n",
        "README.md": f"The files of `{name}`, for show: the model itself is not here.\n".encode(),
    }


def _confusion(quality: float) -> bytes:
    """A picture of four fields, as dark as how often each happens."""
    shares = (quality, 1 - quality, 1 - quality, quality)
    lines = bytearray()
    for y in range(2 * _CELL):
        lines.append(0)
        for x in range(2 * _CELL):
            share = shares[(y // _CELL) * 2 + x // _CELL]
            edge = x % _CELL == 0 or y % _CELL == 0
            lines += bytes((255, 255, 255)) if edge else bytes((int(235 - 200 * share), int(240 - 150 * share), 245))
    header = struct.pack(">IIBBBBB", 2 * _CELL, 2 * _CELL, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(lines), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
