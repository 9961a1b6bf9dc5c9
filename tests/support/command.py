"""Runs `modelkeep` commands as a person does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

_SECONDS = 60


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.output)


def run(*arguments: str | Path, given: str = "", **variables: str) -> Outcome:
    """Run to the end; `variables` are added to the environment, and `given` is standard input."""
    ended = subprocess.run(
        [sys.executable, "-m", "modelkeep", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        input=given,
        check=False,
        env={**os.environ, **variables},
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)
