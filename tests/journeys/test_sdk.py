"""What people do with the stock `cvat-sdk`: every kind of data, annotations, previews, requests."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import ResourceType, Task
from PIL import Image

from tests.support import media
from tests.support.server import Server, running_server


def make_task(client: Client, resources: list[Path], *, labels: list[str] | None = None, **params: object) -> Task:
    spec = models.TaskWriteRequest(
        name="sdk task", labels=[models.PatchedLabelRequest(name=name) for name in labels or ["cat", "dog"]]
    )
    return client.tasks.create_from_data(
        spec, resources, resource_type=ResourceType.LOCAL, data_params=params, status_check_period=0.1
    )


def test_a_zip_becomes_a_task_in_order_of_path(client: Client, tmp_path: Path) -> None:
    pictures = media.pictures(tmp_path / "pictures", 4)
    archive = tmp_path / "tree.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for number, picture in enumerate(pictures):
            target.write(picture, f"day {number % 2}/{picture.name}")
    task = make_task(client, [archive])
    names = [frame.name for frame in task.get_frames_info()]
    assert names == sorted(names)
    assert all(name.startswith("day ") for name in names)
    assert task.size == 4


def test_a_video_becomes_a_task_with_start_stop_and_step(client: Client, tmp_path: Path) -> None:
    clip = media.video(tmp_path / "clip.mp4", frames=20)
    task = make_task(client, [clip], start_frame=2, stop_frame=17, frame_step=3)
    assert task.mode == "interpolation"
    assert task.size == 6
    frame = Image.open(io.BytesIO(task.get_frame(5).read()))
    assert frame.size == (task.get_frames_info()[0].width, task.get_frames_info()[0].height)


def test_a_large_file_arrives_by_tus(client: Client, tmp_path: Path) -> None:
    """A file over 100 MiB goes through tus in the SDK; smaller ones through multipart."""
    (picture,) = media.pictures(tmp_path / "pictures", 1)
    archive = tmp_path / "large.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.write(picture, "a.png")
        with target.open("notes.txt", "w", force_zip64=True) as notes:
            for _ in range(101):
                notes.write(b"\0" * 2**20)
    assert archive.stat().st_size > 100 * 2**20
    assert make_task(client, [archive]).size == 1


def test_a_folder_shared_with_the_server_becomes_a_task(tmp_path: Path) -> None:
    from cvat_sdk import make_client

    share = tmp_path / "share"
    media.pictures(share / "set" / "inner", 3)
    with (
        running_server(share_dir=str(share)) as server,
        make_client(server.url, credentials=(server.user, server.password)) as client,
    ):
        spec = models.TaskWriteRequest(name="shared", labels=[models.PatchedLabelRequest(name="x")])
        task = client.tasks.create_from_data(spec, ["set/"], resource_type=ResourceType.SHARE, status_check_period=0.1)
        assert task.size == 3
        assert all(frame.name.startswith("set/inner/") for frame in task.get_frames_info())


def test_annotations_are_put_patched_read_and_removed(client: Client, tmp_path: Path) -> None:
    task = make_task(client, media.pictures(tmp_path / "pictures", 3))
    cat, dog = (label.id for label in task.get_labels())
    task.set_annotations(
        models.LabeledDataRequest(
            tags=[models.LabeledImageRequest(frame=0, label_id=cat)],
            shapes=[models.LabeledShapeRequest(type="rectangle", frame=1, label_id=dog, points=[1.0, 2.0, 30.5, 40.0])],
        )
    )
    task.update_annotations(
        models.PatchedLabeledDataRequest(
            shapes=[models.LabeledShapeRequest(type="points", frame=2, label_id=cat, points=[5.0, 6.0])]
        ),
        action=AnnotationUpdateAction.CREATE,
    )
    saved = task.get_annotations()
    assert [tag.label_id for tag in saved.tags] == [cat]
    assert sorted((shape.frame, shape.points) for shape in saved.shapes) == [
        (1, [1.0, 2.0, 30.5, 40.0]),
        (2, [5.0, 6.0]),
    ]
    task.remove_annotations(ids=[saved.shapes[0].id])
    assert len(task.get_annotations().shapes) == 1
    task.remove_annotations()
    assert not task.get_annotations().shapes


def test_previews_are_small_pictures(client: Client, tmp_path: Path) -> None:
    task = make_task(client, media.pictures(tmp_path / "pictures", 1))
    preview = Image.open(io.BytesIO(task.get_preview().read()))
    assert max(preview.size) <= 256


def test_a_backup_shows_progress_and_comes_back(client: Client, tmp_path: Path) -> None:
    from cvat_sdk.core.progress import BaseProgressReporter

    class Seen(BaseProgressReporter):
        total = done = 0

        def start2(self, total: int, *, desc: str | None = None, unit: str = "it", **_: object) -> None:
            self.total = total

        def report_status(self, progress: int) -> None:
            self.done = progress

        def advance(self, delta: int) -> None:
            self.done += delta

        def finish(self) -> None:
            pass

    task = make_task(client, media.pictures(tmp_path / "pictures", 2))
    archive = tmp_path / "task.zip"
    down, up = Seen(), Seen()
    task.download_backup(archive, status_check_period=0.1, pbar=down)
    assert down.done == down.total == archive.stat().st_size
    restored = client.tasks.create_from_backup(archive, status_check_period=0.1, pbar=up)
    assert up.done == up.total == archive.stat().st_size
    assert restored.size == 2


@pytest.mark.parametrize("way", ["password", "token"])
def test_a_token_of_the_command_line_logs_in(server: Server, way: str) -> None:
    from cvat_sdk import make_client

    credentials = (server.user, server.password) if way == "password" else server.token
    with make_client(
        server.url, **({"credentials": credentials} if way == "password" else {"access_token": credentials})
    ) as it:
        assert it.users.retrieve_current_user().username == server.user
