"""What was drawn with a label that is deleted disappears with it, everywhere; and does not come back with its name."""

from __future__ import annotations

import json

import pytest
from tests.support.annotations import a_box, a_tag, a_track
from tests.support.api import client_for
from tests.support.backups import backed_up, members
from tests.support.kinds import annotate, ids_of
from tests.support.projects import a_project, a_skeleton, a_task, an_attribute, jobs_of, label

from labelkeep.projects.models import Attribute, Label
from labelkeep.snapshots.models import Backup


@pytest.fixture
def project(alice):
    cat = label("cat")
    cat.attributes = [an_attribute("sex", "m", "f"), an_attribute("age", "1", "2", mutable=True)]
    project = a_project(alice, labels=[cat, "dog", a_skeleton("pose", "head", "tail")])
    task = a_task(alice, project=project, frames=4, segment_size=2)
    ids = ids_of(project)
    values = [{"spec_id": it.pk, "value": it.default_value} for it in Attribute.objects.filter(label=ids["cat"])]
    points = [{"type": "points", "label_id": ids[it], "frame": 3, "points": [1, 2]} for it in ("head", "tail")]
    annotate(
        alice,
        task,
        tags=[a_tag(ids["cat"]), a_tag(ids["dog"], 3)],
        shapes=[
            a_box(ids["cat"], 0, attributes=values),
            a_box(ids["dog"], 3),
            {"type": "skeleton", "label_id": ids["pose"], "frame": 3, "points": [], "elements": points},
        ],
        tracks=[a_track(ids["cat"], (2, [1, 2, 3, 4], False)), a_track(ids["dog"], (2, [1, 2, 3, 4], False))],
    )
    return project


def names(content: dict) -> list[str]:
    known = dict(Label.objects.values_list("id", "name"))
    return sorted(known[item["label_id"]] for kind in ("tags", "shapes", "tracks") for item in content[kind])


def drawn(client, thing) -> list[str]:
    """Names of the labels of all that is shown on a task or job."""
    answer = client.get(f"/api/{type(thing).__name__.lower()}s/{thing.pk}/annotations")
    return names(json.loads(b"".join(answer.streaming_content)))


def delete(client, project, name: str, *, through: str) -> None:
    pk = Label.objects.get(project=project, name=name, deleted_at=None).pk
    if through == "its own route":
        answer = client.delete(f"/api/labels/{pk}")
    else:
        answer = client.patch(f"/api/projects/{project.pk}", {"labels": [{"id": pk, "deleted": True}]})
    assert answer.status_code in (200, 204), answer.content


@pytest.mark.parametrize("through", ["its own route", "its project"])
def test_it_disappears_from_task_and_jobs_backup_and_counts(alice, project, through):
    says, task = client_for(alice), project.tasks.get()
    first, second = jobs_of(task)
    assert drawn(says, task) == ["cat", "cat", "cat", "dog", "dog", "dog", "pose"]
    delete(says, project, "cat", through=through)
    assert drawn(says, task) == ["dog", "dog", "dog", "pose"]
    assert (drawn(says, first), drawn(says, second)) == ([], ["dog", "dog", "dog", "pose"])
    archived = members(backed_up(says, "projects", project.pk))["task_0/annotations.json"]
    assert b'"cat"' not in archived
    assert archived.count(b'"dog"') == 3
    counts = Backup.objects.exclude(trigger="safety").get().counts
    assert (counts["shapes"], counts["tags"], counts["tracks"]) == (2, 1, 1)


def test_a_skeleton_goes_with_its_points(alice, project):
    says, task = client_for(alice), project.tasks.get()
    delete(says, project, "pose", through="its own route")
    assert "pose" not in drawn(says, task)
    assert b"points" not in members(backed_up(says, "tasks", task.pk))["annotations.json"].replace(b'"points":', b"")


def test_a_label_of_the_same_name_begins_with_nothing(alice, project):
    says, task = client_for(alice), project.tasks.get()
    delete(says, project, "cat", through="its project")
    made = says.patch(f"/api/projects/{project.pk}", {"labels": [{"name": "cat"}]})
    assert made.status_code == 200
    assert "cat" not in drawn(says, task)
    again = Label.objects.get(project=project, name="cat", deleted_at=None)
    shapes = {"shapes": [a_box(again.pk, 1)]}
    assert says.patch(f"/api/tasks/{task.pk}/annotations?action=create", shapes).status_code == 200
    assert drawn(says, task).count("cat") == 1
    backed_up(says, "projects", project.pk)
    assert Backup.objects.exclude(trigger="safety").get().counts["shapes"] == 3


def test_nothing_can_be_drawn_with_it_any_more(alice, project):
    says, task = client_for(alice), project.tasks.get()
    gone = ids_of(project)["dog"]
    delete(says, project, "dog", through="its own route")
    for content in ({"shapes": [a_box(gone)]}, {"tags": [a_tag(gone)]}):
        answer = says.patch(f"/api/tasks/{task.pk}/annotations?action=create", content)
        assert (answer.status_code, answer.json()) == (400, [f"label_id `{gone}` is invalid"])
    answer = says.patch(f"/api/projects/{project.pk}", {"labels": [{"id": gone, "name": "hound"}]})
    assert (answer.status_code, answer.json()) == (404, {"detail": f"Not found label with id #{gone} to change"})


def test_everything_that_shows_the_label_is_told_that_it_changed(alice, project):
    says, task = client_for(alice), project.tasks.get()
    addresses = [f"/api/projects/{project.pk}", f"/api/tasks/{task.pk}", f"/api/jobs/{jobs_of(task)[0].pk}"]

    def dates() -> list[str]:
        return [says.get(address).json()["updated_date"] for address in addresses]

    before = dates()
    delete(says, project, "dog", through="its own route")
    assert all(new > old for new, old in zip(dates(), before, strict=True))
    assert len(set(dates())) == 1


def test_values_of_an_attribute_that_is_removed_are_shown_no_more_and_not_under_its_name_again(alice, project):
    says, task = client_for(alice), project.tasks.get()
    cat = Label.objects.get(project=project, name="cat")
    sex = cat.attributes.get(name="sex")

    def shown() -> list[tuple[str, str]]:
        answer = says.get(f"/api/tasks/{task.pk}/annotations")
        content = json.loads(b"".join(answer.streaming_content))
        known = dict(Attribute.objects.values_list("id", "name"))
        values = next(it["attributes"] for it in content["shapes"] if it["label_id"] == cat.pk)
        return sorted((known[it["spec_id"]], it["value"]) for it in values)

    assert shown() == [("age", "1"), ("sex", "m")]
    change = {"attributes": [{"id": sex.pk, "deleted": True}]}
    assert says.patch(f"/api/labels/{cat.pk}", change).status_code == 200
    assert shown() == [("age", "1")]
    anew = {"name": "sex", "mutable": False, "input_type": "select", "values": ["x", "y"], "default_value": "x"}
    assert says.patch(f"/api/labels/{cat.pk}", {"attributes": [anew]}).status_code == 200
    assert shown() == [("age", "1"), ("sex", "x")]


def test_a_stranger_deletes_nothing(alice, bob, charlie, project):
    cat = ids_of(project)["cat"]
    for somebody in (bob, charlie):
        assert client_for(somebody).delete(f"/api/labels/{cat}").status_code == 403
    assert "cat" in drawn(client_for(alice), project.tasks.get())
