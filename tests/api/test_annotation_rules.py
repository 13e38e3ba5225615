"""cvat-protocol §8.7, sentence by sentence, on the wire: what is refused and how, and what is told of attributes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.support.annotations import a_box, a_label, a_tag, a_task_with_jobs, a_track

from labelkeep.accounts.models import User
from labelkeep.projects.models import Attribute, Job, Label, Task


@pytest.fixture
def task(alice: User) -> Task:
    return a_task_with_jobs(alice, (0, 5), (4, 9), overlap=2)


@pytest.fixture
def path(task: Task) -> str:
    return f"/api/jobs/{Job.objects.filter(task=task).order_by('start_frame')[0].pk}/annotations/"


@pytest.fixture
def car(task: Task) -> int:
    return Label.objects.get(task=task, name="car").pk


def spec(name: str) -> int:
    return Attribute.objects.get(name=name).pk


def send(user: User, method: str, path: str, data: Any = None) -> Any:
    client = Client()
    client.force_login(user)
    return client.generic(method, path, json.dumps(data or {}), content_type="application/json")


def told(response: Any) -> Any:
    return json.loads(response.getvalue())


def refused(user: User, method: str, path: str, data: Any) -> Any:
    response = send(user, method, path, data)
    assert response.status_code == 400
    return told(response)


POINTS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # type: lengths that fit, and that do not
    "rectangle": ((4,), (2, 5)),
    "ellipse": ((4,), (3, 6)),
    "polygon": ((6, 8), (4, 7)),
    "polyline": ((4, 6), (2, 5)),
    "points": ((2, 4), (0, 3)),
    "cuboid": ((16,), (15, 18)),
    "mask": ((5, 9), (4,)),
}


@pytest.mark.parametrize("type", POINTS)
def test_each_type_has_its_number_of_coordinates(alice: User, path: str, car: int, type: str) -> None:
    right, wrong = POINTS[type]
    for count in right:
        shape = {"type": type, "label_id": car, "frame": 0, "points": [1.0] * count}
        track = {"label_id": car, "frame": 0, "shapes": [{"type": type, "frame": 0, "points": [1.0] * count}]}
        got = told(send(alice, "PUT", path, {"shapes": [shape], "tracks": [track]}))
        assert got["shapes"][0]["points"] == got["tracks"][0]["shapes"][0]["points"] == [1.0] * count
    sentence = f"invalid length for shape type '{type}'"
    for count in wrong:
        shape = {"type": type, "label_id": car, "frame": 0, "points": [1.0] * count}
        track = {"label_id": car, "frame": 0, "shapes": [{"type": type, "frame": 0, "points": [1.0] * count}]}
        assert refused(alice, "PUT", path, {"shapes": [shape]}) == {"shapes": [{"points": [sentence]}]}
        assert refused(alice, "PUT", path, {"tracks": [track]}) == {"tracks": [{"shapes": [{"points": [sentence]}]}]}


@pytest.mark.parametrize("action", ["update", "delete"])
def test_what_is_changed_or_removed_has_an_id(alice: User, path: str, car: int, action: str) -> None:
    kinds = {"tags": a_tag(car), "shapes": a_box(car), "tracks": a_track(car, (0, [1, 1, 2, 2], False))}
    for kind, item in kinds.items():
        for without in (item, {**item, "id": None}):
            answer = refused(alice, "PATCH", f"{path}?action={action}", {kind: [without]})
            assert answer == {kind: [{"id": ["must be present and not null"]}]}


def test_what_is_new_has_none(alice: User, path: str, car: int) -> None:
    for method, query in (("PUT", ""), ("PATCH", "?action=create")):
        for kind, item in (("tags", a_tag(car)), ("tracks", a_track(car, (0, [1, 1, 2, 2], False)))):
            answer = refused(alice, method, path + query, {kind: [{**item, "id": 5}]})
            assert answer == {kind: [{"id": ["must be absent"]}]}
        assert send(alice, method, path + query, {"tags": [{**a_tag(car), "id": None}]}).status_code == 200


def test_what_is_wrong_far_down_a_list_is_told_at_its_place(alice: User, path: str, car: int) -> None:
    answer = refused(alice, "PUT", path, {"shapes": [a_box(car), a_box(car), {**a_box(car), "points": [1]}]})
    assert answer == {"shapes": [{}, {}, {"points": ["invalid length for shape type 'rectangle'"]}]}


def test_elements_are_of_skeletons_and_skeletons_of_elements(alice: User, task: Task, path: str, car: int) -> None:
    skeleton = a_label(task, "body", type="skeleton")
    head = a_label(task, "head", type="points", parent=skeleton)
    element = {"type": "points", "label_id": head.pk, "frame": 0, "points": [1, 2]}
    body = {"type": "skeleton", "label_id": skeleton.pk, "frame": 0, "elements": [element]}
    assert send(alice, "PUT", path, {"shapes": [body]}).status_code == 200
    empty, wrong = {**body, "elements": []}, {**body, "elements": [{**element, "points": [1]}]}
    of_box = {**a_box(skeleton.pk), "elements": [element]}
    assert refused(alice, "PUT", path, {"shapes": [empty]}) == {
        "shapes": [{"elements": ["at least one required for skeleton shape"]}]
    }
    assert refused(alice, "PUT", path, {"shapes": [of_box]}) == {
        "shapes": [{"elements": ["not allowed for non-skeleton shape"]}]
    }
    assert refused(alice, "PUT", path, {"shapes": [wrong]}) == {
        "shapes": [{"elements": [{"points": ["invalid length for shape type 'points'"]}]}]
    }
    stranger = {**body, "elements": [{**element, "label_id": car}]}
    assert refused(alice, "PUT", path, {"shapes": [stranger]}) == [f"label_id `{car}` is invalid"]


def test_a_track_has_immutable_attributes_and_its_shapes_the_mutable_ones(alice: User, path: str, car: int) -> None:
    color, speed = spec("color"), spec("speed")
    track = a_track(car, (0, [1, 1, 5, 5], False), (3, [2, 2, 6, 6], False), (5, [2, 2, 6, 6], False))
    track["attributes"] = [{"spec_id": color, "value": "blue"}]
    track["shapes"][1]["attributes"] = [{"spec_id": speed, "value": "7"}]
    got = told(send(alice, "PUT", path, {"tracks": [track]}))["tracks"][0]
    assert got["attributes"] == [{"spec_id": color, "value": "blue"}]
    assert [shape["attributes"] for shape in got["shapes"]] == [
        [{"spec_id": speed, "value": value}] for value in ("0", "7", "7")
    ]
    exchanged = {**track, "attributes": [{"spec_id": speed, "value": "7"}]}
    assert refused(alice, "PUT", path, {"tracks": [exchanged]}) == [f"spec_id `{speed}` is invalid"]
    track["shapes"][0]["attributes"] = [{"spec_id": color, "value": "blue"}]
    assert refused(alice, "PUT", path, {"tracks": [track]}) == [f"spec_id `{color}` is invalid"]


def test_attributes_that_are_not_sent_have_their_defaults(alice: User, path: str, car: int) -> None:
    color, speed = spec("color"), spec("speed")
    some = [{"spec_id": color, "value": "blue"}]
    got = told(send(alice, "PUT", path, {"tags": [a_tag(car, attributes=some)], "shapes": [a_box(car)]}))
    assert got["tags"][0]["attributes"] == [*some, {"spec_id": speed, "value": "0"}]
    assert got["shapes"][0]["attributes"] == [{"spec_id": color, "value": "red"}, {"spec_id": speed, "value": "0"}]


def test_a_value_has_at_most_4096_characters(alice: User, path: str, car: int) -> None:
    for length, status in ((4096, 200), (4097, 400)):
        shape = a_box(car, attributes=[{"spec_id": spec("color"), "value": "x" * length}])
        assert send(alice, "PUT", path, {"shapes": [shape]}).status_code == status


def test_a_score_is_of_shapes_only_and_between_0_and_1(alice: User, path: str, car: int) -> None:
    lists = {"shapes": [a_box(car), a_box(car, 1, score=0.25)], "tracks": [a_track(car, (0, [1, 1, 5, 5], False))]}
    got = told(send(alice, "PUT", path, lists))
    assert [shape["score"] for shape in got["shapes"]] == [1, 0.25]
    assert "score" not in got["tracks"][0]
    answer = refused(alice, "PUT", path, {"shapes": [a_box(car, score=1.5)]})
    assert answer == {"shapes": [{"score": ["Ensure this value is between 0 and 1."]}]}


def test_there_are_no_intervals_here_and_an_empty_list_of_them_is_no_fault(alice: User, path: str, car: int) -> None:
    assert send(alice, "PUT", path, {"shapes": [a_box(car)], "intervals": []}).status_code == 200
    answer = refused(alice, "PUT", path, {"intervals": [{"label_id": car, "start": 0, "stop": 5}]})
    assert list(answer) == ["intervals"]
    assert len(told(send(alice, "GET", path))["shapes"]) == 1


def test_null_and_0_both_mean_no_group_and_a_group_is_not_negative(alice: User, path: str, car: int) -> None:
    got = told(send(alice, "PUT", path, {"shapes": [a_box(car, group=None), a_box(car, 1), a_box(car, 2, group=3)]}))
    assert [shape["group"] for shape in got["shapes"]] == [None, 0, 3]
    assert list(refused(alice, "PUT", path, {"shapes": [a_box(car, group=-1)]})["shapes"][0]) == ["group"]


def test_a_change_through_the_task_tells_what_it_did_to_the_task_each_object_once(
    alice: User, task: Task, car: int
) -> None:
    """Frame 4 is of both jobs: two objects are kept, one is the task's."""
    path = f"/api/tasks/{task.pk}/annotations/"
    track = a_track(car, (2, [1, 1, 5, 5], False), (8, [2, 2, 6, 6], False))
    lists = {"shapes": [a_box(car, 4), a_box(car, 0)], "tags": [a_tag(car, 5)], "tracks": [track]}
    made = told(send(alice, "PATCH", f"{path}?action=create", lists))
    assert [shape["frame"] for shape in made["shapes"]] == [0, 4]
    assert (len(made["tags"]), len(made["tracks"])) == (1, 1)
    assert made == told(send(alice, "GET", path))
    gone = told(send(alice, "PATCH", f"{path}?action=delete", {"shapes": made["shapes"]}))
    assert [shape["id"] for shape in gone["shapes"]] == [shape["id"] for shape in made["shapes"]]


def test_the_annotations_of_a_task_without_data_are_refused_in_a_sentence(alice: User, task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(has_data=False)
    response = send(alice, "GET", f"/api/tasks/{task.pk}/annotations/")
    assert response.status_code == 400
    assert "no data" in response.getvalue().decode()
