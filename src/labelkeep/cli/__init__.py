"""The command line: one command per file.

A command is a function with typed parameters; its file imports nothing heavy at the top (Django, the store, media), so
that `labelkeep --help` answers at once. To add one: write its file here, and name it below.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from labelkeep.cli import (
    backup,
    backups,
    compare,
    config,
    mail,
    requests,
    restore,
    schedule,
    serve,
    storage,
    token,
    transfer,
    undo,
    user,
    worker,
)
from labelkeep.errors import LabelkeepError

app = typer.Typer(
    help="Keeps computer-vision annotation projects safe: backups that always restore.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("transfer")(transfer.transfer)
app.command("undo")(undo.undo)
app.command("forget")(backups.forget)
app.command("check")(storage.check)
app.command("prune")(storage.prune)
app.command("storage")(storage.storage)
app.command("diff")(compare.diff)
app.command("history")(compare.history)
app.command("blame")(compare.blame)
app.command("revert")(compare.revert)
app.add_typer(backups.app, name="backups")
app.add_typer(schedule.app, name="schedule")
app.add_typer(schedule.retention, name="retention")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(mail.app, name="mail")
app.add_typer(requests.app, name="requests")
app.add_typer(config.app, name="config")

EXPLAINED = """\
Exit codes: 0 done, 1 failed, 2 something given cannot be used, 3 not allowed, 4 not found, 5 not possible now,
6 try again later, 7 the store failed, 8 done in part, 130 stopped by Ctrl+C."""
app.info.epilog = EXPLAINED


def main() -> None:
    """Run a command. A failure that we know is one sentence on stderr and an exit code of its own kind."""
    try:
        app(prog_name="labelkeep")
    except LabelkeepError as error:
        for sentence in sentences(error.detail):
            print(f"labelkeep: {sentence}", file=sys.stderr)
        sys.exit(error.exit_code)


def sentences(detail: Any) -> list[str]:
    """What an error says, field by field, for people."""
    if isinstance(detail, dict):
        return [
            sentence if field == "non_field_errors" else f"{field}: {sentence}"
            for field, inner in detail.items()
            for sentence in sentences(inner)
        ]
    if isinstance(detail, (list, tuple)):
        return [sentence for inner in detail for sentence in sentences(inner)]
    return [str(detail)]
