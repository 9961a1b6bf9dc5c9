"""All commands. Each group of them is a file; this one puts them together."""

import typer

from modelkeep import __version__
from modelkeep.cli import (
    audit,
    backup,
    config,
    db,
    demo,
    doctor,
    export,
    gc,
    grant,
    group,
    import_,
    key,
    role,
    tls,
    token,
    user,
    webhook,
    workspace,
)
from modelkeep.cli.flags import with_settings
from modelkeep.cli.serve import serve

app = typer.Typer(
    name="modelkeep",
    help="One server for a team's machine-learning work, above all the registry of its models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(with_settings(serve))
config.add_to(app)
doctor.add_to(app)
gc.add_to(app)
audit.add_to(app)
backup.add_to(app)
export.add_to(app)
demo.add_to(app)
app.add_typer(db.app, name="db")
app.add_typer(workspace.app, name="workspace")
app.add_typer(webhook.app, name="webhook")
app.add_typer(import_.app, name="import")
app.add_typer(tls.app, name="tls")
app.add_typer(user.app, name="user")
app.add_typer(group.app, name="group")
app.add_typer(role.app, name="role")
app.add_typer(grant.app, name="grant")
app.add_typer(token.app, name="token")
app.add_typer(key.app, name="key")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
