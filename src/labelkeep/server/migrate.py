"""The data directory: made on first use, brought up to date by a newer Labelkeep, refused by an older one.

    data-directory.json   format, the version that wrote it last, and a mark of the migrations that version knew
    labelkeep.sqlite3     the database            store/   the store            secret.key   the server's secret
    server.lock           held by the server      tmp/     what attempts at operations keep while they run
    backups-of-database/  a copy of the database from before each migration; nothing removes them

When the mark is that of the installed code nothing has to be looked at, so a start costs no import of Django here.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import labelkeep
from labelkeep.errors import Conflict
from labelkeep.server.lock import locked

FORMAT = 1  # of the directory; raised when an older Labelkeep could not read what a newer one writes
MARK = "data-directory.json"
DATABASE = "labelkeep.sqlite3"
COPIES = "backups-of-database"


@dataclass(frozen=True)
class Prepared:
    """What was done. `copy` is the database from before a migration."""

    is_new: bool = False
    migrated: bool = False
    copy: Path | None = None


def prepare(data_dir: Path, now: datetime) -> Prepared:
    """Make the data directory usable by this version: for commands that run without the server.

    Raises:
        Conflict: a newer Labelkeep has written it, or it needs to be brought up to date while a server uses it.
    """
    if _is_current(data_dir):
        return Prepared()
    with locked(data_dir):
        return prepare_locked(data_dir, now)


def prepare_locked(data_dir: Path, now: datetime) -> Prepared:
    """The same, by one who holds the lock of the directory."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _is_current(data_dir):
        return Prepared()
    is_new = not (data_dir / DATABASE).exists()
    copy = _migrate(data_dir, now)
    _write_mark(data_dir)
    return Prepared(is_new=is_new, migrated=True, copy=copy)


def copy_database(data_dir: Path, now: datetime, label: str) -> Path:
    """Copy the database as it is at one moment, through SQLite's backup API; durable when it returns."""
    folder = data_dir / COPIES
    folder.mkdir(exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%S%fZ}-{label}.sqlite3"
    partial = path.with_suffix(".partial")
    with closing(sqlite3.connect(data_dir / DATABASE)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    _sync(partial)
    partial.rename(path)
    _sync(folder)
    return path


def _is_current(data_dir: Path) -> bool:
    mark = _read_mark(data_dir)
    if mark.get("format", FORMAT) > FORMAT:
        raise _too_new(data_dir, mark.get("version", "unknown"))
    return mark.get("migrations") == _mark_of_code() and (data_dir / DATABASE).exists()


def _migrate(data_dir: Path, now: datetime) -> Path | None:
    """Apply what is missing, after a copy where there is something to lose."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    connection = connections["default"]
    executor = MigrationExecutor(connection)
    applied = set(executor.loader.applied_migrations)
    _refuse_unknown(data_dir, applied - set(executor.loader.disk_migrations))
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    copy = None
    if plan and applied:
        copy = copy_database(data_dir, now, f"before-{labelkeep.__version__}")
    if plan:
        call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    return copy


def _refuse_unknown(data_dir: Path, unknown: set[tuple[str, str]]) -> None:
    if unknown:
        written_by = _read_mark(data_dir).get("version", "unknown")
        raise _too_new(data_dir, written_by, sorted(f"{app}.{name}" for app, name in unknown))


def _too_new(data_dir: Path, version: str, unknown: Sequence[str] = ()) -> Conflict:
    why = f" (unknown here: {', '.join(unknown)})" if unknown else ""
    return Conflict(
        f"{data_dir} was written by Labelkeep {version}, which is newer than this one, {labelkeep.__version__}{why}. "
        "Nothing was changed. Install that version or a later one to open it."
    )


def _mark_of_code() -> str:
    """Changes whenever the set of migrations may have: those of our rooms by name, Django's by its version."""
    root = Path(labelkeep.__file__).parent
    ours = sorted(path.relative_to(root).as_posix() for path in root.glob("*/migrations/[0-9]*.py"))
    parts = [*ours, metadata.version("django"), labelkeep.__version__]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _read_mark(data_dir: Path) -> dict[str, Any]:
    try:
        mark = json.loads((data_dir / MARK).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Conflict(f"{data_dir / MARK} cannot be read: {error}") from error
    return mark if isinstance(mark, dict) else {}


def _write_mark(data_dir: Path) -> None:
    mark = {"format": FORMAT, "version": labelkeep.__version__, "migrations": _mark_of_code()}
    temporary = data_dir / f".{MARK}"
    temporary.write_text(json.dumps(mark, indent=2) + "\n")
    _sync(temporary)
    temporary.rename(data_dir / MARK)
    _sync(data_dir)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
