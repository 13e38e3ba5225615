"""`labelkeep mail`: whether letters go out."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import uuid4

import typer

from labelkeep.cli.opening import DataDir, open_data_dir
from labelkeep.errors import BadInput

NO_ADDRESS = """\
Set LABELKEEP_PUBLIC_URL as well: letters have links, which lead there. Without it letters are sent for requests from
this machine alone, since others might say that this server is elsewhere."""

app = typer.Typer(help="Try the mail server.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Try the mail server."""


@app.command("test")
def send_test(
    address: Annotated[str, typer.Argument(help="Where to send a test letter.")],
    data_dir: DataDir = None,
) -> None:
    """Send a letter at once, through LABELKEEP_SMTP_URL, and say what failed."""
    open_data_dir(data_dir)
    from django.conf import settings

    from labelkeep.accounts.actions.create_user import email_problems
    from labelkeep.mail import letters, server

    configuration = settings.CONFIGURATION
    if not configuration.smtp_url:
        raise BadInput("LABELKEEP_SMTP_URL is not set, so this server sends no mail")
    problems = email_problems(address)
    if problems:
        raise BadInput(problems)
    where = configuration.public_url or f"http://{configuration.host}:{configuration.port}"
    server.send(letters.test(to=address, address=where), configuration=configuration, reference=str(uuid4()))
    print(f"{server.parse(configuration.smtp_url).name} took a letter to {address}. See whether it arrives.")
    if not configuration.public_url and "*" in configuration.allowed_hosts:
        print(NO_ADDRESS, file=sys.stderr)
