"""Which database: SQLite in the data directory, or the PostgreSQL that `LABELKEEP_DATABASE_URL` names.

Django knows it under two names. `default` writes, in short transactions. `capture` only reads, and sees one moment from
the first query of a transaction to its end, beside all writers (design.md, invariant 2).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from labelkeep.errors import BadInput

SQLITE = "labelkeep.sqlite3"
_PATIENCE = 20  # seconds that a writer waits for another, on both kinds

# Small pages: a small save is a few changed rows, and each costs its page in the log (design §5: 16 KB a patch).
_PRAGMAS = "PRAGMA page_size=2048; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
_ONE_MOMENT = r"-c default_transaction_isolation=repeatable\ read -c default_transaction_read_only=on"

Databases = dict[str, dict[str, Any]]


def databases(url: str, data_dir: Path) -> Databases:
    """What Django is told. Without an address it is SQLite.

    Raises:
        BadInput: the address cannot be understood, or the driver for it is not installed.
    """
    return _postgresql(url) if url else _sqlite(data_dir)


def _sqlite(data_dir: Path) -> Databases:
    place = {"ENGINE": "django.db.backends.sqlite3", "NAME": data_dir / SQLITE}
    return {
        "default": {
            **place,
            "CONN_MAX_AGE": None,  # a connection a thread; opening one costs more than most queries
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": _PATIENCE, "init_command": _PRAGMAS},
            "TEST": {"NAME": data_dir / "test.sqlite3"},
        },
        "capture": {
            **place,
            "OPTIONS": {
                "transaction_mode": "DEFERRED",
                "timeout": _PATIENCE,
                "init_command": "PRAGMA query_only=ON;",
            },
            "TEST": {"MIRROR": "default"},
        },
    }


def _postgresql(url: str) -> Databases:
    if find_spec("psycopg") is None:
        raise BadInput(
            "LABELKEEP_DATABASE_URL: the driver for PostgreSQL is not installed; pip install 'labelkeep[postgresql]'"
        )
    place = {"ENGINE": "django.db.backends.postgresql", **parse(url)}
    options = place.pop("OPTIONS")
    own = options.pop("options", "")
    return {
        "default": {
            **place,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,  # a server that was started again has ended all connections
            "OPTIONS": {**options, "options": f"-c lock_timeout={_PATIENCE}s {own}".strip()},
        },
        "capture": {
            **place,
            "OPTIONS": {**options, "options": f"{_ONE_MOMENT} {own}".strip()},
            "TEST": {"MIRROR": "default"},
        },
    }


def parse(url: str) -> dict[str, Any]:
    """The parts of an address, as Django calls them; what follows the `?` goes to libpq, all but the host.

    Raises:
        BadInput: it is no such address. The message does not repeat it: a password may be in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput("LABELKEEP_DATABASE_URL: host or port cannot be understood") from error
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        raise BadInput("LABELKEEP_DATABASE_URL: not of the form postgresql://user:password@host:port/name")
    options = dict(parse_qsl(parts.query))
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(port or ""),
        "OPTIONS": options,
    }
