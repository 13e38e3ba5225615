"""/api/tasks|jobs/{id}/annotations: bodies in, bodies out, errors in the wire's shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.support.annotations import a_box, a_label, a_tag, a_task_with_jobs, a_track, bare

from labelkeep.accounts.models import User
from labelkeep.projects.models import Job, Label, Task


@pytest.fixture
def task(alice: User) -> Task:
    return a_task_with_jobs(alice, (0, 5), (4, 9), overlap=2)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> Any:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return json.loads(content)


def send(user: User, method: str, path: str, data: Any = None) -> Any:
    text = data if isinstance(data, (str, bytes)) else json.dumps(data) if data is not None else ""
    return client_of(user).generic(method, path, text, content_type="application/json")


def labels(task: Task) -> dict[str, int]:
    return dict(Label.objects.filter(task=task).values_list("name", "pk"))


def test_what_is_put_is_what_is_got(alice: User, task: Task) -> None:
    car, person = labels(task)["car"], labels(task)["person"]
    job = task.jobs.first()
    data = {
        "version": 0,
        "tags": [a_tag(person, 1, group=2)],
        "shapes": [a_box(car, 2, rotation=10.5, z_order=-1, occluded=True, source="auto", group=None)],
        "tracks": [a_track(car, (0, [1, 1, 5, 5], False), (3, [2, 2, 6, 6], True))],
    }
    response = send(alice, "PUT", f"/api/jobs/{job.pk}/annotations/", data)
    assert response.status_code == 200
    got = body(send(alice, "GET", f"/api/jobs/{job.pk}/annotations/"))
    assert got == body(response)
    assert got["version"] == 0
    assert [bare(tag) for tag in got["tags"]] == [
        {"label_id": person, "frame": 1, "group": 2, "source": "manual", "attributes": []}
    ]
    shape = got["shapes"][0]
    assert shape["id"] >> 28 == job.pk
    assert (shape["points"], shape["rotation"], shape["z_order"], shape["group"]) == ([1, 2, 30, 40], 10.5, -1, None)
    assert sorted(item["value"] for item in shape["attributes"]) == ["0", "red"]  # defaults are there on reading
    track = got["tracks"][0]
    assert [key["id"] for key in track["shapes"]] == [None, None]
    assert [item["value"] for item in track["attributes"]] == ["red"]
    assert [item["value"] for item in track["shapes"][0]["attributes"]] == ["0"]


def test_create_update_and_delete_by_patch(alice: User, task: Task) -> None:
    car, job = labels(task)["car"], task.jobs.first()
    path = f"/api/jobs/{job.pk}/annotations/"
    made = body(send(alice, "PATCH", f"{path}?action=create", {"shapes": [a_box(car), a_box(car, 1)]}))
    assert [shape["frame"] for shape in made["shapes"]] == [0, 1]
    moved = {**made["shapes"][0], "frame": 3, "points": [9, 9, 10, 10]}
    changed = body(send(alice, "PATCH", f"{path}?action=update", {"shapes": [moved]}))
    assert changed["shapes"][0]["id"] == moved["id"]
    gone = body(send(alice, "PATCH", f"{path}?action=delete", {"shapes": [made["shapes"][1]]}))
    assert gone["shapes"][0]["id"] == made["shapes"][1]["id"]
    left = body(send(alice, "GET", path))["shapes"]
    assert [(shape["id"], shape["frame"], shape["points"]) for shape in left] == [(moved["id"], 3, [9, 9, 10, 10])]


def test_delete_removes_everything(alice: User, task: Task) -> None:
    send(alice, "PUT", f"/api/tasks/{task.pk}/annotations/", {"shapes": [a_box(labels(task)["car"], 5)]})
    response = send(alice, "DELETE", f"/api/tasks/{task.pk}/annotations/")
    assert response.status_code == 204
    assert body(send(alice, "GET", f"/api/tasks/{task.pk}/annotations/"))["shapes"] == []


def test_a_task_shows_a_shape_of_two_jobs_once(alice: User, task: Task) -> None:
    car = labels(task)["car"]
    send(alice, "PUT", f"/api/tasks/{task.pk}/annotations/", {"shapes": [a_box(car, frame) for frame in range(10)]})
    first, second = task.jobs.order_by("start_frame")
    assert len(body(send(alice, "GET", f"/api/jobs/{first.pk}/annotations/"))["shapes"]) == 6
    assert len(body(send(alice, "GET", f"/api/jobs/{second.pk}/annotations/"))["shapes"]) == 6
    shapes = body(send(alice, "GET", f"/api/tasks/{task.pk}/annotations/"))["shapes"]
    assert sorted(shape["frame"] for shape in shapes) == list(range(10))


def test_an_empty_body_is_an_empty_object(alice: User, task: Task) -> None:
    job = task.jobs.first()
    send(alice, "PUT", f"/api/jobs/{job.pk}/annotations/", {"shapes": [a_box(labels(task)["car"])]})
    assert send(alice, "PUT", f"/api/jobs/{job.pk}/annotations/", b" \n ").status_code == 200
    assert body(send(alice, "GET", f"/api/jobs/{job.pk}/annotations/"))["shapes"] == []


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"points": [1, 2, 3]}, {"shapes": [{"points": ["invalid length for shape type 'rectangle'"]}]}),
        ({"points": [1, 2, 3, "x"]}, {"shapes": [{"points": ["Value must be a float or an integer"]}]}),
        ({"points": [1, 2, 3, True]}, {"shapes": [{"points": ["Value must be a float or an integer"]}]}),
        ({"type": "skeleton", "points": []}, {"shapes": [{"elements": ["at least one required for skeleton shape"]}]}),
        ({"elements": [a_box(0)]}, ["label_id `0` is invalid"]),
        ({"id": 7}, {"shapes": [{"id": ["must be absent"]}]}),
        ({"label_id": 10**6}, ["label_id `1000000` is invalid"]),
        ({"attributes": [{"spec_id": 10**6, "value": "x"}]}, ["spec_id `1000000` is invalid"]),
        ({"label_id": None}, {"shapes": [{"label_id": ["This field may not be null."]}]}),
        ({"type": "circle"}, {"shapes": [{"type": ["Not a valid choice."]}]}),
        ({"rotation": 400}, {"shapes": [{"rotation": ["Ensure this value is between 0 and 360."]}]}),
        ({"frame": -1}, {"shapes": [{"frame": ["Ensure this value is greater than or equal to 0."]}]}),
    ],
)
def test_what_is_wrong_is_told_where_it_is(alice: User, task: Task, change: dict[str, Any], answer: Any) -> None:
    job = task.jobs.first()
    shape = {**a_box(labels(task)["car"]), **change}
    response = send(alice, "PUT", f"/api/jobs/{job.pk}/annotations/", {"shapes": [shape]})
    assert (response.status_code, body(response)) == (400, answer)


def test_a_missing_field_is_named_and_earlier_objects_are_padded(alice: User, task: Task) -> None:
    car, job = labels(task)["car"], task.jobs.first()
    shapes = [a_box(car), {key: value for key, value in a_box(car).items() if key != "frame"}]
    response = send(alice, "PATCH", f"/api/jobs/{job.pk}/annotations/?action=create", {"shapes": shapes})
    assert (response.status_code, body(response)) == (400, {"shapes": [{}, {"frame": ["This field is required."]}]})


def test_numbers_and_flags_may_come_as_text(alice: User, task: Task) -> None:
    car, job = labels(task)["car"], task.jobs.first()
    shape = {**a_box(car), "label_id": str(car), "frame": "2", "occluded": "true", "outside": 0, "z_order": "3"}
    response = send(alice, "PUT", f"/api/jobs/{job.pk}/annotations/", {"shapes": [shape]})
    got = body(response)["shapes"][0]
    assert (got["frame"], got["occluded"], got["outside"], got["z_order"]) == (2, True, False, 3)


def test_an_update_without_ids_is_refused(alice: User, task: Task) -> None:
    data = {"shapes": [a_box(labels(task)["car"])]}
    for action in ("update", "delete"):
        response = send(alice, "PATCH", f"/api/jobs/{task.jobs.first().pk}/annotations/?action={action}", data)
        assert body(response) == {"shapes": [{"id": ["must be present and not null"]}]}


def test_text_that_is_no_json_changes_nothing(alice: User, task: Task) -> None:
    car, job = labels(task)["car"], task.jobs.first()
    path = f"/api/jobs/{job.pk}/annotations/"
    send(alice, "PUT", path, {"shapes": [a_box(car)]})
    response = send(alice, "PUT", path, json.dumps({"shapes": [a_box(car)]})[:-3])
    assert response.status_code == 400
    assert body(response)["detail"].startswith("JSON parse error - ")
    assert len(body(send(alice, "GET", path))["shapes"]) == 1


def test_a_patch_needs_an_action(alice: User, task: Task) -> None:
    response = send(alice, "PATCH", f"/api/jobs/{task.jobs.first().pk}/annotations/?action=paint", {})
    assert (response.status_code, body(response)) == (400, ["Please specify a correct 'action' for the request"])


def test_the_old_exports_and_polls_are_gone(alice: User, task: Task) -> None:
    job = task.jobs.first()
    for path in (f"/api/tasks/{task.pk}/annotations", f"/api/jobs/{job.pk}/annotations/"):
        for method, query in (("GET", "format=COCO%201.0"), ("GET", "action=download"), ("PUT", "rq_id=1&format=x")):
            response = send(alice, method, f"{path}?{query}")
            assert response.status_code == 410
            assert response["Content-Type"].startswith("text/plain")


def test_a_task_without_data_has_nothing_to_annotate(alice: User, task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(has_data=False)
    assert send(alice, "GET", f"/api/tasks/{task.pk}/annotations/").status_code == 400
    assert send(alice, "PUT", f"/api/tasks/{task.pk}/annotations/", {}).status_code == 400


def test_skeletons_keep_their_elements_and_give_them_ids(alice: User, task: Task) -> None:
    body_label = a_label(task, "body", type="skeleton")
    head = a_label(task, "head", type="points", parent=body_label)
    element = {"type": "points", "label_id": head.pk, "frame": 0, "points": [1.5, 2]}
    shape = {"type": "skeleton", "label_id": body_label.pk, "frame": 0, "elements": [element]}
    got = body(send(alice, "PUT", f"/api/jobs/{task.jobs.first().pk}/annotations/", {"shapes": [shape]}))["shapes"][0]
    assert got["elements"][0]["points"] == [1.5, 2]
    assert got["elements"][0]["id"] == got["id"] + 1
    assert "elements" not in got["elements"][0]


def test_an_assignee_may_draw_and_a_stranger_may_not_even_look(
    alice: User, bob: User, charlie: User, task: Task
) -> None:
    job = task.jobs.first()
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    path, data = f"/api/jobs/{job.pk}/annotations/", {"shapes": [a_box(labels(task)["car"])]}
    assert send(bob, "PUT", path, data).status_code == 200
    assert send(bob, "GET", f"/api/tasks/{task.pk}/annotations/").status_code == 403
    for method in ("GET", "PUT", "DELETE"):
        assert send(charlie, method, path, data).status_code == 403
        assert send(charlie, method, f"/api/tasks/{task.pk}/annotations/", data).status_code == 403
    assert send(charlie, "PATCH", f"{path}?action=create", data).status_code == 403
    assert send(alice, "GET", "/api/jobs/999999/annotations/").status_code == 404
