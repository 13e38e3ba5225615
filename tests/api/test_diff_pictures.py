"""/api/backups/{id}/diff/picture: one frame before and after, with everything that was annotated on it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image
from tests.support.annotations import NOW, a_box, a_tag, a_track, sent
from tests.support.api import client_for
from tests.support.projects import a_project, a_skeleton, a_task, pictures
from tests.support.saves import first_job

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.diff_pictures import GONE, IS, NEW, SAME, WAS
from labelkeep.snapshots.drawing import HEADER, edges_of
from labelkeep.snapshots.models import Backup

SIZE = 640, 480


@pytest.fixture
def project(alice: User) -> Project:
    """One task of three pictures, large enough to be shown as they are."""
    made = a_project(alice, labels=["cat", "dog", a_skeleton("pose", "head", "tail")])
    a_task(alice, "street", project=made, files=pictures(3, size=SIZE))
    return made


@pytest.fixture
def job(project: Project) -> Job:
    return first_job(Task.objects.get(project=project))


def label(project: Project, name: str = "cat") -> int:
    return Label.objects.get(project=project, name=name).pk


def save(user: User, job: Job, action: Any, **lists: Any) -> dict[str, Any]:
    pieces = saved.patch(Actor.of(user), job, action, sent(lists), now=NOW)
    return dict(json.loads(b"".join(pieces)))


def backed_up(user: User, project: Project) -> Backup:
    return capture(actor=Actor.of(user), kind="project", id=project.pk, now=NOW)


def seen(user: User, backup: Backup, task: int, frame: int) -> Image.Image:
    answer = client_for(user).get(f"/api/backups/{backup.pk}/diff/picture?task={task}&frame={frame}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def colors_at(image: Image.Image, side: int, x: int, y: int) -> set[tuple[int, ...]]:
    """The colors in and around a place of the picture before (0) or after (1)."""
    left = x + side * (SIZE[0] + 2)
    around = image.crop((left - 2, y + HEADER - 2, left + 3, y + HEADER + 3))
    return {color for _, color in around.getcolors()}  # type: ignore[misc, union-attr]


def test_what_came_went_changed_and_stayed_has_a_color_of_its_own(alice: User, project: Project, job: Job) -> None:
    cat = label(project)
    boxes = [[20, 60, 120, 160], [200, 60, 300, 160], [400, 60, 500, 160]]
    _, goes, moves = save(alice, job, "create", shapes=[a_box(cat, 0, box) for box in boxes])["shapes"]
    backup = backed_up(alice, project)
    save(alice, job, "delete", shapes=[goes])
    save(alice, job, "update", shapes=[{**moves, "points": [400, 200, 500, 300]}])
    save(alice, job, "create", shapes=[a_box(cat, 0, [20, 300, 120, 400])])
    image = seen(alice, backup, job.task_id, 0)
    assert image.size == (2 * SIZE[0] + 2, SIZE[1] + HEADER)
    assert SAME in colors_at(image, 0, 20, 110)
    assert SAME in colors_at(image, 1, 20, 110)
    assert GONE in colors_at(image, 0, 200, 110)
    assert GONE not in colors_at(image, 1, 200, 110)
    assert WAS in colors_at(image, 0, 400, 110)
    assert IS in colors_at(image, 1, 400, 250)
    assert NEW in colors_at(image, 1, 20, 350)
    assert NEW not in colors_at(image, 0, 20, 350)


SHAPES: dict[str, tuple[list[float], tuple[int, int]]] = {  # points, and a place on the line
    "rectangle": ([40, 60, 140, 160], (40, 110)),
    "polygon": ([40, 60, 140, 60, 90, 160], (90, 60)),
    "polyline": ([40, 60, 140, 160], (90, 110)),
    "points": ([40, 60, 140, 160], (140, 160)),
    "ellipse": ([90, 110, 140, 60], (140, 110)),
    "cuboid": ([40, 60, 40, 160, 140, 60, 140, 160, 170, 40, 170, 140, 70, 40, 70, 140], (40, 110)),
}


@pytest.mark.parametrize("type", SHAPES)
def test_each_type_of_shape_is_drawn_where_it_is(alice: User, project: Project, job: Job, type: str) -> None:
    backup = backed_up(alice, project)
    points, place = SHAPES[type]
    save(alice, job, "create", shapes=[a_box(label(project), 1, points, type=type)])
    assert NEW in colors_at(seen(alice, backup, job.task_id, 1), 1, *place)
    assert NEW not in colors_at(seen(alice, backup, job.task_id, 2), 1, *place)


def test_masks_tags_tracks_and_skeletons_are_drawn_too(alice: User, project: Project, job: Job) -> None:
    backup = backed_up(alice, project)
    cat, pose = label(project), Label.objects.get(project=project, name="pose")
    mask = a_box(cat, 1, [0, 2500, 40, 60, 89, 109], type="mask")
    parts = {part.name: part.pk for part in Label.objects.filter(parent=pose)}
    elements = [
        {"type": "points", "label_id": parts[name], "frame": 1, "points": points}
        for name, points in (("head", [300, 100]), ("tail", [400, 200]))
    ]
    skeleton = {"type": "skeleton", "label_id": pose.pk, "frame": 1, "points": [], "elements": elements}
    before = seen(alice, backup, job.task_id, 1)
    save(alice, job, "create", shapes=[mask, skeleton], tags=[a_tag(cat, 1)])
    save(
        alice, job, "create", tracks=[a_track(cat, (0, [200, 300, 240, 340], False), (2, [300, 300, 340, 340], False))]
    )
    image = seen(alice, backup, job.task_id, 1)
    assert colors_at(image, 1, 64, 84) != colors_at(before, 1, 64, 84)  # the mask lets the picture shine through
    assert NEW in colors_at(image, 1, 350, 150)  # the edge of the skeleton
    assert NEW in colors_at(image, 1, 250, 320)  # the track, half way
    assert image.crop((SIZE[0], HEADER, SIZE[0] + 60, HEADER + 20)) != before.crop(
        (SIZE[0], HEADER, SIZE[0] + 60, HEADER + 20)
    )


def test_there_is_a_picture_of_each_frame_that_a_comparison_names(alice: User, project: Project, job: Job) -> None:
    backup = backed_up(alice, project)
    save(alice, job, "create", shapes=[a_box(label(project), frame, [20, 60, 120, 160]) for frame in (0, 2)])
    told = client_for(alice).get(f"/api/backups/{backup.pk}/diff?details=true").json()["results"]
    assert [row["frame"] for row in told] == [0, 2]
    for row in told:
        assert NEW in colors_at(seen(alice, backup, row["task"]["id"], row["frame"]), 1, 20, 110)


def test_a_small_picture_is_enlarged(alice: User) -> None:
    task = a_task(alice, labels=["cat"], frames=1)
    backup = capture(actor=Actor.of(alice), kind="task", id=task.pk, now=NOW)
    assert seen(alice, backup, task.pk, 0).size == (2 * 480 + 2, 360 + HEADER)


def test_who_may_download_the_backup_may_look(alice: User, charlie: User, project: Project, job: Job) -> None:
    address = f"/api/backups/{backed_up(alice, project).pk}/diff/picture"
    assert client_for(charlie).get(f"{address}?task={job.task_id}&frame=0").status_code == 403
    assert client_for().get(f"{address}?task={job.task_id}&frame=0").status_code == 401
    assert client_for(alice).get(f"{address}?task={job.task_id}&frame=3").status_code == 404
    assert client_for(alice).get(f"{address}?task={job.task_id + 1}&frame=0").status_code == 404
    assert client_for(alice).get(f"{address}?frame=0").status_code == 400


def test_edges_of_a_skeleton_name_its_points() -> None:
    assert edges_of(a_skeleton("pose", "head", "tail & fin").svg) == [("head", "tail & fin")]
