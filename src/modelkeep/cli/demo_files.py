"""The files of the demonstration's runs and models: small, and of every kind that pages show."""

import json
import random
import struct
import zlib
from collections.abc import Sequence

from modelkeep.cli.demo_data import DemoRun

_CELL = 40


def files_of_run(run: DemoRun) -> dict[str, bytes]:
    """Text, JSON, a table, Markdown, pictures, a page and a PDF, by their paths."""
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
        "plots/scores.svg": _bars(run),
        "report.html": _page(run),
        "model-card.pdf": _card(run),
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


def _bars(run: DemoRun) -> bytes:
    """A drawing of the metrics at the end."""
    last = {key: value for key, _, value in run.curves()}
    bars = "".join(
        f'<rect x="90" y="{10 + 28 * place}" width="{max(2, 200 * min(1, value)):.0f}" height="18" fill="#2f6fed"/>'
        f'<text x="84" y="{24 + 28 * place}" text-anchor="end">{key}</text>'
        for place, (key, value) in enumerate(last.items())
    )
    height = 20 + 28 * len(last)
    size = f'width="320" height="{height}" font-family="sans-serif" font-size="13"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{bars}</svg>'.encode()


def _page(run: DemoRun) -> bytes:
    """A page with a script of its own."""
    rows = "".join(f"<tr><td>{key}<td>{value}" for key, value in run.params.items())
    style = "body{font:16px sans-serif;margin:2rem}td{padding:.3rem 1rem}"
    script = "document.querySelector('button').onclick = () => { document.getElementById('more').hidden = false; };"
    return (
        f"<!doctype html><title>{run.name}</title><style>{style}</style><h1>{run.name}</h1><table>{rows}</table>"
        "<p><button>What this is</button><p id=more hidden>A report as tools write it, with a script of its own."
        f"<script>{script}</script>"
    ).encode()


def _card(run: DemoRun) -> bytes:
    """A PDF of one page."""
    text = f"BT /F 22 Tf 40 150 Td ({run.name}) Tj 0 -34 Td /F 13 Tf (quality {run.quality}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 220]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    whole, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj%s endobj\n" % (number, content)
    table = len(whole)
    whole += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(whole + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)


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
