"""Every kind of project and task that a backup must bring back, made through the real verbs.

KINDS["skeletons"](alice, bob) makes one and returns it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects import saved
from labelkeep.projects.actions.create_asset import create_asset
from labelkeep.projects.actions.create_comment import create_comment
from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.actions.create_issue import create_issue
from labelkeep.projects.actions.delete_label import delete_label
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.actions.update_guide import update_guide
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.actions.update_project import update_project
from labelkeep.projects.actions.update_task import update_task
from labelkeep.projects.actions.update_validation_layout import update_validation_layout
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.projects.queries.validation import layout_of
from tests.support import media
from tests.support.annotations import a_box, a_tag, a_track
from tests.support.projects import (
    NOW,
    a_project,
    a_skeleton,
    a_task,
    an_attribute,
    jobs_of,
    picture,
    pictures,
)

LATER = NOW + timedelta(hours=3)
Make = Callable[[User, User], Project | Task]
KINDS: dict[str, Make] = {}


def kind(make: Make) -> Make:
    """Keep a way to make a project or task under its name."""
    KINDS[make.__name__] = make
    return make


def annotate(owner: User, place: Task | Job, **lists: list[dict[str, Any]]) -> None:
    """Replace the annotations of a task or job."""
    batches = [(name, 0, json.dumps(items).encode()) for name, items in lists.items()]
    saved.replace(Actor.of(owner), place, batches, now=LATER)  # type: ignore[arg-type]


def add(owner: User, place: Task | Job, **lists: list[dict[str, Any]]) -> None:
    """Add annotations by a small edit, which stays a delta."""
    batches = [(name, 0, json.dumps(items).encode()) for name, items in lists.items()]
    list(saved.patch(Actor.of(owner), place, "create", batches, now=LATER))  # type: ignore[arg-type]


def ids_of(home: Project | Task) -> dict[str, int]:
    """Label ids by name; points of skeletons too."""
    field = "project" if isinstance(home, Project) else "task"
    return dict(Label.objects.filter(**{field: home}, deleted_at=None).values_list("name", "id"))


@kind
def empty_project(alice: User, bob: User) -> Project:
    return a_project(alice, "nothing yet", bug_tracker="https://bugs.example.com/1")


@kind
def project_of_images(alice: User, bob: User) -> Project:
    project = a_project(alice, assignee_id=bob.pk, labels=["cat", "dog"])
    first = a_task(alice, project=project, frames=5, segment_size=2, overlap=1, subset="Train", assignee_id=bob.pk)
    a_task(alice, "without data", project=project, frames=0)
    a_task(alice, "second", project=project, frames=2)
    ids = ids_of(project)
    annotate(alice, first, shapes=[a_box(ids["cat"], frame) for frame in range(5)], tags=[a_tag(ids["dog"], 3)])
    return project


@kind
def attributes_and_groups(alice: User, bob: User) -> Task:
    label = LabelInput(
        name="car",
        attributes=[
            an_attribute("colour", "red", "blue"),
            an_attribute("speed", "0", "9", "1", mutable=True, input_type="number"),
        ],
    )
    task = a_task(alice, labels=[label, "other ünï"], frames=3)
    car = Label.objects.get(task=task, name="car")
    values = [{"spec_id": it.pk, "value": it.default_value} for it in car.attributes.all()]
    boxes = [a_box(car.pk, 0, attributes=values, group=3, occluded=True, z_order=-2, rotation=45.5, score=0.25)]
    boxes += [a_box(car.pk, 1, group=None), a_box(car.pk, 2, source="auto")]
    annotate(alice, task, shapes=boxes)
    return task


@kind
def skeletons(alice: User, bob: User) -> Task:
    task = a_task(alice, labels=[a_skeleton("pose", "head", "tail")], frames=3)
    ids = ids_of(task)
    points = [
        {"type": "points", "label_id": ids[name], "frame": 0, "points": [5, place]}
        for place, name in enumerate(("head", "tail"), 7)
    ]
    shape = {"type": "skeleton", "label_id": ids["pose"], "frame": 0, "points": [], "elements": points}
    track = {
        "label_id": ids["pose"],
        "frame": 1,
        "shapes": [{"type": "skeleton", "frame": 1, "points": []}],
        "elements": [
            {
                "label_id": ids[name],
                "frame": 1,
                "shapes": [
                    {"type": "points", "frame": 1, "points": [1, 2]},
                    {"type": "points", "frame": 2, "points": [3, 4]},
                ],
            }
            for name in ("head", "tail")
        ],
    }
    annotate(alice, task, shapes=[shape], tracks=[track])
    return task


@kind
def every_shape(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=2)
    cat = ids_of(task)["cat"]
    shapes = [a_box(cat), {**a_box(cat), "type": "ellipse"}]
    for name, points in {
        "polygon": [0, 0, 5, 5, 0, 5.25],
        "polyline": [1, 1, 2, 2],
        "points": [3, 3],
        "cuboid": [float(number) for number in range(16)],
        "mask": [2, 2, 0, 0, 1, 1],
    }.items():
        shapes.append({**a_box(cat, 1), "type": name, "points": points})
    annotate(alice, task, shapes=shapes, tags=[a_tag(cat, 1)])
    return task


@kind
def tracks(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=8, segment_size=4, overlap=1)
    cat = ids_of(task)["cat"]
    annotate(
        alice, task, tracks=[a_track(cat, (0, [1, 2, 3, 4], False), (5, [5, 6, 7, 8], False), (7, [5, 6, 7, 8], True))]
    )
    return task


@kind
def nested_folders_in_natural_order(alice: User, bob: User) -> Task:
    files = {f"b {number}/p{number}.png": picture(number) for number in (1, 2, 10)}
    return a_task(alice, files=files, params={"sorting_method": "natural", "image_quality": 42, "chunk_size": 2})


@kind
def predefined_order(alice: User, bob: User) -> Task:
    names = [f"{letter}.png" for letter in "cab"]
    files = {name: picture(number) for number, name in enumerate(names)}
    params = {"sorting_method": "predefined", "upload_file_order": names, "storage_method": "file_system"}
    return a_task(alice, files=files, params=params)


@kind
def random_order_with_a_range(alice: User, bob: User) -> Task:
    task = a_task(
        alice,
        frames=9,
        params={"sorting_method": "random", "start_frame": 1, "stop_frame": 7, "frame_filter": "step=2"},
    )
    annotate(alice, task, shapes=[a_box(ids_of(task)["dog"], frame) for frame in range(4)])
    return task


@kind
def start_stop_and_step(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=9, params={"start_frame": 2, "stop_frame": 8, "frame_filter": "step=3"})
    update_data_meta(actor=Actor.of(alice), now=LATER, of=task, deleted_frames=[1])
    return task


@kind
def jobs_given_file_by_file(alice: User, bob: User) -> Task:
    names = sorted(pictures(4))
    mapping = [[names[3], names[0]], [names[2]], [names[1]]]
    return a_task(alice, frames=4, params={"job_file_mapping": mapping})


@kind
def ground_truth(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=5, segment_size=3)
    job = create_ground_truth_job(
        actor=Actor.of(alice), now=LATER, task=task, chosen=Selection(method="manual", frames=[0, 3, 4])
    )
    annotate(alice, job, shapes=[a_box(ids_of(task)["cat"], 3)])
    update_data_meta(actor=Actor.of(alice), now=LATER, of=job, deleted_frames=[4])
    return task


@kind
def honeypots(alice: User, bob: User) -> Task:
    params = {
        "sorting_method": "random",
        "validation_params": {
            "mode": "gt_pool",
            "frame_selection_method": "random_uniform",
            "frame_count": 2,
            "frames_per_job_count": 1,
            "random_seed": 5,
        },
    }
    return a_task(alice, frames=8, segment_size=3, params=params)


@kind
def honeypots_that_show_other_frames(alice: User, bob: User) -> Task:
    task = honeypots(alice, bob)
    cat, job = ids_of(task)["cat"], jobs_of(task)[0]
    annotate(alice, job, shapes=[a_box(cat, frame) for frame in range(job.start_frame, job.stop_frame + 1)])
    layout = layout_of(task)
    actor, real = Actor.of(alice), [layout.validation[0]] * len(layout.honeypots.frames)
    update_validation_layout(actor=actor, now=LATER, task=task, method="manual", real_frames=real)
    update_validation_layout(actor=actor, now=LATER, task=task, disabled_frames=layout.validation[1:])
    task.refresh_from_db()
    return task


@kind
def replicas(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=4, segment_size=2, consensus_replicas=2)
    for number, job in enumerate(jobs_of(task)):
        annotate(alice, job, shapes=[a_box(ids_of(task)["cat"], job.start_frame, [1, 2, 3 + number, 4])])
    return task


@kind
def video(alice: User, bob: User) -> Task:
    clip = {"clip.mp4": media.video_bytes(12, chapters=[("One", 0, 5), ("Two", 5, 12)])}
    return a_task(alice, files=clip, params={"start_frame": 1, "frame_filter": "step=2", "use_zip_chunks": True})


@kind
def point_clouds(alice: User, bob: User) -> Task:
    files = {f"pointcloud/{number:03}.pcd": media.pcd_bytes(number) for number in range(2)}
    files |= {f"related_images/{number:03}_pcd/cam.png": picture(number) for number in range(2)}
    return a_task(alice, files=files)


@kind
def related_images(alice: User, bob: User) -> Task:
    files = {f"set/{name}": content for name, content in pictures(2).items()}
    return a_task(alice, files={**files, "set/related_images/frame_0001_png/side.png": picture(77)})


@kind
def issues_stages_and_people(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=4, segment_size=2, assignee_id=bob.pk, source_storage={"location": "local"})
    first, second = jobs_of(task)
    actor = Actor.of(alice)
    update_job(actor=actor, now=LATER, job=first, stage="validation", state="in progress", assignee_id=bob.pk)
    update_job(actor=actor, now=LATER, job=second, stage="acceptance", state="completed")
    issue = create_issue(
        actor=actor, now=LATER, job=first, frame=1, position=[1.5, 2], message="blurred?", assignee_id=bob.pk
    )
    create_comment(actor=Actor.of(bob), now=LATER + timedelta(minutes=1), issue=issue, message="«yes»")
    return task


@kind
def guide_with_assets(alice: User, bob: User) -> Project:
    project, actor = a_project(alice, "guided"), Actor.of(alice)
    guide = create_guide(actor=actor, now=LATER, home=project, markdown="# How")
    names = ("a/b ü.png", "same.png", "same.png")
    assets = [
        create_asset(actor=actor, now=LATER, guide=guide, filename=name, content=picture(number))
        for number, name in enumerate(names)
    ]
    text = "# How\n" + "\n".join(f"![p](/api/assets/{asset.pk})" for asset in assets)
    update_guide(actor=actor, now=LATER, guide=guide, markdown=text)
    a_task(alice, project=project, frames=1)
    return project


@kind
def kept_statuses(alice: User, bob: User) -> Project:
    project, actor = a_project(alice, "as somebody said"), Actor.of(alice)
    update_task(actor=actor, now=LATER, task=a_task(alice, project=project, frames=1), status="completed")
    a_task(alice, project=project, frames=1)
    update_project(actor=actor, now=LATER, project=project, status="validation")
    return project


@kind
def deleted_label(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=2, labels=["cat", "dog"])
    ids = ids_of(task)
    annotate(alice, task, shapes=[a_box(ids["cat"]), a_box(ids["dog"]), a_box(ids["cat"], 1)])
    delete_label(actor=Actor.of(alice), now=LATER, label=Label.objects.get(pk=ids["cat"]))
    return task


@kind
def small_edits(alice: User, bob: User) -> Task:
    task = a_task(alice, frames=2)
    cat = ids_of(task)["cat"]
    annotate(alice, task, shapes=[a_box(cat, frame) for frame in (1, 0, 1)])
    add(alice, task, shapes=[a_box(cat, 0, [9, 9, 10, 10])])
    assert jobs_of(task)[0].delta_bytes
    return task
