"""Files on their way in: rows say how far each has come, the store's staging area holds the bytes.

A piece is durable in the store before `offset` moves over it, and `offset` moves by compare-and-set, so two senders of
the same piece, a cut connection and a kill at any instant leave either the old offset or the new one with its bytes.
Uploads are private: only their owner may see, extend or use one (spec/cvat-protocol.md §6.2).
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from django.conf import settings
from django.db import transaction

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Conflict, Forbidden, NotFound, TooLarge
from labelkeep.media import space, vault
from labelkeep.media.models import Upload, UploadChunk
from labelkeep.store.reading import RangeFile
from labelkeep.transactions import hold

if TYPE_CHECKING:
    from labelkeep.accounts.actor import Actor

PIECE = 8 * 2**20  # bytes that a cut connection can cost at most
LIFE = timedelta(hours=24)  # since the last byte arrived
_READ = 2**20
_BATCH = 500  # ids in one IN (…)


class Readable(Protocol):
    """What a request body is: bytes, in order, once."""

    def read(self, size: int, /) -> bytes: ...


class WrongOffset(Conflict):
    """The sender is not where the upload is; `offset` says where it is."""

    code = "wrong-offset"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload stands at offset {offset}")
        self.offset = offset


def limit() -> int:
    """The largest length that one upload may have."""
    return int(settings.CONFIGURATION.upload_limit)


def check_length(length: int) -> None:
    """Refuse what is too long before a byte of it is read.

    Raises:
        TooLarge: `length` is above the configured limit.
        BadInput: `length` is negative.
    """
    if length < 0:
        raise BadInput("Upload-Length must not be negative")
    if length > limit():
        raise TooLarge(f"File size exceeds max limit of {limit()} bytes")


def create(
    actor: Actor, *, purpose: str, filename: str, length: int, now: datetime, target_id: int | None = None
) -> Upload:
    """Announce a file of `length` bytes; nothing of it has arrived yet."""
    check_length(length)
    space.require(length, f"The upload of {filename}")
    return Upload.objects.create(**_row(actor.user, purpose, filename, length, now, target_id))


def find(actor: Actor, upload_id: str, *, purpose: str | None = None) -> Upload:
    """The actor's own upload.

    Raises:
        NotFound: there is no such upload, or it is for something else.
        Forbidden: it is somebody else's.
    """
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None or (purpose is not None and upload.purpose != purpose):
        raise NotFound()
    if upload.owner_id != actor.user.pk:
        raise Forbidden()
    return upload


def of_target(actor: Actor, purpose: str, target_id: int) -> list[Upload]:
    """What the actor has sent for one target, in the order of arrival."""
    rows = Upload.objects.filter(owner_id=actor.user.pk, purpose=purpose, target_id=target_id)
    return list(rows.order_by("created_date", "filename", "id"))


def append(actor: Actor, upload_id: str, *, offset: int, body: Readable, length: int, now: datetime) -> int:
    """Take up to `length` bytes of `body` at `offset`; return the new offset.

    The body is kept piece by piece: each is durable, then the offset moves over it. Where the body ends early, what
    came is kept, and the returned offset says how far that was.

    Raises:
        WrongOffset: the upload stands elsewhere, or another sender was faster.
        TooLarge: the body would reach beyond the announced length; nothing is taken.
    """
    upload = find(actor, upload_id)
    if offset != upload.offset:
        raise WrongOffset(upload.offset)
    if offset + length > upload.length:
        raise TooLarge(f"The chunk ends at {offset + length}, beyond the announced length {upload.length}")
    end = offset + length
    while offset < end:
        size = _append_piece(upload, offset, body, min(PIECE, end - offset), now)
        if size == 0:
            break
        offset += size
    return offset


def _append_piece(upload: Upload, offset: int, body: Readable, size: int, now: datetime) -> int:
    head = body.read(min(_READ, size))
    if not head:
        return 0
    store = vault.live()
    key, written = store.put_chunk(upload.pk, offset, _piece(head, body, size))
    with transaction.atomic():
        moved = Upload.objects.filter(pk=upload.pk, offset=offset).update(
            offset=offset + written, expires_date=now + LIFE
        )
        if moved:
            UploadChunk.objects.create(upload_id=upload.pk, start=offset, size=written, key=key)
    if not moved:
        _drop_unless_kept(upload.pk, key)
        raise WrongOffset(_offset_now(upload.pk))
    return written


def _piece(head: bytes, body: Readable, size: int) -> Iterator[bytes]:
    """`head` and then the rest of the piece, as it comes; an early end is the end of the piece."""
    yield head
    left = size - len(head)
    while left and (data := body.read(min(_READ, left))):
        yield data
        left -= len(data)


def _drop_unless_kept(upload_id: str, key: str) -> None:
    if not UploadChunk.objects.filter(upload_id=upload_id, key=key).exists():
        vault.live().delete_chunks([key])


def _offset_now(upload_id: str) -> int:
    offset = Upload.objects.filter(pk=upload_id).values_list("offset", flat=True).first()
    if offset is None:
        raise NotFound()
    return offset


def _row(
    owner: User, purpose: str, filename: str, length: int, now: datetime, target_id: int | None
) -> dict[str, object]:
    if not filename or len(filename) > 1024 or "\0" in filename:
        raise BadInput(f"File name {filename[:80]!r} is not allowed")
    return {
        "id": f"{owner.pk}_{uuid.uuid4()}",
        "owner": owner,
        "purpose": purpose,
        "target_id": target_id,
        "filename": filename,
        "length": length,
        "created_date": now,
        "expires_date": now + LIFE,
    }


@dataclass
class Incoming:
    """The file parts of one multipart body. Bytes go to the store as they come, rows are written together by `keep`.

    Small files wait for each other and share an object: a sync to disk a picture would be most of the time.
    Use as a context manager: leaving it without `keep` removes what was stored.
    """

    actor: Actor
    purpose: str
    now: datetime
    target_id: int | None = None
    permit: Callable[[int], None] = lambda size: None  # is told how much has come; raises to take no more
    _uploads: list[Upload] = field(default_factory=list)
    _chunks: list[UploadChunk] = field(default_factory=list)
    _buffer: list[bytes] = field(default_factory=list)
    _buffered: int = 0
    _pending: list[UploadChunk] = field(default_factory=list)  # pieces in the buffer, their key still unknown
    _received: int = 0
    _kept: bool = False

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept and self._chunks:
            vault.live().delete_chunks({chunk.key for chunk in self._chunks})

    def begin(self, filename: str) -> None:
        """The next file starts."""
        self._uploads.append(Upload(**_row(self.actor.user, self.purpose, filename, 0, self.now, self.target_id)))

    def receive(self, data: bytes) -> None:
        """The next bytes of the present file."""
        upload = self._uploads[-1]
        check_length(upload.length + len(data))
        self._received += len(data)
        self.permit(self._received)
        if not self._pending or self._pending[-1].upload is not upload:
            piece = UploadChunk(upload=upload, start=upload.length, size=0, position=self._buffered)
            self._pending.append(piece)
        self._pending[-1].size += len(data)
        upload.length += len(data)
        self._buffer.append(data)
        self._buffered += len(data)
        if self._buffered >= PIECE:
            self._flush()

    def end(self) -> None:
        """The present file is whole."""
        self._uploads[-1].offset = self._uploads[-1].length

    def keep(self) -> list[Upload]:
        """Write the rows: from now on the files are there. A file sent again replaces the earlier one."""
        self._flush()
        with transaction.atomic():
            hold(User.objects.filter(pk=self.actor.id))  # of two that send the same file at once, one is replaced
            replaced = self._replaced()
            Upload.objects.bulk_create(self._uploads, batch_size=_BATCH)
            UploadChunk.objects.bulk_create(self._chunks, batch_size=_BATCH)
        self._kept = True
        discard(replaced)
        return self._uploads

    def _flush(self) -> None:
        if not self._pending:
            return
        first = self._pending[0]
        key, _ = vault.live().put_chunk(first.upload_id, first.start, self._buffer)
        for piece in self._pending:
            piece.key = key
        self._chunks += self._pending
        self._buffer, self._buffered, self._pending = [], 0, []

    def _replaced(self) -> list[str]:
        if self.target_id is None:
            return []
        names = {upload.filename for upload in self._uploads}
        earlier = Upload.objects.filter(owner=self.actor.user, purpose=self.purpose, target_id=self.target_id)
        return [pk for pk, name in earlier.values_list("pk", "filename") if name in names]


def open_upload(upload_id: str) -> BinaryIO:
    """The bytes of a whole upload as one seekable file.

    Raises:
        NotFound: it is gone (used, discarded or expired).
        BadInput: bytes are still missing.
    """
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise NotFound("No such file were uploaded")
    check_whole(upload)
    return open_pieces(UploadChunk.objects.filter(upload_id=upload_id).order_by("start"))


def open_pieces(pieces: Iterable[UploadChunk]) -> BinaryIO:
    """The bytes of pieces, one after the other, as one seekable file."""
    ranges = [(piece.key, piece.position, piece.size) for piece in pieces]
    buffer = max(1, min(_READ, sum(size for _, _, size in ranges)))
    return cast(BinaryIO, io.BufferedReader(RangeFile(ranges, vault.live().backend), buffer))


def check_whole(upload: Upload) -> None:
    """Raise BadInput where bytes of the upload are still missing."""
    if upload.offset != upload.length:
        raise BadInput(
            [f"The upload of {upload.filename} is not complete: {upload.offset} of {upload.length} bytes came"]
        )


def opener(upload_id: str) -> Callable[[], BinaryIO]:
    """A function that opens the upload, for those who take openers."""
    return lambda: open_upload(upload_id)


def discard(upload_ids: Iterable[str]) -> None:
    """Forget uploads: rows first, then their bytes. Unknown ids are ignored."""
    for batch in _batches(list(upload_ids)):
        with transaction.atomic():
            keys = set(UploadChunk.objects.filter(upload_id__in=batch).values_list("key", flat=True))
            Upload.objects.filter(pk__in=batch).delete()
            for some in _batches(list(keys)):
                keys -= set(UploadChunk.objects.filter(key__in=some).values_list("key", flat=True))
        vault.live().delete_chunks(keys)


def expire(now: datetime) -> int:
    """Remove uploads that nobody has continued for a day; return how many. Pieces without a row are `store.sweep`'s."""
    late = list(Upload.objects.filter(expires_date__lt=now).values_list("pk", flat=True))
    discard(late)
    return len(late)


def known_to_store() -> set[str]:
    """The names under which pieces that are still needed lie in the store's staging area."""
    keys = UploadChunk.objects.values_list("key", flat=True).iterator()
    return {key.split("/")[1] for key in keys} | set(Upload.objects.values_list("pk", flat=True))


def prolong(upload_ids: Collection[str], until: datetime) -> None:
    """Keep uploads that background work will read, at least until then."""
    for batch in _batches(list(upload_ids)):
        Upload.objects.filter(pk__in=batch, expires_date__lt=until).update(expires_date=until)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
