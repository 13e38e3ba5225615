"""/api/labels: shown with attributes and skeletons, changed one by one or through their project."""

from __future__ import annotations

import pytest
from tests.support.api import client_for
from tests.support.projects import LabelInput, a_project, a_skeleton, a_task, an_attribute
from tests.support.sdk import parsed

from labelkeep.projects.models import Label


def labels_of(client, **query) -> list[dict]:
    return client.get("/api/labels", {"page_size": "all", **query}).json()["results"]


@pytest.fixture
def zoo(alice):
    cat = LabelInput(
        name="cat",
        type="rectangle",
        attributes=[
            an_attribute("sex", "m", "f"),
            an_attribute("age", "0", "20", "1", mutable=True, input_type="number"),
        ],
    )
    return a_project(alice, labels=[cat, "dog", a_skeleton("pose", "head", "tail")])


def test_the_client_takes_labels(alice, zoo):
    page = parsed("PaginatedLabelList", client_for(alice).get(f"/api/labels?project_id={zoo.pk}").content)
    cat, dog, pose = page.results
    assert [it.name for it in cat.attributes] == ["sex", "age"]
    assert cat.attributes[1].values == ["0", "20", "1"]
    assert cat.attributes[1].mutable
    assert (cat.type, dog.type, pose.type) == ("rectangle", "any", "skeleton")
    assert [it.name for it in pose.sublabels] == ["head", "tail"]
    one = parsed("Label", client_for(alice).get(f"/api/labels/{cat.id}").content)
    assert one.project_id == zoo.pk
    assert one.parent_id is None
    assert one.has_parent is False


def test_a_picture_shows_the_ids_of_its_points_and_stores_their_names(alice, zoo):
    pose = labels_of(client_for(alice), project_id=zoo.pk)[2]
    for point in pose["sublabels"]:
        assert f'data-label-id="{point["id"]}"' in pose["svg"]
    assert "data-label-name" not in pose["svg"]
    assert 'data-label-name="head"' in Label.objects.get(pk=pose["id"]).svg


def test_only_labels_at_the_top_are_listed_unless_a_parent_is_asked_for(alice, zoo):
    says = client_for(alice)
    top = labels_of(says, project_id=zoo.pk)
    assert [it["name"] for it in top] == ["cat", "dog", "pose"]
    below = labels_of(says, parent_id=top[2]["id"])
    assert [(it["name"], it["has_parent"], it["parent_id"]) for it in below] == [
        ("head", True, top[2]["id"]),
        ("tail", True, top[2]["id"]),
    ]
    assert [it["name"] for it in labels_of(says, parent="pose")] == ["head", "tail"]
    assert [it["name"] for it in labels_of(says, type="rectangle")] == ["cat"]


def test_a_task_in_a_project_has_the_labels_of_the_project(alice, zoo):
    inside, alone = a_task(alice, project=zoo, frames=0), a_task(alice, labels=["own"], frames=0)
    says = client_for(alice)
    assert [it["name"] for it in labels_of(says, task_id=inside.pk)] == ["cat", "dog", "pose"]
    own = labels_of(says, task_id=alone.pk)[0]
    assert own["task_id"] == alone.pk
    assert "project_id" not in own


def test_labels_are_asked_of_one_thing_only(alice, zoo):
    answer = client_for(alice).get(f"/api/labels?project_id={zoo.pk}&task_id=1")
    assert answer.status_code == 400
    assert client_for(alice).get("/api/labels?project_id=x").status_code == 400
    assert client_for(alice).get("/api/labels?project_id=999999").status_code == 404


def test_a_stranger_sees_no_labels(alice, charlie, zoo):
    label = Label.objects.filter(project=zoo).first()
    says = client_for(charlie)
    assert says.get("/api/labels").json()["count"] == 0
    assert says.get(f"/api/labels?project_id={zoo.pk}").status_code == 403
    assert says.get(f"/api/labels/{label.pk}").status_code == 403
    assert says.patch(f"/api/labels/{label.pk}", {"name": "x"}).status_code == 403
    assert says.delete(f"/api/labels/{label.pk}").status_code == 403


def test_a_label_is_renamed_and_recoloured(alice, zoo):
    says = client_for(alice)
    cat = labels_of(says, project_id=zoo.pk)[0]
    before = says.get(f"/api/projects/{zoo.pk}").json()["updated_date"]
    changed = says.patch(f"/api/labels/{cat['id']}", {"name": "lion", "color": "#00ff00"}).json()
    assert (changed["name"], changed["color"]) == ("lion", "#00ff00")
    assert changed["attributes"] == cat["attributes"]
    assert says.get(f"/api/projects/{zoo.pk}").json()["updated_date"] > before


def test_a_name_that_is_taken_is_refused(alice, zoo):
    cat = labels_of(client_for(alice), project_id=zoo.pk)[0]
    answer = client_for(alice).patch(f"/api/labels/{cat['id']}", {"name": "dog"})
    assert answer.status_code == 400
    assert answer.json() == ["All label names must be unique"]
    assert Label.objects.get(pk=cat["id"]).name == "cat"


def test_a_label_is_not_deleted_by_changing_it(alice, zoo):
    cat = labels_of(client_for(alice), project_id=zoo.pk)[0]
    answer = client_for(alice).patch(f"/api/labels/{cat['id']}", {"deleted": True})
    assert answer.status_code == 400
    assert "Please use the DELETE method instead" in answer.json()["non_field_errors"][0]


def test_points_change_with_their_skeleton_alone(alice, zoo):
    says = client_for(alice)
    pose = labels_of(says, project_id=zoo.pk)[2]
    head = pose["sublabels"][0]
    assert says.patch(f"/api/labels/{head['id']}", {"name": "nose"}).status_code == 400
    assert says.delete(f"/api/labels/{head['id']}").status_code == 400
    changed = says.patch(f"/api/labels/{pose['id']}", {"sublabels": [{"id": head["id"], "name": "nose"}]})
    assert changed.status_code == 200
    assert [it["name"] for it in changed.json()["sublabels"]] == ["nose", "tail"]
    stored = Label.objects.get(pk=pose["id"]).svg
    assert 'data-label-name="nose"' in stored
    assert 'data-label-name="head"' not in stored
    assert f'data-label-id="{head["id"]}"' in changed.json()["svg"]


def test_a_picture_that_the_client_read_is_taken_back(alice, zoo):
    says = client_for(alice)
    pose = labels_of(says, project_id=zoo.pk)[2]
    before = Label.objects.get(pk=pose["id"]).svg
    moved = says.patch(f"/api/labels/{pose['id']}", {"svg": pose["svg"].replace('cy="50"', 'cy="60"')})
    assert moved.status_code == 200
    assert Label.objects.get(pk=pose["id"]).svg == before.replace('cy="50"', 'cy="60"')


def test_a_skeleton_stays_a_skeleton(alice, zoo):
    says = client_for(alice)
    cat, _, pose = labels_of(says, project_id=zoo.pk)
    assert says.patch(f"/api/labels/{pose['id']}", {"type": "polygon"}).json()["type"] == "skeleton"
    assert says.patch(f"/api/labels/{cat['id']}", {"type": "skeleton"}).json()["type"] == "rectangle"
    assert says.patch(f"/api/labels/{cat['id']}", {"type": "polygon"}).json()["type"] == "polygon"


def test_attributes_are_added_changed_and_removed(alice, zoo):
    says = client_for(alice)
    cat = labels_of(says, project_id=zoo.pk)[0]
    sex, age = cat["attributes"]
    changed = says.patch(
        f"/api/labels/{cat['id']}",
        {
            "attributes": [
                {"id": sex["id"], "name": "gender", "values": ["m", "f", "x"]},
                {"id": age["id"], "deleted": True},
                {"name": "tame", "mutable": False, "input_type": "checkbox", "values": ["false"]},
            ]
        },
    ).json()
    assert [it["name"] for it in changed["attributes"]] == ["gender", "tame"]
    assert changed["attributes"][0] == {**sex, "name": "gender", "values": ["m", "f", "x"]}
    assert changed["attributes"][1]["default_value"] == "false"


def test_two_attributes_of_one_name_are_refused(alice, zoo):
    cat = labels_of(client_for(alice), project_id=zoo.pk)[0]
    added = {"name": "sex", "mutable": False, "input_type": "text", "values": []}
    answer = client_for(alice).patch(f"/api/labels/{cat['id']}", {"attributes": [added]})
    assert answer.status_code == 400
    assert answer.json() == ["Duplicate attribute with name 'sex' exists"]


def test_a_deleted_label_is_a_tombstone_and_its_name_is_free(alice, zoo):
    says = client_for(alice)
    pose = labels_of(says, project_id=zoo.pk)[2]
    assert says.delete(f"/api/labels/{pose['id']}").status_code == 204
    assert says.get(f"/api/labels/{pose['id']}").status_code == 404
    assert [it["name"] for it in labels_of(says, project_id=zoo.pk)] == ["cat", "dog"]
    assert Label.objects.filter(parent=pose["id"], deleted_at=None).count() == 0
    assert Label.objects.get(pk=pose["id"]).deleted_at is not None
    again = says.patch(f"/api/projects/{zoo.pk}", {"labels": [{"name": "pose"}]})
    assert again.status_code == 200
    assert [it["name"] for it in labels_of(says, project_id=zoo.pk)] == ["cat", "dog", "pose"]


def test_labels_are_made_changed_and_deleted_through_their_project(alice, zoo):
    says = client_for(alice)
    cat, dog, _ = labels_of(says, project_id=zoo.pk)
    answer = says.patch(
        f"/api/projects/{zoo.pk}",
        {
            "labels": [
                {"id": cat["id"], "name": "lion"},
                {"id": dog["id"], "name": "dog", "deleted": True},
                {"name": "fish", "type": "polygon"},
            ]
        },
    )
    assert answer.status_code == 200
    assert [it["name"] for it in labels_of(says, project_id=zoo.pk)] == ["lion", "pose", "fish"]
    colors = {it["color"] for it in labels_of(says, project_id=zoo.pk)}
    assert len(colors) == 3


def test_a_label_may_be_replaced_by_one_of_its_name_in_one_request(alice, zoo):
    says = client_for(alice)
    cat = labels_of(says, project_id=zoo.pk)[0]
    change = [{"id": cat["id"], "name": "cat", "deleted": True}, {"name": "cat", "type": "polygon"}]
    assert says.patch(f"/api/projects/{zoo.pk}", {"labels": change}).status_code == 200
    found = {it["name"]: it for it in labels_of(says, project_id=zoo.pk)}
    assert found["cat"]["type"] == "polygon"
    assert found["cat"]["id"] != cat["id"]
    assert found["cat"]["attributes"] == []


def test_a_label_of_somewhere_else_is_not_found(alice, bob, zoo):
    foreign = Label.objects.filter(project=a_project(bob)).first()
    answer = client_for(alice).patch(f"/api/projects/{zoo.pk}", {"labels": [{"id": foreign.pk, "name": "mine"}]})
    assert answer.status_code == 404
    assert answer.json() == {"detail": f"Not found label with id #{foreign.pk} to change"}


def test_labels_copied_from_elsewhere_are_made_anew(alice, zoo):
    says = client_for(alice)
    copied = labels_of(says, project_id=zoo.pk)
    made = says.post("/api/projects", {"name": "copy", "labels": copied})
    assert made.status_code == 201
    again = labels_of(says, project_id=made.json()["id"])
    assert not {it["id"] for it in copied} & {it["id"] for it in again}
    assert [it["name"] for it in again] == [it["name"] for it in copied]
    assert [it["name"] for it in again[0]["attributes"]] == ["sex", "age"]
    stored = Label.objects.get(pk=again[2]["id"]).svg
    assert stored == Label.objects.get(pk=copied[2]["id"]).svg


def test_names_may_be_exchanged_in_one_request(alice, zoo):
    says = client_for(alice)
    cat, dog, _ = labels_of(says, project_id=zoo.pk)
    swapped = [{"id": cat["id"], "name": "dog"}, {"id": dog["id"], "name": "cat"}]
    assert says.patch(f"/api/projects/{zoo.pk}", {"labels": swapped}).status_code == 200
    assert [it["name"] for it in labels_of(says, project_id=zoo.pk)][:2] == ["dog", "cat"]


def test_there_is_no_post(alice):
    assert client_for(alice).post("/api/labels", {"name": "x"}).status_code == 405
