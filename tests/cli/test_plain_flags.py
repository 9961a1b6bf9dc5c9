"""Flags of `modelkeep serve`, read without the parser of all commands, mean what they mean to it."""

from collections.abc import Sequence

import pytest
import typer
from typer.testing import CliRunner

from modelkeep.cli.flags import with_settings
from modelkeep.cli.plain_flags import plain_flags
from modelkeep.core.settings import Origin, Settings, load_settings

LINES = (
    (),
    ("--port", "0", "--data", "/tmp/here"),
    ("--port=8080", "--host=0.0.0.0"),
    ("--port", "1", "--port", "2"),
    ("--no-migrate-on-start",),
    ("--migrate-on-start", "--workers", "3", "--database", "postgresql://a:b=c@host/db?x=y"),
    ("--artifacts", "", "--log-level", "debug"),
    ("--tls-cert", "a.pem", "--tls-key", "b.pem"),
)


def _by_parser(arguments: Sequence[str]) -> Settings:
    seen: list[Settings] = []

    def take(settings: Settings, origins: list[Origin]) -> None:
        seen.append(settings)

    app = typer.Typer()
    app.command("serve")(with_settings(take))
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return seen[0]


@pytest.mark.parametrize("arguments", LINES, ids=" ".join)
def test_flags_read_plainly_mean_what_the_parser_reads(arguments: Sequence[str]) -> None:
    flags = plain_flags(arguments)
    assert flags is not None
    assert load_settings(flags, {})[0] == _by_parser(arguments)


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--prot", "1"), ("here",), ("--port",), ("--port", "-1"), ("--no-port",), ("--migrate-on-start=1",)],
    ids=" ".join,
)
def test_what_needs_an_explanation_is_left_to_the_parser(arguments: Sequence[str]) -> None:
    assert plain_flags(arguments) is None
