"""The API for people: the page at `/docs` and the table in `docs/api.md`, made from the declarations."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from modelkeep import __version__
from modelkeep.core.errors import ErrorKind
from modelkeep.core.operation import Operation, Reach, by_path
from modelkeep.server.probes import PROBES

_BELOW = {
    Reach.REGISTRY: "platform, workspace, MLflow",
    Reach.WORKSPACE: "workspace, MLflow",
    Reach.PLATFORM: "platform",
    Reach.SERVER: "server",
}


class ApiRow(NamedTuple):
    """One line of the table."""

    path: str
    verbs: str
    summary: str
    fields: str
    needs: str
    on: str
    below: str
    retry: str


def api_rows(operations: Sequence[Operation]) -> Iterator[ApiRow]:
    """The operations as lines, in the order of the catalogue."""
    paths = by_path(operations)
    for operation in operations:
        verbs = [verb for verb, reached in paths[operation.path].items() if reached is operation]
        fields = msgspec.structs.fields(operation.request)
        yield ApiRow(
            operation.path,
            ", ".join(verbs),
            operation.summary,
            ", ".join(field.encode_name + ("" if field.required else "?") for field in fields),
            operation.needs.name,
            operation.on.what,
            _BELOW[operation.reach],
            "yes" if operation.writes else "",
        )


def api_markdown(operations: Sequence[Operation]) -> str:
    """The text of `docs/api.md`."""
    lines = [
        "# The API",
        "",
        "Made from the declarations of the operations by `make docs`; do not edit.",
        "",
        "- **platform**: `/20260430/aiDataPlatforms/{aiDataPlatformId}/mlops/api/2.0/…`, and for workspaces without "
        "`mlops/api/2.0/`",
        "- **workspace**: `/20260430/aiDataPlatforms/{aiDataPlatformId}/workspaces/{workspaceKey}/mlops/api/2.0/…`",
        "- **MLflow**: `/api/2.0/…`, `/api/2.11/…`, `/api/3.0/…` and the same below `/ajax-api/`",
        "- **server**: `/20260430/aiDataPlatforms` and `/api/3.0/mlflow/workspaces…`",
        "",
        "A field with `?` is optional. Retry: `opc-retry-token` and `if-match` are honoured.",
        "",
        "| operation | verbs | what | fields | needs | on | below | retry |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in api_rows(operations):
        cells = (f"`{row.path}`", row.verbs, row.summary, row.fields, row.needs, row.on, row.below, row.retry)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Probes, without permission:", ""]
    lines += [f"- `/{name}`: {probe.summary}" for name, probe in PROBES.items()]
    lines += ["- `/api/3.0/mlflow/server-info`: What this server can do, as MLflow's clients ask.", ""]
    return "\n".join(lines)


def errors_markdown() -> str:
    """The text of `docs/errors.md`."""
    lines = [
        "# Errors",
        "",
        "Made from the table in the code by `make docs`; do not edit.",
        "",
        'Every error has one body: `{"error_code": …, "code": …, "message": …}`, with MLflow\'s code and Oracle\'s.',
        "The status is that of the dialect whose prefix the request used.",
        "",
        "| kind | MLflow | `error_code` | Oracle | `code` |",
        "|---|---|---|---|---|",
    ]
    for kind in ErrorKind:
        spoken = kind.value
        name = kind.name.lower().replace("_", " ")
        lines.append(
            f"| {name} | {spoken.mlflow_status} | `{spoken.mlflow_code}` "
            f"| {spoken.oracle_status} | `{spoken.oracle_code}` |"
        )
    return "\n".join([*lines, ""])


def api_page(operations: Sequence[Operation]) -> str:
    """The page at `/docs`: plain HTML that loads nothing."""
    from jinja2 import Environment, PackageLoader

    templates = Environment(loader=PackageLoader("modelkeep.server"), autoescape=True)
    return templates.get_template("docs.html").render(
        version=__version__, rows=list(api_rows(operations)), probes=PROBES
    )
