"""The live store of this process: opened, or made at the very first start, when somebody first asks for it."""

from __future__ import annotations

import threading
import uuid

from django.conf import settings

from labelkeep.errors import Conflict, Missing
from labelkeep.media.catalog import DatabaseCatalog
from labelkeep.store import Store, open_backend

_lock = threading.Lock()
_live: Store | None = None


def live() -> Store:
    """The store under the data directory, with the database as its catalog.

    Raises:
        StoreError: a newer Labelkeep has written it, or it cannot be read.
    """
    global _live
    if _live is None:
        with _lock:
            if _live is None:
                _live = _open()
    return _live


def reset() -> None:
    """Forget the open store; the next `live()` opens it again. For tests that change the data directory."""
    global _live
    with _lock:
        _live = None


def _open() -> Store:
    backend, catalog = open_backend(settings.DATA_DIR / "store"), DatabaseCatalog()
    try:
        return Store.open(backend, catalog=catalog)
    except Missing:
        try:
            return Store.create(backend, server=str(uuid.uuid4()), catalog=catalog)
        except Conflict:  # another process was first
            return Store.open(backend, catalog=catalog)
