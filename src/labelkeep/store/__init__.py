"""Store: content-addressed blobs, documents and manifests over a directory or a bucket (docs/design/store.md).

May import: annotations and below; no Django. Start at docs/design/store.md, then store.py.
"""

from __future__ import annotations

from labelkeep.store.backends import Backend, open_backend
from labelkeep.store.catalog import Catalog, Location, MemoryCatalog
from labelkeep.store.check import check, check_manifests
from labelkeep.store.ingest import Ingest, Stored
from labelkeep.store.names import name_of
from labelkeep.store.rebuild import rebuild, sweep
from labelkeep.store.store import Store

__all__ = [
    "Backend",
    "Catalog",
    "Ingest",
    "Location",
    "MemoryCatalog",
    "Store",
    "Stored",
    "check",
    "check_manifests",
    "name_of",
    "open_backend",
    "rebuild",
    "sweep",
]
