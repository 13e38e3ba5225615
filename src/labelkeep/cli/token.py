"""`labelkeep token`: personal access tokens, by whoever may read the data directory."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

import typer

from labelkeep.cli.opening import AsJson, DataDir, open_data_dir
from labelkeep.cli.user import found

app = typer.Typer(help="Make, list and revoke personal access tokens.", no_args_is_help=True)
Owner = Annotated[str, typer.Argument(help="The user's name or e-mail address.")]


@app.command("add")
def add(
    user: Owner,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    read_only: Annotated[bool, typer.Option("--read-only", help="May look and download, not change.")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=36500, help="How long it lives; else until revoked.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token for a user. It is the last word printed, and cannot be shown again."""
    open_data_dir(data_dir)
    from labelkeep import clock
    from labelkeep.accounts import tokens
    from labelkeep.accounts.models import AccessToken

    now = clock.now()
    expiry = None if days is None else now + timedelta(days=days)
    kind = AccessToken.Kind.PERSONAL
    _, secret = tokens.issue(found(user), name, kind, now, read_only=read_only, expiry=expiry)
    print(f"Send it as `Authorization: Bearer …`: {secret}")


@app.command("list")
def list_tokens(user: Owner, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List a user's live tokens by number; their secrets are not known."""
    open_data_dir(data_dir)
    from labelkeep import clock
    from labelkeep.accounts import tokens

    rows = list(tokens.live(found(user), clock.now()).order_by("pk").values(*_COLUMNS))
    if as_json:
        print(json.dumps(rows, indent=2, default=lambda moment: moment.isoformat()))
        return
    for row in rows:
        print(_line(row))


@app.command("revoke")
def revoke(
    user: Owner,
    number: Annotated[int, typer.Argument(help="Its number, as `labelkeep token list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Make a token worthless at once."""
    open_data_dir(data_dir)
    from labelkeep import clock
    from labelkeep.accounts import tokens

    tokens.revoke(found(user), number, clock.now())
    print(f"Revoked token {number}")


_COLUMNS = ("id", "name", "read_only", "created_date", "expiry_date", "last_used_date")


def _line(row: dict[str, Any]) -> str:
    until = f"until {row['expiry_date']:%Y-%m-%d}" if row["expiry_date"] else "until revoked"
    used = f"last used {row['last_used_date']:%Y-%m-%d}" if row["last_used_date"] else "never used"
    return f"{row['id']:>4}  {row['name']}  {'reads' if row['read_only'] else 'reads and writes'}  {until}  {used}"
