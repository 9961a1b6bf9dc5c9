"""What a start does not load: it is loaded by the first who needs it."""

import subprocess
import sys
from pathlib import Path

import pytest

LATER = (
    *("alembic", "typer", "rich", "pydantic", "jwt", "httpcore", "prometheus_client", "lark"),
    *("starlette", "jinja2", "nh3", "markdown_it", "plotly", "yaml", "psycopg"),
)
_START = """
import asyncio, sys
from pathlib import Path
from modelkeep.cli import main
from modelkeep.cli.plain_flags import plain_flags
from modelkeep.core.settings import load_settings
from modelkeep.server import serve

async def start(settings):
    application = serve.Application(settings)
    await application.start()
    await application.stop()

settings, _ = load_settings(plain_flags(["--data", sys.argv[1]]), {})
asyncio.run(start(settings))
print([name for name in sys.argv[2:] if name in sys.modules])
"""


def _loaded(data: Path) -> str:
    done = subprocess.run([sys.executable, "-c", _START, str(data), *LATER], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("state", ["new", "known"])
def test_a_start_loads_nothing_that_only_some_requests_need(tmp_path: Path, state: str) -> None:
    data = tmp_path / state
    data.mkdir()
    if state == "known":
        _loaded(data)
    assert _loaded(data) == "[]"
