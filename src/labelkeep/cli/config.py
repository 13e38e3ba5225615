"""`labelkeep config`: what this server would run with, and whether that can work."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import Field, fields
from typing import Any

import typer

from labelkeep import configuration
from labelkeep.cli.opening import AsJson, DataDir, name_data_dir
from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look at the settings."""


@app.command("check")
def check(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Print each setting, where its value comes from, and what is wrong with it. Exit code 2 when anything is."""
    name_data_dir(data_dir)
    settings, problems = _read(os.environ)
    if settings is not None:
        from labelkeep.server.checks import problems as wrong_with

        problems += wrong_with(settings)
    rows = [_row(item, settings) for item in fields(Configuration)]
    if as_json:
        print(json.dumps({"settings": rows, "problems": problems}, indent=2))
    else:
        _print(rows, problems)
    if problems:
        raise typer.Exit(BadInput.exit_code)


def _read(environment: Any) -> tuple[Configuration | None, list[str]]:
    try:
        return configuration.read(environment), []
    except BadInput as error:
        return None, [str(error)]


def _row(item: Field[Any], settings: Configuration | None) -> dict[str, Any]:
    variable = Configuration.variable(item.name)
    given = os.environ.get(variable, "")
    value = getattr(settings, item.name) if settings else given or getattr(Configuration(), item.name)
    if value and item.metadata["secret"]:
        value = configuration.masked(str(value))
    return {"name": variable, "value": _shown(value), "source": "environment" if given else "default"}


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, (int, str, bool)) or value is None else str(value)


def _print(rows: list[dict[str, Any]], problems: list[str]) -> None:
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        value = ", ".join(row["value"]) if isinstance(row["value"], list) else row["value"]
        print(f"{row['name']:<{width}}  {'' if value is None else value}  ({row['source']})")
    for problem in problems:
        print(f"wrong: {problem}", file=sys.stderr)
    if not problems:
        print("All settings can be used.")
