"""Uploads at their worst moments: killed between the store and the database, a full disk, a sweep of what is left."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Forbidden, NotFound, StoreFull
from labelkeep.media import uploads, vault
from labelkeep.media.models import Upload, UploadChunk
from labelkeep.media.staged import of_uploads
from labelkeep.media.upkeep import sweep_store


class Killed(BaseException):
    """The process is gone."""


def start(alice: User, now: datetime, length: int = 10) -> tuple[Actor, Upload]:
    actor = Actor.of(alice)
    return actor, uploads.create(actor, purpose="test", filename="/u/a.bin", length=length, now=now, target_id=1)


def add(actor: Actor, upload: Upload, offset: int, data: bytes, now: datetime) -> int:
    return uploads.append(actor, upload.pk, offset=offset, body=io.BytesIO(data), length=len(data), now=now)


def test_killed_between_the_piece_and_the_offset_the_piece_is_sent_again(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, upload = start(alice, now)
    put = vault.live().put_chunk

    def killed(*args: Any) -> Any:
        put(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(vault.live(), "put_chunk", killed)
        with pytest.raises(Killed):
            add(actor, upload, 0, b"hello", now)
    upload.refresh_from_db()
    assert upload.offset == 0
    assert not UploadChunk.objects.exists()
    assert add(actor, upload, 0, b"hello", now) == 5
    assert add(actor, upload, 5, b"world", now) == 10
    with uploads.open_upload(upload.pk) as file:
        assert file.read() == b"helloworld"


def test_a_full_disk_moves_no_offset(alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, upload = start(alice, now)

    def full(*_: Any) -> Any:
        raise StoreFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(vault.live(), "put_chunk", full)
        with pytest.raises(StoreFull):
            add(actor, upload, 0, b"hello", now)
    upload.refresh_from_db()
    assert upload.offset == 0


def test_a_body_that_breaks_with_an_error_keeps_the_pieces_before_it(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 4)
    monkeypatch.setattr(uploads, "_READ", 2)
    actor, upload = start(alice, now)

    class Breaking:
        left = 3

        def read(self, size: int, /) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise OSError("connection reset")
            return b"x" * size

    with pytest.raises(OSError, match="reset"):
        uploads.append(actor, upload.pk, offset=0, body=Breaking(), length=10, now=now)
    upload.refresh_from_db()
    assert upload.offset == 4
    assert list(UploadChunk.objects.values_list("start", "size")) == [(0, 4)]


def test_an_upload_that_lacks_bytes_cannot_be_opened(alice: User, now: datetime) -> None:
    actor, upload = start(alice, now)
    add(actor, upload, 0, b"hello", now)
    with pytest.raises(BadInput, match="5 of 10 bytes"):
        uploads.open_upload(upload.pk)


def test_a_discarded_upload_is_gone_with_its_bytes(alice: User, now: datetime) -> None:
    actor, upload = start(alice, now)
    add(actor, upload, 0, b"hello", now)
    key = UploadChunk.objects.get().key
    uploads.discard([upload.pk, "unknown"])
    assert not vault.live().backend.sizes([key])
    with pytest.raises(NotFound):
        uploads.open_upload(upload.pk)
    with pytest.raises(BadInput, match="No such file"):
        list(of_uploads([upload.pk]))


def test_uploads_are_found_by_their_owner_alone(alice: User, charlie: User, now: datetime) -> None:
    _, upload = start(alice, now)
    with pytest.raises(Forbidden):
        uploads.find(Actor.of(charlie), upload.pk)
    with pytest.raises(NotFound):
        uploads.find(Actor.of(alice), upload.pk, purpose="something else")
    assert uploads.of_target(Actor.of(charlie), "test", 1) == []


def test_a_thousand_files_of_one_request_cost_few_statements(
    alice: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    with uploads.Incoming(Actor.of(alice), "test", now, 1) as incoming:
        for number in range(1000):
            incoming.begin(f"/u/{number}.png")
            incoming.receive(b"x")
            incoming.end()
        with django_assert_max_num_queries(30, connection=connection):
            kept = incoming.keep()
    assert len({staged.path for staged in of_uploads([upload.pk for upload in kept])}) == 1000


def test_small_files_of_one_request_share_an_object_and_leave_it_one_by_one(alice: User, now: datetime) -> None:
    before = {entry.key for entry in vault.live().backend.list("uploads/")}

    def objects() -> int:
        return len({entry.key for entry in vault.live().backend.list("uploads/")} - before)

    with uploads.Incoming(Actor.of(alice), "test", now, 1) as incoming:
        for number in range(3):
            incoming.begin(f"/u/{number}.png")
            incoming.receive(b"first of ")
            incoming.receive(str(number).encode())
            incoming.end()
        incoming.begin("/u/empty.png")
        incoming.end()
        kept = [upload.pk for upload in incoming.keep()]
    assert objects() == 1
    uploads.discard(kept[:2])
    assert objects() == 1
    sweep_store(clock.now() + uploads.LIFE * 3)  # the object bears the name of the first, which is gone
    assert objects() == 1
    with uploads.open_upload(kept[2]) as file:
        assert file.read() == b"first of 2"
        file.seek(6)
        assert file.read() == b"of 2"
    with uploads.open_upload(kept[3]) as file:
        assert file.read() == b""
    uploads.discard(kept[2:])
    assert objects() == 0


def test_a_large_file_among_small_ones_is_cut_into_pieces(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 10)
    files = {"/u/a": b"aaaa", "/u/b": b"b" * 27, "/u/c": b"cc", "/u/d": b"d" * 10}
    with uploads.Incoming(Actor.of(alice), "test", now, 1) as incoming:
        for name, data in files.items():
            incoming.begin(name)
            for at in range(0, len(data), 3):
                incoming.receive(data[at : at + 3])
            incoming.end()
        kept = incoming.keep()
    for upload, data in zip(kept, files.values(), strict=True):
        with uploads.open_upload(upload.pk) as file:
            assert file.read() == data
