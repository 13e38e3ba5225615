"""Data of tasks on the wire: attached, then read as frames, chunks, context images, previews and metadata."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from PIL import Image
from tests.support import media
from tests.support.api import Client, client_for
from tests.support.multipart import multipart

from labelkeep import clock, configuration
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media.models import Upload
from labelkeep.operations.run import run_queued
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.models import Job, Task


@pytest.fixture
def client(alice: User) -> Client:
    return client_for(alice)


def a_task(owner: User, **fields: Any) -> Task:
    return create_task(actor=Actor.of(owner), now=clock.now(), name="a task", **fields)


def attach(client: Client, task: Task, files: dict[str, bytes], **params: Any) -> Any:
    """Send files as the stock client does, and let the server make frames of them."""
    url = f"/api/tasks/{task.pk}/data/"
    assert client.post(url, HTTP_UPLOAD_START="").status_code == 202
    parts = [(f"client_files[{at}]", name, data) for at, (name, data) in enumerate(files.items())]
    body, kind = multipart({"image_quality": "70"}, parts)
    assert client.generic("POST", url, body, content_type=kind, HTTP_UPLOAD_MULTIPLE="").status_code == 200
    done = client.post(url, {"image_quality": 70, **params}, HTTP_UPLOAD_FINISH="")
    assert done.status_code == 202, done.content
    rq_id = done.json()["rq_id"]
    run_queued()
    return client.get(f"/api/requests/{rq_id.replace('=', '%3D').replace('&', '%26')}").json()


def pictures(count: int) -> dict[str, bytes]:
    return {f"/home/u/set/p{number:03d}.png": media.image_bytes(number) for number in range(count)}


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, b"".join(answer) if answer.streaming else answer.content
    return b"".join(answer.streaming_content)


def get(client: Client, url: str, **params: Any) -> bytes:
    return body(client.get(url, params))


def test_pictures_become_frames(client: Client, alice: User) -> None:
    task = a_task(alice, segment_size=2)
    assert attach(client, task, pictures(5))["status"] == "finished"
    meta = json.loads(get(client, f"/api/tasks/{task.pk}/data/meta"))
    assert [frame["name"] for frame in meta["frames"]] == [f"p{number:03d}.png" for number in range(5)]
    assert (meta["size"], meta["start_frame"], meta["stop_frame"], meta["chunk_size"]) == (5, 0, 4, 72)
    assert meta["frames"][0] == {
        "name": "p000.png", "width": 64, "height": 48, "related_files": 0, "has_related_context": False
    }  # fmt: skip
    assert not Upload.objects.exists()


def test_a_tree_keeps_its_folders(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, {"/u/tree/a/1.png": media.image_bytes(1), "/u/tree/b/c/1.png": media.image_bytes(2)})
    meta = json.loads(get(client, f"/api/tasks/{task.pk}/data/meta"))
    assert [frame["name"] for frame in meta["frames"]] == ["a/1.png", "b/c/1.png"]


def test_a_single_multipart_request_carries_everything(client: Client, alice: User) -> None:
    task = a_task(alice)
    fields = {"image_quality": "70", "sorting_method": "natural", "start_frame": "1"}
    parts = [(f"client_files[{n}]", f"{n}.png", media.image_bytes(n)) for n in range(3)]
    data, kind = multipart(fields, parts)
    assert client.generic("POST", f"/api/tasks/{task.pk}/data", data, content_type=kind).status_code == 202
    run_queued()
    task.refresh_from_db()
    assert (task.size, task.start_frame, task.sorting_method) == (2, 1, "natural")


def test_a_frame_is_given_as_it_came_or_compressed(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(2))
    url = f"/api/tasks/{task.pk}/data/"
    assert get(client, url, type="frame", number=1, quality="original") == media.image_bytes(1)
    answer = client.get(url, {"type": "frame", "number": 1, "quality": "compressed"})
    assert answer["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(body(answer))).size == (64, 48)


def test_chunks_are_zips_numbered_from_zero(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(5), chunk_size=2)
    url = f"/api/tasks/{task.pk}/data/"
    answer = client.get(url, {"type": "chunk", "number": 1, "quality": "original"})
    size = int(answer["Content-Length"])
    data = body(answer)
    assert (answer["Content-Type"], len(data)) == ("application/zip", size)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["000000.png", "000001.png"]
        assert archive.read("000001.png") == media.image_bytes(3)
    with zipfile.ZipFile(io.BytesIO(get(client, url, type="chunk", number=2, quality="compressed"))) as archive:
        assert archive.namelist() == ["000000.jpeg"]
    assert client.get(url, {"type": "chunk", "number": 3}).status_code == 404


def test_a_job_has_chunks_and_frames_of_its_own(client: Client, alice: User) -> None:
    task = a_task(alice, segment_size=3)
    attach(client, task, pictures(6), chunk_size=2)
    job = Job.objects.filter(task=task).order_by("start_frame").last()
    assert job is not None
    url = f"/api/jobs/{job.pk}/data"

    def shown(**params: Any) -> list[bytes]:
        data = get(client, url, type="chunk", quality="original", **params)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [archive.read(name) for name in archive.namelist()]

    assert shown(number=1) == [media.image_bytes(3)]
    assert shown(index=0) == [media.image_bytes(3), media.image_bytes(4)]
    assert shown(index=1) == [media.image_bytes(5)]
    both = client.get(url, {"type": "chunk", "number": 1, "index": 0})
    assert (both.status_code, both.json()) == (400, ["Number and Index cannot be used together"])
    neither = client.get(url, {"type": "chunk"})
    assert (neither.status_code, neither.json()) == (400, ["Number or Index is not specified"])
    assert client.get(url, {"type": "frame", "number": 0}).status_code == 400
    meta = json.loads(get(client, url + "/meta"))
    assert (meta["size"], meta["start_frame"], meta["stop_frame"]) == (3, 3, 5)
    assert [frame["name"] for frame in meta["frames"]] == ["p003.png", "p004.png", "p005.png"]


def test_a_ground_truth_job_shows_its_frames_alone(client: Client, alice: User, now: Any) -> None:
    task = a_task(alice)
    attach(client, task, pictures(4))
    job = Job.objects.create(task=task, type="ground_truth", start_frame=0, stop_frame=3, frames=[1, 3],
                             created_date=now, updated_date=now)  # fmt: skip
    meta = json.loads(get(client, f"/api/jobs/{job.pk}/data/meta"))
    names = [frame["name"] for frame in meta["frames"]]
    assert names == ["placeholder.jpg", "p001.png", "placeholder.jpg", "p003.png"]
    assert (meta["size"], meta["included_frames"]) == (2, [1, 3])
    data = get(client, f"/api/jobs/{job.pk}/data", type="chunk", number=0, quality="original")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [archive.read(name) == media.image_bytes(at) for at, name in enumerate(archive.namelist())] == [
            False, True, False, True,
        ]  # fmt: skip
        assert archive.testzip() is None


def test_a_video_gives_exact_frames_and_mp4_chunks(client: Client, alice: User) -> None:
    task = a_task(alice)
    done = attach(client, task, {"clip.mp4": media.video_bytes(20)}, chunk_size=4, start_frame=3, frame_filter="step=2")
    assert done["status"] == "finished", done
    url = f"/api/tasks/{task.pk}/data/"
    for number in (0, 4, 8):
        answer = client.get(url, {"type": "frame", "number": number, "quality": "original"})
        assert answer["Content-Type"] == "image/png"
        assert media.number_of(Image.open(io.BytesIO(body(answer)))) == 3 + 2 * number
    chunk = client.get(url, {"type": "chunk", "number": 1, "quality": "compressed"})
    assert chunk["Content-Type"] == "video/mp4"
    assert media.numbers_of(body(chunk)) == [11, 13, 15, 17]
    meta = json.loads(get(client, url + "meta"))
    assert [frame["name"] for frame in meta["frames"]] == ["clip.mp4"]
    assert (meta["size"], meta["start_frame"], meta["stop_frame"], meta["frame_filter"]) == (9, 3, 19, "step=2")


def test_a_video_with_zip_chunks_has_pictures_in_them(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, {"clip.mp4": media.video_bytes(6)}, use_zip_chunks=True)
    data = get(client, f"/api/tasks/{task.pk}/data/", type="chunk", number=0)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = [media.number_of(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()]
    assert found == list(range(6))


def test_point_clouds_come_with_their_pictures(client: Client, alice: User) -> None:
    task = a_task(alice)
    files = {"pointcloud/0.pcd": media.pcd_bytes(), "related_images/0_pcd/cam.png": media.image_bytes(2)}
    attach(client, task, {"clouds.zip": media.zip_bytes(files)})
    url = f"/api/tasks/{task.pk}/data/"
    assert get(client, url, type="frame", number=0, quality="compressed") == media.pcd_bytes()
    with zipfile.ZipFile(io.BytesIO(get(client, url, type="context_image", number=0))) as archive:
        assert archive.namelist() == ["cam.jpg"]
        assert Image.open(io.BytesIO(archive.read("cam.jpg"))).format == "JPEG"
    preview = Image.open(io.BytesIO(get(client, f"/api/tasks/{task.pk}/preview")))
    assert preview.size == (256, 256)


def test_a_frame_without_context_images_says_so(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    assert client.get(f"/api/tasks/{task.pk}/data/", {"type": "context_image", "number": 0}).status_code == 404


def test_previews_are_small(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, {"big.png": media.image_bytes(1, size=(640, 480))})
    job = Job.objects.get(task=task)
    for url in (f"/api/tasks/{task.pk}/preview", f"/api/jobs/{job.pk}/preview"):
        answer = client.get(url)
        assert answer["Content-Type"] == "image/jpeg"
        assert Image.open(io.BytesIO(body(answer))).size == (256, 192)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "Data type not specified or has wrong value"),
        ({"type": "film"}, "Data type not specified or has wrong value"),
        ({"type": "frame"}, "Number is not specified"),
        ({"type": "chunk"}, "Number is not specified"),
        ({"type": "frame", "number": 0, "quality": "best"}, "Wrong quality value"),
        ({"type": "chunk", "number": "one"}, "number must be a whole number"),
    ],
)
def test_a_question_that_is_not_one_is_refused(
    client: Client, alice: User, params: dict[str, Any], sentence: str
) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    answer = client.get(f"/api/tasks/{task.pk}/data/", params)
    assert (answer.status_code, answer.json()) == (400, [sentence])


def test_a_frame_beyond_the_end_is_not_found(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    assert client.get(f"/api/tasks/{task.pk}/data/", {"type": "frame", "number": 1}).status_code == 404


def test_a_task_without_data_has_neither_frames_nor_preview(client: Client, alice: User) -> None:
    task = a_task(alice)
    assert client.get(f"/api/tasks/{task.pk}/preview").status_code == 404
    assert client.get(f"/api/tasks/{task.pk}/data/", {"type": "frame", "number": 0}).status_code == 404


def test_a_task_takes_data_once(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    answer = client.post(f"/api/tasks/{task.pk}/data/", HTTP_UPLOAD_START="")
    assert (answer.status_code, answer.json()) == (400, "Adding more data is not supported")


def test_a_stranger_sees_no_frame(client: Client, alice: User, charlie: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    job = Job.objects.get(task=task)
    stranger = client_for(charlie)
    for thing in (f"tasks/{task.pk}", f"jobs/{job.pk}"):
        for rest in ("data?type=frame&number=0", "data/meta", "preview"):
            assert stranger.get(f"/api/{thing}/{rest}").status_code == 403, (thing, rest)


def test_an_annotator_sees_his_job(client: Client, alice: User, bob: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(1))
    job = Job.objects.get(task=task)
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    assert client_for(bob).get(f"/api/jobs/{job.pk}/data?type=frame&number=0").status_code == 200


def test_data_that_cannot_be_read_fail_the_request_and_leave_the_task_as_it_was(client: Client, alice: User) -> None:
    task = a_task(alice)
    done = attach(client, task, {"a.png": media.image_bytes(), "b.png": b"this is text"})
    assert done["status"] == "failed"
    assert "b.png" in done["message"]
    task.refresh_from_db()
    assert not task.has_data
    assert attach(client, task, pictures(1))["status"] == "finished"


def test_deleted_frames_are_remembered(client: Client, alice: User) -> None:
    task = a_task(alice)
    attach(client, task, pictures(4))
    answer = client.patch(f"/api/tasks/{task.pk}/data/meta", {"deleted_frames": [1, 3]})
    assert json.loads(body(answer))["deleted_frames"] == [1, 3]
    assert json.loads(get(client, f"/api/tasks/{task.pk}/data/meta"))["deleted_frames"] == [1, 3]


def test_files_of_the_share_become_a_task(client: Client, alice: User, tmp_path: Path) -> None:
    media.tree(tmp_path, {"set/a.png": media.image_bytes(1), "set/in/b.png": media.image_bytes(2), "x.txt": b"-"})
    (tmp_path / "set" / "leak.png").symlink_to("/etc/hostname")
    with override_settings(CONFIGURATION=configuration.Configuration(share_dir=tmp_path)):
        listed = client.get("/api/server/share", {"directory": "/"}).json()
        assert [(entry["name"], entry["type"]) for entry in listed] == [("set", "DIR"), ("x.txt", "REG")]
        assert [entry["name"] for entry in client.get("/api/server/share?directory=/set").json()] == ["a.png", "in"]
        for wrong in ("/../..", "/nothing", "/x.txt"):
            assert client.get("/api/server/share", {"directory": wrong}).status_code == 400
        task = a_task(alice)
        sent = client.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70, "server_files": ["set/"]})
        assert sent.status_code == 202, sent.content
        run_queued()
    meta = json.loads(get(client, f"/api/tasks/{task.pk}/data/meta"))
    assert [frame["name"] for frame in meta["frames"]] == ["set/a.png", "set/in/b.png"]


def test_a_share_file_that_leads_outside_fails(client: Client, alice: User, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "secret.png").write_bytes(media.image_bytes())
    with override_settings(CONFIGURATION=configuration.Configuration(share_dir=tmp_path / "share")):
        task = a_task(alice)
        client.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70, "server_files": ["../secret.png"]})
        run_queued()
    task.refresh_from_db()
    assert not task.has_data


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"image_quality": 101}, "image_quality"),
        ({"frame_filter": "step=0"}, "frame_filter"),
        ({"sorting_method": "upwards"}, "sorting_method"),
        ({"start_frame": 5, "stop_frame": 2}, "non_field_errors"),
        ({"job_file_mapping": [["a"], ["a"]]}, "job_file_mapping"),
        ({"remote_files": ["ftp://example.com/x.png"]}, "remote_files"),
        ({"remote_files": ["http://example.com/"]}, "remote_files"),
        ({"remote_files": ["http://a.example/x.png", "http://b.example/x.png"]}, "remote_files"),
    ],
)
def test_wrong_parameters_are_told_by_field(client: Client, alice: User, params: dict[str, Any], field: str) -> None:
    task = a_task(alice)
    answer = client.post(f"/api/tasks/{task.pk}/data/", {"server_files": ["a"], **params})
    assert (answer.status_code, list(answer.json())) == (400, [field])
