"""The data directory: made on first use, brought up to date by a newer Labelkeep, refused by an older one.

    data-directory.json   format, the version that wrote it last, and a mark of the migrations that version knew
    labelkeep.sqlite3     the database            store/   the store            secret.key   the server's secret
    server.lock           held by the server      tmp/     what attempts at operations keep while they run
    backups-of-database/  a copy of the database from before each migration; nothing removes them

When the mark is that of the installed code nothing has to be looked at, so a start costs no import of Django here.

Of a PostgreSQL database (`database_url`) no copy is made: its migrations are one transaction, so an upgrade that fails
leaves what was there; what guards against regret is the operator's own dump (docs/operating/postgresql.md). It has a
mark of its own, beside that of the directory (postgresql.py).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import labelkeep
from labelkeep.errors import Conflict
from labelkeep.server import postgresql
from labelkeep.server.database import SQLITE as DATABASE
from labelkeep.server.lock import locked

FORMAT = 1  # of the directory; raised when an older Labelkeep could not read what a newer one writes
MARK = "data-directory.json"
COPIES = "backups-of-database"


@dataclass(frozen=True)
class Prepared:
    """What was done. `copy` is the database from before a migration."""

    is_new: bool = False
    migrated: bool = False
    copy: Path | None = None


def prepare(data_dir: Path, now: datetime, database_url: str = "") -> Prepared:
    """Make the data directory usable by this version: for commands that run without the server.

    Raises:
        Conflict: a newer Labelkeep has written it, or it needs to be brought up to date while a server uses it.
        BadInput, Unavailable: PostgreSQL cannot be reached this way.
    """
    if _is_current(data_dir, database_url):
        return Prepared()
    with locked(data_dir):
        return prepare_locked(data_dir, now, database_url)


def prepare_locked(data_dir: Path, now: datetime, database_url: str = "") -> Prepared:
    """The same, by one who holds the lock of the directory."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _is_current(data_dir, database_url):
        return Prepared()
    if database_url:
        done = _prepare_postgresql(data_dir, database_url)
    else:
        is_new = not (data_dir / DATABASE).exists()
        done = Prepared(is_new=is_new, migrated=True, copy=_migrate(data_dir, now))
    _write_mark(data_dir)
    return done


def _prepare_postgresql(data_dir: Path, url: str) -> Prepared:
    """Whoever else is at it, with a data directory of its own, is waited for."""
    with postgresql.alone(url):
        is_new = not postgresql.read_mark(url)
        _migrate(data_dir, None, url)
        postgresql.write_mark(url, _mark())
    return Prepared(is_new=is_new, migrated=True)


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


def _is_current(data_dir: Path, database_url: str) -> bool:
    if not _is_marked(_read_mark(data_dir), data_dir):
        return False
    if database_url:
        return _is_marked(postgresql.read_mark(database_url), "the database")
    return (data_dir / DATABASE).exists()


def _is_marked(mark: dict[str, Any], what: object) -> bool:
    if mark.get("format", FORMAT) > FORMAT:
        raise _too_new(what, mark.get("version", "unknown"))
    return bool(mark.get("migrations") == _mark_of_code())


def _migrate(data_dir: Path, now: datetime | None, database_url: str = "") -> Path | None:
    """Apply what is missing: all of it or nothing; of SQLite, after a copy (`now`) where there is something to lose."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connections, transaction
    from django.db.migrations.executor import MigrationExecutor

    connection = connections["default"]
    executor = MigrationExecutor(connection)
    applied = set(executor.loader.applied_migrations)
    _refuse_unknown(data_dir, database_url, applied - set(executor.loader.disk_migrations))
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    copy = None
    if plan and applied and now is not None:
        copy = copy_database(data_dir, now, f"before-{labelkeep.__version__}")
    if plan:
        with transaction.atomic() if database_url else nullcontext():  # SQLite cannot change its tables within one
            call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    return copy


def _refuse_unknown(data_dir: Path, database_url: str, unknown: set[tuple[str, str]]) -> None:
    if unknown:
        mark = postgresql.read_mark(database_url) if database_url else _read_mark(data_dir)
        what = "the database" if database_url else data_dir
        raise _too_new(what, mark.get("version", "unknown"), sorted(f"{app}.{name}" for app, name in unknown))


def _too_new(what: object, version: str, unknown: Sequence[str] = ()) -> Conflict:
    why = f" (unknown here: {', '.join(unknown)})" if unknown else ""
    return Conflict(
        f"{what} was written by Labelkeep {version}, which is newer than this one, {labelkeep.__version__}{why}. "
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


def _mark() -> dict[str, Any]:
    return {"format": FORMAT, "version": labelkeep.__version__, "migrations": _mark_of_code()}


def _write_mark(data_dir: Path) -> None:
    temporary = data_dir / f".{MARK}"
    temporary.write_text(json.dumps(_mark(), indent=2) + "\n")
    _sync(temporary)
    temporary.rename(data_dir / MARK)
    _sync(data_dir)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
