"""Previews: small, of the right frame, made once, and nothing where there is nothing to show."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from tests.support import media
from tests.support.api import client_for
from tests.support.projects import NOW, a_project, a_task, jobs_of, pictures

from labelkeep.accounts.actor import Actor
from labelkeep.media.models import StoredObject
from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.models import Project, Task


def address(thing) -> str:
    return f"/api/{type(thing).__name__.lower()}s/{thing.pk}/preview"


def shown(client, thing) -> Image.Image:
    answer = client.get(address(thing))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    return Image.open(io.BytesIO(b"".join(answer.streaming_content)))


def numbered(count: int) -> dict[str, bytes]:
    """Pictures that tell their number by their width."""
    return {f"{number}.png": media.image_bytes(number, size=(100 + number, 80)) for number in range(count)}


def number_shown(client, thing) -> int:
    return shown(client, thing).width - 100


def delete(owner, of, *frames: int) -> None:
    update_data_meta(actor=Actor.of(owner), now=NOW, of=of, deleted_frames=list(frames))


def test_a_picture_larger_than_a_preview_is_made_small(alice):
    task = a_task(alice, files={"big.png": media.image_bytes(1, size=(900, 300))})
    assert shown(client_for(alice), task).size == (256, 85)


def test_a_project_shows_its_newest_task_that_has_something_to_show(alice):
    project = a_project(alice)
    a_task(alice, project=project, files={"wide.png": media.image_bytes(1, size=(200, 50))})
    newest = a_task(alice, project=project, files={"high.png": media.image_bytes(1, size=(50, 200))})
    a_task(alice, project=project, frames=0)
    says = client_for(alice)
    assert shown(says, project).size == (50, 200)
    delete(alice, newest, 0)
    assert shown(says, project).size == (200, 50)


def test_a_frame_that_was_deleted_is_not_shown(alice):
    task = a_task(alice, files=numbered(4), segment_size=2)
    says = client_for(alice)
    first, second = jobs_of(task)
    assert [number_shown(says, it) for it in (task, first, second)] == [0, 0, 2]
    delete(alice, task, 0, 2)
    assert [number_shown(says, it) for it in (task, first, second)] == [1, 1, 3]
    delete(alice, task, 0, 1)
    assert number_shown(says, task) == 2
    assert says.get(address(first)).status_code == 404


def test_a_ground_truth_job_shows_the_first_frame_it_has(alice):
    task = a_task(alice, files=numbered(4))
    job = create_ground_truth_job(
        actor=Actor.of(alice), now=NOW, task=task, chosen=Selection(method="manual", frames=[3, 2])
    )
    assert number_shown(client_for(alice), job) == 2


def test_videos_and_point_clouds_are_shown_too(alice):
    video = a_task(alice, files={"clip.mp4": media.video_bytes(6)}, params={"start_frame": 2})
    cloud = a_task(alice, files={"pointcloud/0.pcd": media.pcd_bytes()})
    says = client_for(alice)
    assert media.number_of(shown(says, video)) == 2
    assert shown(says, cloud).size == (256, 256)


@pytest.mark.parametrize("preference", ["handling=empty", "respond-async, Handling = Empty; wait=3"])
def test_where_there_is_nothing_to_show_it_is_404_or_204_for_who_prefers_that(alice, preference):
    project = a_project(alice)
    task = a_task(alice, project=project, frames=0)
    says = client_for(alice)
    for thing in (project, task):
        plain = says.get(address(thing))
        assert (plain.status_code, plain["Content-Type"]) == (404, "text/plain; charset=utf-8")
        assert plain.content == f"{type(thing).__name__} image preview not found".encode()
        preferred = says.get(address(thing), HTTP_PREFER=preference)
        assert (preferred.status_code, preferred.content) == (204, b"")
        assert preferred["Preference-Applied"] == "handling=empty"
    assert says.get("/api/projects/999999/preview", HTTP_PREFER=preference).status_code == 404


def test_it_is_made_once(alice):
    task = a_task(alice, frames=1)
    says = client_for(alice)
    first = shown(says, task).tobytes()
    StoredObject.objects.filter(kind="blob").delete()  # nothing is left that could be decoded
    assert shown(says, task).tobytes() == first


def test_who_has_it_is_told_so(alice):
    task = a_task(alice, project=a_project(alice), files=numbered(2))
    says = client_for(alice)
    for thing in (task.project, task, jobs_of(task)[0]):
        tag = says.get(address(thing))["ETag"]
        known = says.get(address(thing), HTTP_IF_NONE_MATCH=f'"other", W/{tag}')
        assert (known.status_code, known.content, known["ETag"]) == (304, b"", tag)
        assert "private" in known["Cache-Control"]
    delete(alice, task, 0)
    assert says.get(address(task), HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_stranger_sees_none_and_an_annotator_his_own(alice, bob, charlie):
    project = a_project(alice)
    task = a_task(alice, project=project, files=pictures(1), assignee_id=bob.pk)
    for thing in (project, task, jobs_of(task)[0]):
        assert client_for(charlie).get(address(thing)).status_code == 403
        assert client_for().get(address(thing)).status_code == 401
    assert client_for(bob).get(address(project)).status_code == 403
    assert client_for(bob).get(address(task)).status_code == 200
    assert client_for(alice, read_only=True).get(address(project)).status_code == 200
    assert (Project.objects.count(), Task.objects.count()) == (1, 1)
