"""Pages whose tables are written by the commands that measure them, between two marks."""

import re
from pathlib import Path

_BEGIN, _END = "<!-- measured: {name} -->", "<!-- end of {name} -->"
_SECTION = re.compile(r"<!-- measured: (.+?) -->.*?<!-- end of \1 -->", re.DOTALL)


def fill_section(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of this name, at the end of the page where it has none."""
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    written = page.read_text() if page.exists() else ""
    before, found, rest = written.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    if not found and before:
        before = before.rstrip("\n") + "\n\n"
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def rewrite(page: Path, text: str) -> None:
    """Write a page anew, and keep at its end what other commands have measured into it."""
    written = page.read_text() if page.exists() else ""
    kept = [found[0] for found in _SECTION.finditer(written)]
    page.write_text("\n\n".join([text.strip(), *kept]) + "\n")
