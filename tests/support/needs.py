"""What only some tests need: absent, they fail in continuous integration and are skipped elsewhere."""

import importlib
import os
from typing import Any, NoReturn

import pytest


def need(module: str, install: str) -> Any:
    """The module, or the end of the test with what to install."""
    try:
        return importlib.import_module(module)
    except ImportError:
        lack(f"{module} is not there: pip install {install!r}")


def need_program(path: str, install: str) -> str:
    """The path, or the end of the test with what to install."""
    if not os.access(path, os.X_OK):
        lack(f"{path} is not there: apt-get install {install}")
    return path


def lack(problem: str) -> NoReturn:
    """End the test with what is missing, in words."""
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)
