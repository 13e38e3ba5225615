"""`labelkeep user`: accounts, by whoever may read the data directory."""

from __future__ import annotations

import json
import os
import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from labelkeep.cli.opening import AsJson, DataDir, open_data_dir
from labelkeep.errors import BadInput, NotFound

if TYPE_CHECKING:
    from labelkeep.accounts.models import User

app = typer.Typer(help="Make and list users, set their passwords, close their accounts.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The user's name or e-mail address.")]


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


@app.command("reset-password")
def reset_password(
    name: Name,
    generate: Annotated[bool, typer.Option("--generate", help="Make one up, and print it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Set a user's password. It is asked for twice, or taken from LABELKEEP_PASSWORD. All his sessions end."""
    open_data_dir(data_dir)
    from labelkeep import clock
    from labelkeep.accounts.actions.reset_password import set_password

    user = found(name)
    password = secrets.token_urlsafe(15) if generate else _password()
    set_password(user=user, password=password, now=clock.now())
    print(f"Set the password of {user.username}{f': {password}' if generate else ''}")
    if not user.is_active:
        print(f"{user.username} may not log in all the same: the account is closed", file=sys.stderr)


@app.command("deactivate")
def deactivate(name: Name, data_dir: DataDir = None) -> None:
    """Close an account: its password, sessions and tokens open nothing any more. What it has stays."""
    open_data_dir(data_dir)
    from labelkeep.accounts.actions.deactivate_user import deactivate_user

    user = found(name)
    deactivate_user(user=user)
    print(f"{user.username} may not log in any more")


def found(name: str) -> User:
    """The user of this name or e-mail address; Django is ready.

    Raises:
        NotFound: there is none.
    """
    from labelkeep.accounts.backends import find

    user = find(name)
    if user is None:
        raise NotFound(f"there is no user {name!r}; `labelkeep user list` lists them")
    return user


def _password() -> str:
    given = os.environ.get("LABELKEEP_PASSWORD")
    if given:
        return given
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for the password on: set LABELKEEP_PASSWORD")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return password
