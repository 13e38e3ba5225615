"""Makes the golden store of the present format: `python -m tests.golden.make_store FOLDER`.

Run once for each format version, when it is new; the result is kept for ever (invariant 11) and never made again.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from labelkeep.store import MemoryCatalog, Store, open_backend

SERVER = "0f3a2c1e-5d1b-4c7e-9a57-2b64f0c6d001"
GROUP = "7b0e1f5a-8f2f-4f4e-8f0e-3d1f2a6b9c01"
BACKUP = "c2d9c9f4-6f7a-4a53-9f0a-1f9a3a3c4b01"
BLOBS = [b"first blob", b"", bytes(range(256)) * 8]
PACKED_DOCUMENT = b'{"kind":"frames","version":1,"count":0,"pages":[]}'
LONE_DOCUMENT = b'{"kind":"task","format":1}'
LONE_BLOB = b"a blob that came alone"
MANIFEST = b'{"kind":"backup","format":1,"name":"golden"}'
CREATED = datetime(2026, 11, 20, 12, 0, 0, 250_000, UTC)


def make(folder: Path) -> None:
    """Write a store that uses everything that the format has."""
    store = Store.create(open_backend(folder), server=SERVER, catalog=MemoryCatalog())
    with store.ingest() as ingest:
        for blob in BLOBS:
            ingest.add_bytes(blob)
        ingest.put_document(PACKED_DOCUMENT)
    with store.ingest() as ingest:
        ingest.add_bytes(LONE_BLOB)
    store.put_document(LONE_DOCUMENT)
    store.put_manifest(MANIFEST, group=GROUP, created=CREATED, backup=BACKUP)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
