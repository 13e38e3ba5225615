"""What the commands that touch the data directory share: its option, and opening it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Where the database and the store live (or LABELKEEP_DATA_DIR)."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def name_data_dir(data_dir: Path | None) -> None:
    """Let `--data-dir` win over the environment."""
    if data_dir is not None:
        os.environ["LABELKEEP_DATA_DIR"] = str(data_dir.expanduser().absolute())


def open_data_dir(data_dir: Path | None) -> None:
    """Make Django ready on the data directory, making or updating the directory first.

    Raises:
        BadInput: a setting cannot be read.
        Conflict: a newer Labelkeep has written the directory.
        Unavailable: PostgreSQL does not answer.
    """
    name_data_dir(data_dir)
    import django
    from django.apps import apps

    if apps.ready:  # this process has opened it
        return
    from labelkeep import clock, configuration
    from labelkeep.server.migrate import prepare

    settings = configuration.read()
    prepare(settings.data_dir, clock.now(), settings.database_url)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
