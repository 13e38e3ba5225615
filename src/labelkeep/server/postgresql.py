"""What the server asks a PostgreSQL database itself, without Django, which would cost a second at each start.

The mark of the version that wrote the database last lies in the database, as the comment of Django's own table: so it
goes where the database goes, into a dump and out of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkeep.errors import Conflict, Unavailable
from labelkeep.server.database import databases

if TYPE_CHECKING:
    import psycopg

_TABLE = "django_migrations"
_PATIENCE = 10  # seconds to wait for a connection


def read_mark(url: str) -> dict[str, Any]:
    """Who wrote the database last; nothing of one that is new.

    Raises:
        BadInput: the driver is missing, or this is no address. Unavailable: the database does not answer.
        Conflict: the table's comment is not ours.
    """
    with _connected(url) as connection:
        row = connection.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [_TABLE]).fetchone()
    comment = row[0] if row else None
    try:
        mark = json.loads(comment or "{}")
    except ValueError as error:
        raise Conflict(f"The comment of the table {_TABLE} cannot be read: {error}") from error
    return mark if isinstance(mark, dict) else {}


def write_mark(url: str, mark: dict[str, Any]) -> None:
    """Note who wrote the database last."""
    from psycopg import sql

    statement = sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(_TABLE), sql.Literal(json.dumps(mark)))
    with _connected(url) as connection:
        connection.execute(statement)


def has_users(url: str) -> bool:
    """Whether there is anybody who could log in."""
    with _connected(url) as connection:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)").fetchone()
    return bool(row and row[0])


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold what those hold who bring the database up to date; waits for one that is at it."""
    with _connected(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('labelkeep.migrate'))")
        yield


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    databases(url, Path())  # says what is wrong with the address, or missing
    import psycopg

    try:
        connection = psycopg.connect(url, connect_timeout=_PATIENCE)
    except psycopg.OperationalError as error:
        raise Unavailable(f"LABELKEEP_DATABASE_URL: {str(error).strip()}") from error
    with connection:
        yield connection
