"""What commands print: tables and sentences for people, or with `--json` the API's own objects, one a line.

Standard output has what was asked for; progress and complaints go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import typer

from labelkeep.errors import BadInput

Json: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, str | Callable[[Any], Any]]  # title → key (with dots) of the object, or what to show

_WIDE = 500  # columns of a table that is piped somewhere: nothing is cut off there


@dataclass(frozen=True)
class Screen:
    """Where a command prints."""

    as_json: bool = False

    def rows(self, rows: Iterable[Json], columns: Columns) -> None:
        """A list: a table of these columns, or an object a line as they come."""
        if self.as_json:
            for row in rows:
                self._json(row)
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(text_of(_value(row, column)), overflow="fold") for column in columns.values()))
        if table.row_count:
            Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False).print(table)

    def one(self, value: Json, lines: Columns) -> None:
        """One object: a line for each of these that says anything, or the object."""
        if self.as_json:
            return self._json(value)
        width = max(len(title) for title in lines)
        for title, column in lines.items():
            if text := text_of(_value(value, column)):
                print(f"{title:<{width}}  {text}")

    def said(self, sentence: str, value: Json | None = None) -> None:
        """How it went: the sentence, or the object behind it."""
        if not self.as_json:
            print(sentence)
        elif value is not None:
            self._json(value)

    def warn(self, sentence: str) -> None:
        """Something that whoever reads standard output alone need not know."""
        print(f"labelkeep: {printable(sentence)}", file=sys.stderr)

    def confirm(self, question: str, yes: bool) -> None:
        """Ask before something that cannot be taken back, unless `--yes` was given.

        Raises:
            BadInput: there is nobody to ask. Exit: the answer was no.
        """
        if yes:
            return
        if not sys.stdin.isatty():
            raise BadInput(f"{question} Nobody is here to answer: say --yes")
        if not typer.confirm(printable(question), err=True):
            self.warn("nothing was done")
            raise typer.Exit(1)

    def offer(self, question: str, yes: bool) -> None:
        """Ask before something that harms nothing: only where somebody is there to answer. Raises Exit for no."""
        if sys.stdin.isatty():
            self.confirm(question, yes)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[float, str, float | None], None]]:
        """A bar on a terminal, nothing elsewhere. It is told the fraction, what is being done, and the seconds left."""
        if not sys.stderr.isatty():
            yield lambda fraction, doing, left: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
        told = TextColumn("{task.fields[told]}", markup=False)
        with Progress(*columns, told, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(printable(what), total=1.0, told="")

            def tell(fraction: float, doing: str, left: float | None) -> None:
                words = [doing, "" if left is None else f"{duration(left)} left"]
                bars.update(bar, completed=fraction, told=printable("  ".join(word for word in words if word)))

            yield tell

    def _json(self, value: Json) -> None:
        print(json.dumps(value, ensure_ascii=False), flush=True)


def _value(row: Any, column: str | Callable[[Any], Any]) -> Any:
    if callable(column):
        return column(row)
    for key in column.split("."):
        row = row.get(key) if isinstance(row, Mapping) else None
    return row


def text_of(value: Any) -> str:
    """A value as people read it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text_of(item) or item}" for key, item in value.items() if item not in (None, ""))
    return printable(str(value))


def printable(text: str) -> str:
    """Text that only prints: what other people named may not move a terminal's cursor."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def moment(text: str | None) -> str:
    """A moment of the wire in the time zone of whoever reads."""
    return "" if not text else f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


def size(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return ""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def duration(seconds: float) -> str:
    """A duration as people read it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
