"""Which methods of a client the tests call, read off their source, so that none is forgotten."""

import ast
from pathlib import Path


def methods_called_in(pattern: str) -> set[str]:
    """The names of all methods called in the test files whose names match."""
    found: set[str] = set()
    for path in Path(__file__).parent.glob(pattern):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(node.func.attr)
    return found
