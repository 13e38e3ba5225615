"""`make docs`: the pages of docs/ that are made from the code. A test holds each of them up to date."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from labelkeep import cli, errors
from labelkeep.configuration import Configuration
from tools import third_party

ROOT = Path(__file__).parent.parent

HEAD = """\
# Settings

Labelkeep is set up by environment variables alone. `labelkeep config check` prints each with the value that it has and
where that comes from, says what is wrong, and exits with 2 if anything is. A variable that starts with `LABELKEEP_` and
is not in this table is refused when the server starts: it may be a misspelt one.

This page is made from `src/labelkeep/configuration.py` by `make docs`.

| variable | default | what it sets |
|---|---|---|
"""

TAIL = """
Yes or no is written `1`, `true`, `yes`, `0`, `false` or `no`; sizes as `500M` or `25GiB`; several values with commas
between.

These are no settings of the server, but of commands: `labelkeep user add` and `labelkeep user reset-password` take the
password from `LABELKEEP_PASSWORD`; commands that can go to a server take its address from `LABELKEEP_SERVER` and the
token from `LABELKEEP_TOKEN`.

## Behind a proxy

Absolute addresses in answers (`result_url`, `next`, `Location`) begin with `LABELKEEP_PUBLIC_URL` where it is set, and
cookies are then marked secure if it begins with `https://`. Without it they follow the request: its `Host`, or what
`X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Port` say, if the request came from one of
`LABELKEEP_TRUSTED_PROXIES`. From anybody else these headers are ignored.

## Who may have backups

A backup holds everything that a project holds, so who may make, list, download and restore backups is set apart from
the other permissions, by `LABELKEEP_BACKUP_ROLES`:

| word | who |
|---|---|
| `owner` | the owner of the project or task, or of the project that a task belongs to |
| `assignee` | the owners, and the assignees of the same |
| `organization owner` | the owner of the organization that it belongs to |
| `organization maintainer` | maintainers and owners of that organization |
| `admin` | admins; they may always |

Restoring makes a new project that belongs to whoever restores it. So with `owner` in the list everybody may restore who
may make projects there; without it only those whom the other words name.
"""


def settings_page() -> str:
    """docs/reference/configuration.md."""
    default = Configuration()
    rows = [
        f"| `{Configuration.variable(item.name)}` | {_shown(getattr(default, item.name))} | {item.metadata['doc']} |"
        for item in fields(Configuration)
    ]
    return HEAD + "\n".join(rows) + "\n" + TAIL


def _shown(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "none"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if isinstance(value, Path):
        return f"`{'~' / value.relative_to(Path.home()) if value.is_relative_to(Path.home()) else value}`"
    if isinstance(value, int) and value >= 2**30 and value % 2**30 == 0:
        return f"`{value // 2**30}GiB`"
    return f"`{value}`"


JSON_OUTPUT = """\
## JSON

With `--json` a command prints what the API answers, one object a line: a list is as many lines as it has objects. The
types are those of the OpenAPI document (`/api/schema/`): `backup`, `backups list` and `backups show` print
`BackupRead`, `schedule` prints `ScheduleRead`, `retention` `RetentionRead`, `requests list` and `requests show`
`RequestRead`, `restore --plan` `RestorePlan`. What waits for an operation prints its result, as
`/api/requests/{id}/result` has it; with `--no-wait` it is `{"rq_id": …}`. Nothing else stands on standard output then;
complaints are on standard error.
"""


def commands_page() -> str:
    """docs/reference/command-line.md."""
    parts = ["# The command line\n", "This page is made from `labelkeep.cli` and `labelkeep.errors` by `make docs`.\n"]
    root = typer.main.get_command(cli.app)
    for words, command in sorted(_commands(["labelkeep"], root)):
        context = command.make_context(" ".join(words), [], resilient_parsing=True, terminal_width=100)
        parts += [f"## {' '.join(words)}\n", "```", command.get_help(context).strip(), "```\n"]
    parts += [
        JSON_OUTPUT,
        "## Exit codes\n",
        "0 is done. Every failure is a sentence on standard error and one of these:\n",
    ]
    parts += ["| code | when | worth another try |", "|---|---|---|"]
    parts += [_exit_row(code, kinds) for code, kinds in sorted(_exit_codes().items())]
    return "\n".join(parts) + "\n"


def _commands(words: list[str], command: Any) -> list[tuple[list[str], Any]]:
    """The commands that do something, with the words that call them."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(words, command)]
    return [found for name, part in inner.items() for found in _commands([*words, name], part)]


def _exit_codes() -> dict[int, list[type[errors.LabelkeepError]]]:
    """Error classes by exit code, each code's general class first."""
    codes: dict[int, list[type[errors.LabelkeepError]]] = {}
    queue = [errors.LabelkeepError]
    while queue:
        kind = queue.pop(0)
        codes.setdefault(kind.exit_code, []).append(kind)
        queue += kind.__subclasses__()
    return codes


def _exit_row(code: int, kinds: list[type[errors.LabelkeepError]]) -> str:
    own = [str(kind.__doc__) for kind in kinds if kind.__module__ == errors.__name__]
    meanings = "; ".join(re.split(r"[.:;](?:\s|$)", text)[0] for text in own)
    return f"| {code} | {meanings} | {'yes' if kinds[0].retryable else 'no'} |"


PAGES = {
    ROOT / "docs" / "reference" / "configuration.md": settings_page,
    ROOT / "docs" / "reference" / "command-line.md": commands_page,
    third_party.PAGE: third_party.render,
}


def main() -> None:
    """Write every page."""
    for path, page in PAGES.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page())
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
