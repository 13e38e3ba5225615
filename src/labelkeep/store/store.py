"""The store: one door to blobs, documents, manifests and the staging area of uploads (docs/design/store.md)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO, Literal, Self, cast

import msgspec
from isal.isal_zlib import crc32 as crc32_of

from labelkeep.errors import BadInput, Conflict, Damaged, StoreError
from labelkeep.store import keys
from labelkeep.store.backends.base import Backend, Piece
from labelkeep.store.catalog import Catalog, Location
from labelkeep.store.codec import compress, decompress
from labelkeep.store.ingest import Ingest
from labelkeep.store.names import name_of
from labelkeep.store.presence import missing
from labelkeep.store.reading import PIECE, ContentReader, RangeFile

FORMAT = 1


class Config(msgspec.Struct, kw_only=True):
    """`store.json`."""

    format: int = FORMAT
    server: str  # uuid of the owner, the only server that deletes here
    naming: Literal["plain"] = "plain"  # names are hashes of the content; keyed names come with encryption


class _Version(msgspec.Struct):
    format: int


class Store:
    """Content by name, manifests by key. Safe from several threads and processes."""

    def __init__(self, backend: Backend, config: Config, catalog: Catalog) -> None:
        self.backend = backend
        self.catalog = catalog
        self.server = config.server
        self._content = ContentReader(backend, catalog)

    @classmethod
    def create(cls, backend: Backend, *, server: str, catalog: Catalog) -> Self:
        """Make a store in an empty place.

        Raises:
            Conflict: there is one already.
        """
        if keys.CONFIG in backend.sizes([keys.CONFIG]):
            raise Conflict("there is a store already")
        config = Config(server=server)
        backend.put(keys.CONFIG, [msgspec.json.format(msgspec.json.encode(config)) + b"\n"], create=True)
        made = cls.open(backend, catalog=catalog)
        if made.server != server:  # a backend that ignores `create` let somebody else in after us
            raise Conflict("there is a store already")
        return made

    @classmethod
    def open(cls, backend: Backend, *, catalog: Catalog) -> Self:
        """Open a store.

        Raises:
            Missing: there is none.
            StoreError: it was written by a newer Labelkeep.
            Damaged: `store.json` cannot be understood.
        """
        data = backend.get(keys.CONFIG)
        try:
            version = msgspec.json.decode(data, type=_Version).format
            if version > FORMAT:
                raise StoreError(
                    f"the store has format {version}; this Labelkeep reads up to {FORMAT}: use a newer Labelkeep"
                )
            return cls(backend, msgspec.json.decode(data, type=Config), catalog)
        except msgspec.DecodeError as error:
            raise Damaged(f"{keys.CONFIG} cannot be understood: {error}") from error

    # Content

    def put_document(self, data: bytes) -> str:
        """Keep a document; it is durable and known when its name returns. The same bytes are kept once."""
        name = name_of(data)
        if self.catalog.rescue([name]):
            return name
        crc32, stored = crc32_of(data), compress(data)
        key = keys.lone(name, "document", len(data), crc32, keys.new_writer())
        self.backend.put(key, [stored])
        if self.catalog.record([Location(name, "document", len(data), len(stored), crc32, key)]):
            with suppress(StoreError):  # another writer was first; sweep removes second copies too
                self.backend.delete([key])
        return name

    def get_document(self, name: str) -> bytes:
        """The canonical bytes of a document.

        Raises:
            Missing: it is not in the store.
            Damaged: what is there does not hash to `name`.
        """
        return self._content.read(name)

    def ingest(self) -> Ingest:
        """Begin to add blobs and documents that arrive together; use as a context manager."""
        return Ingest(self.backend, self.catalog)

    def read_blob(self, name: str) -> bytes:
        """A blob in memory, verified; for small ones. Raises as `get_document`."""
        return self._content.read(name)

    def stream_blob(self, name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A blob, or a range of it, piece by piece.

        Up to 4 MiB it is verified before the first piece; above, the last piece is given only when the whole proved
        right. A range of a large one cannot be verified. Raises as `get_document`.
        """
        return self._content.stream(name, start, length)

    def open_blob(self, name: str) -> BinaryIO:
        """A blob as a seekable, buffered file. Raises as `get_document`; a large one is not verified."""
        return self._content.open(name)

    def missing(self, names: Iterable[tuple[str, int]]) -> list[str]:
        """Those of `(name, size)` whose presence the store's own listing does not prove (invariant 3)."""
        return missing(self.backend, self.catalog, names)

    # Manifests

    def put_manifest(self, data: bytes, *, group: str, created: datetime, backup: str) -> str:
        """Keep a manifest; durable when its key returns. The last thing that is written of a backup."""
        key = keys.manifest(group, created, backup)
        self.backend.put(key, [compress(data)])
        return key

    def list_manifests(self, group: str | None = None) -> Iterator[str]:
        """Keys of all manifests, or of one group's."""
        prefix = keys.MANIFESTS if group is None else keys.manifests_of(group)
        return (entry.key for entry in self.backend.list(prefix))

    def get_manifest(self, key: str) -> bytes:
        """The bytes of a manifest.

        Raises:
            BadInput: `key` is not a manifest's.
            Missing: there is none.
            Damaged: its checksum is wrong.
        """
        if not key.startswith(keys.MANIFESTS):
            raise BadInput(f"not the key of a manifest: {key[:80]!r}")
        return decompress(self.backend.get(key), key)

    def delete_manifest(self, key: str) -> None:
        """Remove a manifest; one that is gone is passed over.

        Raises:
            BadInput: `key` is not a manifest's.
        """
        if not key.startswith(keys.MANIFESTS):
            raise BadInput(f"not the key of a manifest: {key[:80]!r}")
        self.backend.delete([key])

    # Uploads

    def put_chunk(self, upload: str, start: int, data: Iterable[bytes]) -> tuple[str, int]:
        """Keep the next piece of an upload; durable when its key and size return.

        Where `data` raises, nothing of it is kept. Where it is empty, nothing is written and the key is empty.
        """
        pieces = _not_empty(data)
        first = next(pieces, None)
        if first is None:
            return "", 0
        key = keys.chunk(upload, start, keys.new_writer())
        return key, self.backend.put(key, _chain(first, pieces))

    def open_chunks(self, chunks: Sequence[tuple[str, int]]) -> BinaryIO:
        """All `(key, size)` one after the other as one seekable file."""
        ranges = [(key, 0, size) for key, size in chunks if size]
        return cast(BinaryIO, io.BufferedReader(RangeFile(ranges, self.backend), PIECE))

    def delete_chunks(self, chunk_keys: Iterable[str]) -> None:
        """Remove pieces; those that are gone are passed over."""
        wanted = [key for key in chunk_keys if key]
        if wrong := [key for key in wanted if not key.startswith(keys.UPLOADS)]:
            raise BadInput(f"not the key of a chunk: {wrong[0][:80]!r}")
        self.backend.delete(wanted)


def _not_empty(data: Iterable[bytes]) -> Iterator[bytes]:
    return (piece for piece in data if piece)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[Piece]:
    yield first
    yield from rest
