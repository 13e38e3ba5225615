"""What a ground truth job shows of its task: its own frames, placeholders for the others, and zips of pictures."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from tests.support import media
from tests.support.api import Client, client_for
from tests.support.projects import a_task, jobs_of, picture, pictures
from tests.support.sdk import parsed

from labelkeep.projects.models import Job, Task

CHOSEN = {"mode": "gt", "frame_selection_method": "random_uniform", "frame_count": 2, "random_seed": 1}


def truth_of(task: Task) -> Job:
    return Job.objects.get(task=task, type=Job.Type.GROUND_TRUTH)


def _at(sizes: list[int], frames: list[int]) -> list[int]:
    return [sizes[frame] for frame in frames]


def meta(says: Client, url: str) -> Any:
    content = says.get(f"{url}/data/meta").getvalue()
    parsed("DataMetaRead", content)
    return json.loads(content)


def test_frames_that_are_not_checked_are_placeholders(alice):
    files = {f"set/{name}": content for name, content in pictures(4).items()}
    files |= {f"set/related_images/frame_{number:04}_png/side.png": picture(70 + number) for number in range(4)}
    task = a_task(alice, files=files, params={"validation_params": CHOSEN})
    truth, says = truth_of(task), client_for(alice)
    assert truth.frames is not None
    found = meta(says, f"/api/jobs/{truth.pk}")
    assert (found["included_frames"], found["size"], len(found["frames"])) == (truth.frames, 2, 4)
    whole = meta(says, f"/api/tasks/{task.pk}")
    assert [frame["related_files"] for frame in whole["frames"]] == [1, 1, 1, 1]
    nothing = {"name": "placeholder.jpg", "related_files": 0, "has_related_context": False}
    for number, frame in enumerate(found["frames"]):
        assert frame == whole["frames"][number] | ({} if number in truth.frames else nothing)
    assert whole["included_frames"] is None
    assert meta(says, f"/api/jobs/{jobs_of(task)[0].pk}")["included_frames"] is None


def test_a_ground_truth_job_of_a_video_has_zips_of_pictures(alice):
    clip = {"clip.mp4": media.video_bytes(6)}
    task = a_task(alice, files=clip, params={"validation_params": CHOSEN})
    truth, says = truth_of(task), client_for(alice)
    job = parsed("JobRead", says.get(f"/api/jobs/{truth.pk}").content)
    assert (job.data_compressed_chunk_type, job.data_original_chunk_type) == ("imageset", "video")
    answer = says.get(f"/api/jobs/{truth.pk}/data?type=chunk&quality=compressed&index=0")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        names = archive.namelist()
        sizes = [archive.getinfo(name).file_size for name in names]
    assert len(names) == 6
    assert truth.frames is not None
    assert all(size > max(sizes[other] for other in {*range(6)} - {*truth.frames}) for size in _at(sizes, truth.frames))
    other = jobs_of(task)[0]
    assert says.get(f"/api/jobs/{other.pk}").json()["data_compressed_chunk_type"] == "video"


def test_frames_left_out_of_validation_are_shown_as_deleted_in_that_job_alone(alice):
    task = a_task(alice, frames=5, params={"validation_params": CHOSEN})
    truth, says = truth_of(task), client_for(alice)
    assert truth.frames is not None
    url = f"/api/jobs/{truth.pk}/data/meta"
    assert says.patch(url, {"deleted_frames": truth.frames[:1]}).status_code == 200
    assert meta(says, f"/api/jobs/{truth.pk}")["deleted_frames"] == truth.frames[:1]
    assert meta(says, f"/api/tasks/{task.pk}")["deleted_frames"] == []
    assert says.get(f"/api/tasks/{task.pk}/validation_layout").json()["disabled_frames"] == truth.frames[:1]


@pytest.mark.parametrize("whose", ["task", "job"])
def test_a_stranger_deletes_nothing(alice, charlie, whose):
    task = a_task(alice, frames=2)
    place = task.pk if whose == "task" else jobs_of(task)[0].pk
    answer = client_for(charlie).patch(f"/api/{whose}s/{place}/data/meta", {"deleted_frames": [0]})
    assert answer.status_code == 403
    assert client_for(alice).patch(f"/api/{whose}s/{place}/data/meta", {"deleted_frames": [0]}).status_code == 200
