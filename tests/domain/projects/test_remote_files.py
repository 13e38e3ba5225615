"""Tasks whose files lie at addresses: fetched by the operation, all of them or none; secrets are not remembered."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from tests.support import media
from tests.support.configuration import configured
from tests.support.hosts import answers, breaks_off, host, sends
from tests.support.projects import a_task

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Forbidden
from labelkeep.media import vault
from labelkeep.media.cache import DiskCache
from labelkeep.media.frames import Frames
from labelkeep.media.ingest import DataParams
from labelkeep.operations import claims, temporary
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.actions.attach_data import attach_data
from labelkeep.projects.models import Task


@pytest.fixture(autouse=True)
def loopback(settings):
    configured(settings, allow_private_addresses=("127.0.0.0/8",))


def attached(alice, now, *urls: str, **params: Any) -> tuple[Task, Operation]:
    """A task of these addresses, after its operation was carried out once."""
    task = a_task(alice, frames=0)
    given = DataParams(remote_files=list(urls), **params)
    operation = attach_data(actor=Actor.of(alice), now=now, task=task, params=given)
    run_queued()
    operation.refresh_from_db()
    task.refresh_from_db()
    return task, operation


def test_pictures_become_frames_in_order_of_name(alice, now, tmp_path):
    pictures = {f"/deep/{name}.png": media.image_bytes(number) for number, name in enumerate("ab")}
    with host({path: sends(data) for path, data in pictures.items()}) as there:
        task, operation = attached(alice, now, there.url("/deep/b.png"), there.url("/deep/a.png"))
    assert operation.status == Status.FINISHED, operation.message
    frames = Frames(task, vault.live(), DiskCache(tmp_path))
    assert [frame.path for frame in frames.read()] == ["a.png", "b.png"]
    assert b"".join(frames.frame(1, original=True).body) == pictures["/deep/b.png"]
    assert task.storage == "local"


@pytest.mark.parametrize(("name", "data"), [("clip.mp4", media.video_bytes(5)), ("set.zip", media.zip_bytes({}))])
def test_a_video_or_an_archive_is_what_it_would_be_if_sent(alice, now, name, data):
    if name == "set.zip":
        data = media.zip_bytes({f"in/{n}.png": media.image_bytes(n) for n in range(5)})
    with host({f"/{name}?sig=x": sends(data, counted=False)}) as there:
        task, operation = attached(alice, now, there.url(f"/{name}?sig=x"))
    assert operation.status == Status.FINISHED, operation.message
    assert (task.size, task.mode) == (5, "interpolation" if name == "clip.mp4" else "annotation")


def test_one_file_that_is_not_there_leaves_the_task_without_any(alice, now):
    with host({"/a.png": sends(media.image_bytes()), "/b.png": answers(404)}) as there:
        task, operation = attached(alice, now, there.url("/a.png"), there.url("/b.png", login="ann:hunter2"))
    assert operation.status == Status.FAILED
    assert operation.message == f"{there.url('/b.png')} cannot be fetched: the server answered 404"
    assert not task.has_data
    assert not temporary.directory_of(operation).exists()


def test_what_is_no_picture_is_named(alice, now):
    with host({"/a.png": sends(b"<html>log in first</html>")}) as there:
        _, operation = attached(alice, now, there.url("/a.png"))
    assert operation.message.startswith("a.png: ")


def test_a_private_address_is_refused_unless_the_operator_allows_it(alice, now, settings):
    configured(settings, allow_private_addresses=())
    with host({"/a.png": sends(media.image_bytes())}) as there:
        task, operation = attached(alice, now, there.url("/a.png"))
        assert there.asked == []
    assert "LABELKEEP_ALLOW_PRIVATE_ADDRESSES" in operation.message
    assert not task.has_data


def test_more_than_an_upload_may_have_is_refused(alice, now, settings):
    configured(settings, upload_limit=1000)
    with host({"/a.png": sends(b"x" * 1001)}) as there:
        _, operation = attached(alice, now, there.url("/a.png"))
    assert "more than 1000 bytes" in operation.message


def test_a_host_that_breaks_off_is_asked_again_later(alice, now):
    data = media.image_bytes()
    paths = {"/a.png": breaks_off(data[:50], len(data))}
    with host(paths) as there:
        task, operation = attached(alice, now, there.url("/a.png"))
        assert (operation.status, operation.attempts) == (Status.QUEUED, 1)
        assert "broke off" in operation.message
        paths["/a.png"] = sends(data)
        run_queued(operation.lease_until)
    operation.refresh_from_db()
    assert operation.status == Status.FINISHED, operation.message
    task.refresh_from_db()
    assert task.size == 1


def test_a_host_that_never_comes_back_is_given_up(alice, now):
    with host({"/a.png": answers(503)}) as there:
        _, operation = attached(alice, now, there.url("/a.png"))
        while operation.status == Status.QUEUED:
            run_queued(operation.lease_until)
            operation.refresh_from_db()
        assert len(there.asked) == claims.ATTEMPTS
    assert operation.status == Status.FAILED
    assert "answered 503" in operation.message


def test_addresses_are_forgotten_when_the_operation_has_ended(alice, now):
    with host({"/a.png?sig=s3cret": sends(media.image_bytes())}) as there:
        _, operation = attached(alice, now, there.url("/a.png?sig=s3cret", login="ann:hunter2"))
    assert operation.status == Status.FINISHED, operation.message
    assert operation.params["data"]["remote_files"] == []
    assert "s3cret" not in repr(Operation.objects.values().get())


def test_a_stranger_has_nothing_fetched(alice, bob, charlie, now):
    task = a_task(alice, frames=0)
    for other in (bob, charlie):
        with pytest.raises(Forbidden):
            attach_data(
                actor=Actor.of(other), now=now, task=task, params=DataParams(remote_files=["http://e.example/a.png"])
            )
    assert not Operation.objects.exists()


def test_a_picture_is_the_bytes_that_the_host_sent(alice, now, tmp_path):
    photo = media.image_bytes(3, "jpg", (64, 48), orientation=6)
    with host({"/Gr%C3%B6%C3%9Fe%201.jpg": sends(photo)}) as there:
        task, operation = attached(alice, now, there.url("/Größe 1.jpg"))
    assert operation.status == Status.FINISHED, operation.message
    served = Frames(task, vault.live(), DiskCache(tmp_path)).frame(0, original=False)
    assert Image.open(io.BytesIO(b"".join(served.body))).size == (48, 64)
