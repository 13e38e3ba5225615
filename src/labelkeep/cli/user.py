"""`labelkeep user`: accounts, by whoever may read the data directory."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from labelkeep.cli.opening import AsJson, DataDir, open_data_dir
from labelkeep.errors import BadInput

app = typer.Typer(help="Make and list users.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    admin: Annotated[bool, typer.Option("--admin", help="May do everything.")] = False,
    email: Annotated[str, typer.Option(help="An address to log in with, too.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Make a user. The password is asked for twice, or taken from LABELKEEP_PASSWORD; it is never printed."""
    open_data_dir(data_dir)
    from labelkeep.accounts.actions.create_user import create_user

    user = create_user(username=name, password=_password(), email=email, admin=admin)
    print(f"Added {'admin' if admin else 'user'} {user.username}")


@app.command("list")
def list_users(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the users."""
    open_data_dir(data_dir)
    from labelkeep.accounts.models import User

    columns = ("username", "email", "is_superuser", "is_active")
    rows = list(User.objects.order_by("username").values(*columns))
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        words = [row["email"], "admin" if row["is_superuser"] else "", "" if row["is_active"] else "may not log in"]
        print("  ".join([row["username"], *(word for word in words if word)]))


def _password() -> str:
    given = os.environ.get("LABELKEEP_PASSWORD")
    if given:
        return given
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for the password on: set LABELKEEP_PASSWORD")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return password
