"""Keys: where each kind of object lies in a store, made and parsed in one place.

    store.json                                          format version, owner server, naming mode
    packs/<2>/<writer>-<number>.zip                     many members in one object
    index/<2>/<writer>-<number>.zst                     what the pack of the same number holds
    blobs/<2>/<hash>.<size>-<crc32>-<writer>            one blob
    documents/<2>/<hash>.<size>-<crc32>-<writer>        one document, zstd
    manifests/<group uuid>/<created>-<backup>           one backup
    uploads/<upload>/<start>-<writer>                   a piece of an upload
    ingests/<writer>                                    an ingest that has not finished

Every key but the first ends in, or begins with, the random id of the one writer that made it. So no key is ever written
twice, and deleting an object can never hit one that somebody else has just written. A lone object's key says all that
the catalog needs, so the catalog is rebuilt from a listing.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from labelkeep.errors import BadInput
from labelkeep.store.catalog import Kind, Location
from labelkeep.store.names import from_hex, hex_of

CONFIG = "store.json"
PACKS, INDEX, BLOBS, DOCUMENTS = "packs/", "index/", "blobs/", "documents/"
MANIFESTS, UPLOADS, INGESTS = "manifests/", "uploads/", "ingests/"

_LONE = re.compile(r"(blobs|documents)/[0-9a-f]{2}/([0-9a-f]{64})\.([0-9]+)-([0-9a-f]{8})-([0-9a-f]{16})")
_PACK = re.compile(r"packs/([0-9a-f]{2}/([0-9a-f]{16})-[0-9]{6})\.zip")
_BACKUP = re.compile(
    r"manifests/[^/]+/[0-9]{8}T[0-9.]+Z-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


def new_writer() -> str:
    """A random id for one writer, 64 bits."""
    return secrets.token_hex(8)


def pack(writer: str, number: int) -> str:
    """Key of a writer's n-th pack."""
    return f"{PACKS}{writer[:2]}/{writer}-{number:06}.zip"


def index_of(pack_key: str) -> str:
    """Key of the index object of a pack."""
    match = _PACK.fullmatch(pack_key)
    if not match:
        raise BadInput(f"not the key of a pack: {pack_key!r}")
    return f"{INDEX}{match[1]}.zst"


def pack_of(index_key: str) -> str:
    """Key of the pack that an index object describes."""
    return f"{PACKS}{index_key.removeprefix(INDEX).removesuffix('.zst')}.zip"


def lone(name: str, kind: Kind, size: int, crc32: int, writer: str) -> str:
    """Key of an object that holds one blob or document alone."""
    digits = hex_of(name)
    folder = BLOBS if kind == "blob" else DOCUMENTS
    return f"{folder}{digits[:2]}/{digits}.{size}-{crc32:08x}-{writer}"


def parse_lone(key: str, stored_size: int) -> Location | None:
    """The location that a lone object's key tells; None where the key is not one."""
    match = _LONE.fullmatch(key)
    if not match:
        return None
    kind: Kind = "blob" if match[1] == "blobs" else "document"
    return Location(from_hex(match[2]), kind, int(match[3]), stored_size, int(match[4], 16), key)


def writer_of(key: str) -> str | None:
    """The writer that made a pack or a lone object; None for other keys."""
    if match := _PACK.fullmatch(key):
        return match[2]
    match = _LONE.fullmatch(key)
    return match[5] if match else None


def manifest(group: str, created: datetime, backup: str) -> str:
    """Key of a manifest; keys of one group sort by time. `created` must be aware.

    Raises:
        BadInput: group or backup cannot stand in a key.
    """
    moment = created.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{MANIFESTS}{_segment(group)}/{moment}-{_segment(backup)}"


def backup_in(manifest_key: str) -> str | None:
    """The backup that a manifest's key names, where it is a uuid; None for others."""
    match = _BACKUP.fullmatch(manifest_key)
    return match[1] if match else None


def manifests_of(group: str) -> str:
    """Prefix of all manifests of one group."""
    return f"{MANIFESTS}{_segment(group)}/"


def chunk(upload: str, start: int, writer: str) -> str:
    """Key of a piece of an upload."""
    return f"{UPLOADS}{_segment(upload)}/{start:016}-{writer}"


def ingest(writer: str) -> str:
    """Key of the marker of an ingest that has not finished."""
    return f"{INGESTS}{writer}"


def _segment(text: str) -> str:
    if not _SEGMENT.fullmatch(text):
        raise BadInput(f"cannot stand in a key: {text[:80]!r}")
    return text
