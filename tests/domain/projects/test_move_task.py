"""Moving a task between projects: documents stay as they are, and what people drew keeps its label by name."""

from __future__ import annotations

import json

import pytest
from tests.support.api import organization_of
from tests.support.projects import NOW, a_project, a_skeleton, a_task, an_attribute, jobs_of, label

from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput, Forbidden
from labelkeep.projects import saved
from labelkeep.projects.actions.update_task import update_task
from labelkeep.projects.models import Guide, Job, Label, Project, Task


def with_attribute(name: str, attribute: str):
    made = label(name)
    made.attributes = [an_attribute(attribute, "m", "f")]
    return made


def draw(owner, task, *names: str) -> None:
    """One rectangle a label, with the first value of the label's attribute."""
    home = {"project": task.project_id} if task.project_id else {"task": task.pk}
    shapes = []
    for name in names:
        row = Label.objects.get(name=name, parent=None, **home)
        shapes.append(
            {
                "type": "rectangle",
                "label_id": row.pk,
                "frame": 0,
                "points": [1, 2, 3, 4],
                "attributes": [{"spec_id": it.pk, "value": "f"} for it in row.attributes.all()],
            }
        )
    saved.replace(Actor.of(owner), jobs_of(task)[0], [("shapes", 0, json.dumps(shapes).encode())], now=NOW)


def drawn(owner, task) -> list[tuple[str, dict[str, str]]]:
    """Name of the label, and values by name of attribute, of every shape that is shown."""
    content = json.loads(b"".join(saved.view_job(Actor.of(owner), jobs_of(task)[0])))
    found = []
    for shape in content["shapes"]:
        row = Label.objects.get(pk=shape["label_id"])
        names = {it.pk: it.name for it in row.attributes.all()}
        found.append((row.name, {names[it["spec_id"]]: it["value"] for it in shape["attributes"]}))
    return sorted(found)


def move(owner, task, project) -> Task:
    moved = update_task(actor=Actor.of(owner), now=NOW, task=task, project=project)
    assert moved.project_id == project.pk
    return Task.objects.get(pk=task.pk)


def test_objects_keep_their_labels_by_name_and_documents_stay(alice):
    here = a_project(alice, "here", labels=[with_attribute("cat", "sex"), "dog"])
    there = a_project(alice, "there", labels=["fish", with_attribute("cat", "sex")])
    task = a_task(alice, project=here, frames=2)
    draw(alice, task, "cat", "dog")
    before = jobs_of(task)[0]
    moved = move(alice, task, there)
    after = jobs_of(moved)[0]
    assert moved.project == there
    assert (after.document, after.revision) == (before.document, before.revision)
    assert drawn(alice, moved) == [("cat", {"sex": "f"})]


def test_keys_are_never_given_a_second_time(alice):
    here = a_project(alice, "here", labels=["cat", "dog"])
    there = a_project(alice, "there", labels=["cat", "fish"])
    task = a_task(alice, project=here, frames=1)
    draw(alice, task, "cat", "dog")
    used = set(task.label_keys["labels"].values())
    moved = move(alice, task, there)
    draw(alice, moved, "fish")
    moved.refresh_from_db()
    fish = Label.objects.get(project=there, name="fish")
    assert moved.label_keys["labels"][str(fish.pk)] not in used
    assert drawn(alice, moved) == [("fish", {})]


def test_a_task_that_stood_alone_leaves_its_labels_behind(alice):
    project = a_project(alice, labels=["cat", a_skeleton("pose", "head", "tail")])
    task = a_task(alice, labels=[a_skeleton("pose", "tail", "head"), "cat"], frames=1)
    draw(alice, task, "cat")
    Guide.objects.create(task=task, markdown="mine", created_date=NOW, updated_date=NOW)
    moved = move(alice, task, project)
    assert not Label.objects.filter(task=task).exists()
    assert drawn(alice, moved) == [("cat", {})]
    tail = Label.objects.get(project=project, name="tail")
    assert str(tail.pk) in moved.label_keys["labels"]
    assert Guide.objects.filter(task=task).exists()


def test_a_skeleton_is_not_taken_for_a_label_of_the_same_name(alice):
    here = a_project(alice, "here", labels=["pose"])
    there = a_project(alice, "there", labels=[a_skeleton("pose", "head")])
    task = a_task(alice, project=here, frames=1)
    draw(alice, task, "pose")
    assert drawn(alice, move(alice, task, there)) == []


def test_the_task_takes_the_organization_of_its_new_project(alice):
    organization = organization_of(alice)
    there = a_project(alice, organization=organization)
    assert move(alice, a_task(alice, frames=1), there).organization == organization


def test_both_projects_learn_of_it(alice):
    here, there = a_project(alice, "here"), a_project(alice, "there")
    task = a_task(alice, project=here, frames=1)
    a_task(alice, project=here, frames=1)
    Job.objects.filter(task=task).update(stage="validation", status="validation")
    Task.objects.filter(pk=task.pk).update(status="validation")
    Project.objects.filter(pk=here.pk).update(status="validation")
    move(alice, Task.objects.get(pk=task.pk), there)
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.status, there.status) == ("annotation", "validation")


def test_both_ends_must_be_the_actors(alice, bob):
    task = a_task(alice, frames=1)
    with pytest.raises(Forbidden):
        move(alice, task, a_project(bob))
    with pytest.raises(Forbidden):
        move(bob, task, a_project(bob))
    assert Task.objects.get(pk=task.pk).project is None


def test_a_project_of_another_dimension_does_not_take_it(alice):
    project = a_project(alice)
    other = a_task(alice, project=project, frames=1)
    Task.objects.filter(pk=other.pk).update(dimension="3d")
    with pytest.raises(BadInput, match="not 2d"):
        move(alice, a_task(alice, frames=1), project)


def test_deleting_a_label_hides_its_shapes(alice):
    from labelkeep.projects.actions.delete_label import delete_label

    project = a_project(alice, labels=["cat", "dog"])
    task = a_task(alice, project=project, frames=1)
    draw(alice, task, "cat", "dog")
    dog = Label.objects.get(project=project, name="dog")
    delete_label(actor=Actor.of(alice), now=NOW, label=dog)
    assert drawn(alice, task) == [("cat", {})]
    Label.objects.filter(pk=dog.pk).update(deleted_at=None)
    assert drawn(alice, task) == [("cat", {}), ("dog", {})]


def everything(home) -> dict[str, list[dict]]:
    """Objects of every kind, of `cat` and of `pose` with its points."""
    ids = dict(Label.objects.filter(**home, deleted_at=None).values_list("name", "id"))
    sex = Label.objects.get(pk=ids["cat"]).attributes.get()
    cat = {"label_id": ids["cat"], "frame": 0, "attributes": [{"spec_id": sex.pk, "value": "f"}]}
    point = {"type": "points", "frame": 1, "points": [5, 7]}
    points = [{"label_id": ids[name], **point} for name in ("head", "tail")]
    followed = [{"label_id": ids[name], "frame": 1, "shapes": [point]} for name in ("head", "tail")]
    box = {"type": "rectangle", "points": [1, 2, 3, 4]}
    return {
        "tags": [cat, {"label_id": ids["dog"], "frame": 1}],
        "shapes": [
            {**cat, **box},
            {**cat, "type": "mask", "points": [2, 2, 0, 0, 1, 1]},
            {"type": "skeleton", "label_id": ids["pose"], "frame": 1, "points": [], "elements": points},
            {**box, "label_id": ids["dog"], "frame": 0},
        ],
        "tracks": [
            {**cat, "shapes": [{**box, "frame": 0}]},
            {
                "label_id": ids["pose"],
                "frame": 1,
                "shapes": [{"type": "skeleton", "frame": 1, "points": []}],
                "elements": followed,
            },
        ],
    }


def seen(owner, task) -> dict[str, list[str]]:
    """What is shown of each kind, at the task: name of the label, of its points, and values of attributes."""
    content = json.loads(b"".join(saved.view_task(Actor.of(owner), task)))
    names = dict(Label.objects.values_list("id", "name"))

    def told(item: dict) -> str:
        values = ",".join(it["value"] for it in item["attributes"])
        points = "+".join(sorted(names[it["label_id"]] for it in item.get("elements", [])))
        return ":".join(part for part in (names[item["label_id"]], values, points) if part)

    return {kind: sorted(told(item) for item in content[kind]) for kind in ("tags", "shapes", "tracks")}


ALL = {
    "tags": ["cat:f", "dog"],
    "shapes": ["cat:f", "cat:f", "dog", "pose:head+tail"],
    "tracks": ["cat:f", "pose:head+tail"],
}


@pytest.fixture
def drawn_task(alice):
    """A task alone with objects of every kind, some of them still in a small edit."""
    labels = [with_attribute("cat", "sex"), "dog", a_skeleton("pose", "head", "tail")]
    task = a_task(alice, labels=labels, frames=2)
    objects = everything({"task": task})
    batches = [(kind, 0, json.dumps(items).encode()) for kind, items in objects.items()]
    saved.replace(Actor.of(alice), jobs_of(task)[0], batches[:2], now=NOW)
    list(saved.patch(Actor.of(alice), jobs_of(task)[0], "create", batches[2:], now=NOW))
    assert seen(alice, task) == ALL
    return task


def same_labels():
    return [a_skeleton("pose", "tail", "head"), with_attribute("cat", "sex"), "dog"]


def test_objects_of_every_kind_come_along_in_and_out_and_across(alice, drawn_task):
    first, second = (a_project(alice, name, labels=same_labels()) for name in ("first", "second"))
    assert seen(alice, move(alice, drawn_task, first)) == ALL
    assert seen(alice, move(alice, drawn_task, second)) == ALL
    alone = update_task(actor=Actor.of(alice), now=NOW, task=Task.objects.get(pk=drawn_task.pk), project=None)
    assert alone.project_id is None
    assert seen(alice, Task.objects.get(pk=drawn_task.pk)) == ALL
    assert not Label.objects.filter(project=second, deleted_at__isnull=False).exists()


def test_what_has_no_label_where_the_task_goes_is_gone_and_moving_back_does_not_bring_it_back(alice, drawn_task):
    home = a_project(alice, "home", labels=same_labels())
    poorer = a_project(alice, "poorer", labels=["cat", a_skeleton("pose", "head")])
    left = {"tags": ["cat"], "shapes": ["cat", "cat", "pose:head"], "tracks": ["cat", "pose:head"]}
    task = move(alice, drawn_task, home)
    task = move(alice, task, poorer)
    assert seen(alice, task) == left
    task = move(alice, task, home)
    back = seen(alice, task)
    assert "dog" not in back["tags"] + back["shapes"]
    assert [it.split(":")[0] for it in back["shapes"]] == ["cat", "cat", "pose"]
    assert not any("f" in it.split(":")[1:2] for it in back["tags"])  # the value went with its attribute


def test_a_task_taken_out_of_its_project_keeps_none_of_its_deleted_labels(alice):
    from labelkeep.projects.actions.delete_label import delete_label

    project = a_project(alice, labels=["cat", "dog"])
    task = a_task(alice, project=project, frames=1)
    draw(alice, task, "cat", "dog")
    delete_label(actor=Actor.of(alice), now=NOW, label=Label.objects.get(project=project, name="dog"))
    update_task(actor=Actor.of(alice), now=NOW, task=task, project=None)
    task.refresh_from_db()
    assert list(Label.objects.filter(task=task).values_list("name", flat=True)) == ["cat"]
    assert drawn(alice, task) == [("cat", {})]
    assert Label.objects.filter(project=project, deleted_at=None).get().name == "cat"


def test_an_assignee_of_the_task_does_not_take_it_away(alice, bob, charlie):
    project = a_project(alice)
    task = a_task(alice, project=project, frames=1, assignee_id=bob.pk)
    for somebody in (bob, charlie):
        for destination in (a_project(somebody), None):
            with pytest.raises(Forbidden):
                update_task(actor=Actor.of(somebody), now=NOW, task=task, project=destination)
    assert Task.objects.get(pk=task.pk).project == project
