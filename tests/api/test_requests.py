"""/api/requests: what CVAT's client reads there, and who may."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cvat_sdk.api_client import ApiClient, Configuration
from cvat_sdk.api_client.model.request import Request as SdkRequest
from cvat_sdk.api_client.model_utils import validate_and_convert_types
from tests.support.api import client_for, organization_of
from tests.support.operations import KIND, an_operation, carried_out_by

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.errors import BadInput
from labelkeep.operations import claims, keys, registry
from labelkeep.operations.expiry import expiry_of, remove_expired
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued


def _address(key: str, verb: str = "") -> str:
    return f"/api/requests/{quote(key, safe='')}{verb}"


def _finished(owner: User, kind: str, result: dict[str, Any], **fields: Any) -> Operation:
    now = clock.now()
    an_operation(owner, now, kind=kind, **fields)
    with carried_out_by(lambda operation, work: result, kind):
        (operation,) = run_queued(now)
    return operation


def test_a_queued_request_is_shown_with_everything_the_client_reads(alice: User, now: datetime) -> None:
    key = keys.export_backup("project", 3, alice.pk, lightweight=True)
    an_operation(alice, now, key, kind="export:backup", target="project", subresource="backup", project_id=3)
    shown = client_for(alice).get(_address(key)).json()
    assert shown == {
        "id": key,
        "status": "queued",
        "message": "",
        "operation": {
            "type": "export:backup",
            "target": "project",
            "project_id": 3,
            "task_id": None,
            "job_id": None,
            "org_id": None,
            "format": None,
            "function_id": None,
            "lightweight": True,
        },
        "progress": 0.0,
        "created_date": "2026-11-20T12:00:00.000000Z",
        "started_date": None,
        "finished_date": None,
        "expiry_date": None,
        "owner": {"id": alice.pk, "username": "alice"},
        "result_url": None,
        "result_id": None,
        "queue_position": 1,
        "seconds_left": None,
    }


def test_the_stock_client_can_read_every_state(alice: User, now: datetime) -> None:
    _finished(alice, "import:backup", {"id": 5}, key=keys.import_backup("task", "x"), subresource="backup")
    an_operation(alice, now, key="action=export&target=task&target_id=8")
    claims.claim_next("w", now)
    an_operation(alice, now, key="action=export&target=task&target_id=9")
    with ApiClient(Configuration(host="http://x")) as api:
        for shown in client_for(alice).get("/api/requests").json()["results"]:
            read = validate_and_convert_types(shown, (SdkRequest,), ["request"], True, True, api.configuration)
            assert str(read.status) == shown["status"]


def test_a_finished_export_names_its_download(alice: User, now: datetime) -> None:
    key = keys.export_backup("project", 3, alice.pk)
    _finished(alice, "export:backup", {}, key=key, target="project", subresource="backup", project_id=3)
    shown = client_for(alice).get(_address(key)).json()
    assert (shown["status"], shown["progress"], shown["message"]) == ("finished", 1.0, "")
    assert shown["result_url"] == f"http://testserver/api/projects/3/backup/download?rq_id={quote(key, safe='')}"
    assert shown["result_id"] is None


def test_an_export_to_a_cloud_storage_has_nothing_to_download_here(alice: User, now: datetime) -> None:
    key = keys.export_backup("task", 3, alice.pk)
    _finished(alice, "export:backup", {"location": "cloud_storage"}, key=key, task_id=3)
    assert client_for(alice).get(_address(key)).json()["result_url"] is None


def test_a_finished_import_names_what_it_made(alice: User, now: datetime) -> None:
    key = keys.import_backup("task", "0b7ed8b0-5b1c-4f4e-9d0f-6e3b3a1c2f11")
    _finished(alice, "import:backup", {"id": 12}, key=key, target="task", subresource="backup")
    shown = client_for(alice).get(_address(key)).json()
    assert (shown["result_id"], shown["result_url"]) == (12, None)


def test_a_failed_request_says_why(alice: User, now: datetime) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise BadInput("the archive has no task.json")

    operation = an_operation(alice, clock.now())
    with carried_out_by(fail):
        run_queued(clock.now())
    shown = client_for(alice).get(_address(operation.key)).json()
    assert (shown["status"], shown["message"]) == ("failed", "the archive has no task.json")
    assert shown["expiry_date"] is not None


def test_an_old_spelling_of_the_id_finds_it_too(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now, keys.create_task(7), kind="create:task", task_id=7)
    shown = client_for(alice).get(_address("create:task-7")).json()
    assert (shown["id"], shown["operation"]["type"]) == (operation.key, "create:task")


@pytest.mark.parametrize(
    ("old", "key"),
    [
        ("export:project-3-backup-by-5", keys.export_backup("project", 3, 5)),
        ("import:task-8-annotations", "action=import&target=task&target_id=8&subresource=annotations"),
        (
            "export:task-7-dataset-in-COCO_1@0-format-by-5",
            "action=export&target=task&target_id=7&user_id=5&format=COCO_1~0&subresource=dataset",
        ),
        (
            "import:project-0b7ed8b0-5b1c-4f4e-9d0f-6e3b3a1c2f11-backup",
            keys.import_backup("project", "0b7ed8b0-5b1c-4f4e-9d0f-6e3b3a1c2f11"),
        ),
    ],
)
def test_every_old_spelling_leads_to_its_request(alice: User, now: datetime, old: str, key: str) -> None:
    an_operation(alice, now, key)
    assert client_for(alice).get(_address(old)).json()["id"] == key
    assert client_for(alice).post(_address(old, "/cancel")).status_code == 200
    assert Operation.objects.get().status == Status.CANCELLED


def test_a_request_is_gone_when_its_time_has_come_swept_or_not(alice: User) -> None:
    operation = _finished(alice, "import:backup", {"id": 5}, key=keys.import_backup("task", "x"), subresource="backup")
    says = client_for(alice)
    assert says.get(_address(operation.key)).status_code == 200
    Operation.objects.update(expiry_date=clock.now() - timedelta(seconds=1))
    for answer in (says.get(_address(operation.key)), says.post(_address(operation.key, "/cancel"))):
        assert (answer.status_code, answer.content) == (404, b"There is no request with specified id")
    assert says.get("/api/requests").json()["count"] == 0
    remove_expired(clock.now())
    assert not Operation.objects.exists()


def test_what_has_ended_is_kept_as_long_as_the_protocol_says(alice: User, now: datetime) -> None:
    def kept(kind: str, status: Status) -> timedelta:
        return expiry_of(Operation(action=kind), status, now) - now

    assert kept("export", Status.FINISHED) == timedelta(hours=24)
    assert kept("import", Status.FINISHED) == timedelta(hours=1)
    assert kept("import", Status.FAILED) == kept("create", Status.FAILED) == timedelta(days=30)


def test_an_unknown_request_is_404_in_plain_words(alice: User) -> None:
    for answer in (client_for(alice).get(_address("nothing")), client_for(alice).post(_address("nothing", "/cancel"))):
        assert (answer.status_code, answer.content) == (404, b"There is no request with specified id")


def test_requests_are_their_owners_and_admins_alone(alice: User, bob: User, charlie: User, now: datetime) -> None:
    operation = an_operation(alice, now)
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    bob.refresh_from_db()
    assert client_for(charlie).get(_address(operation.key)).status_code == 403
    assert client_for(charlie).post(_address(operation.key, "/cancel")).status_code == 403
    assert client_for().get(_address(operation.key)).status_code == 401
    assert client_for(bob).get(_address(operation.key)).status_code == 200
    counts = [client_for(user).get("/api/requests").json()["count"] for user in (alice, bob, charlie)]
    assert counts == [1, 1, 0]
    operation.refresh_from_db()
    assert operation.status == Status.QUEUED


def test_a_read_only_token_sees_and_does_not_cancel(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now)
    reader = client_for(alice, read_only=True)
    assert reader.get(_address(operation.key)).status_code == 200
    assert reader.post(_address(operation.key, "/cancel")).status_code == 403


@pytest.mark.parametrize("is_started", [False, True])
def test_cancelling_ends_it_whether_it_has_started_or_not(alice: User, now: datetime, is_started: bool) -> None:
    operation = an_operation(alice, now)
    if is_started:
        claims.claim_next("w", now)
    answer = client_for(alice).post(_address(operation.key, "/cancel"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert client_for(alice).get(_address(operation.key)).json()["status"] == "failed"
    again = client_for(alice).post(_address(operation.key, "/cancel"))
    assert again.status_code == 400
    assert again.content == b"Only requests that have not yet ended can be cancelled"


def test_cancelling_frees_what_was_taken_before_it_started(alice: User, now: datetime) -> None:
    freed: list[str] = []
    registry.discards(KIND)(lambda operation: freed.append(operation.key))
    try:
        operation = an_operation(alice, now)
        client_for(alice).post(_address(operation.key, "/cancel"))
    finally:
        registry._DISCARDS.pop(KIND)
    assert freed == [operation.key]


def test_the_list_is_newest_first_filtered_and_sorted(alice: User, now: datetime) -> None:
    for number in range(3):
        an_operation(
            alice, now + timedelta(seconds=number), f"action=export&target=task&target_id={number}", task_id=number
        )
    claims.cancel(Operation.objects.get(task_id=0), clock.now())
    client = client_for(alice)

    def ids(query: str) -> list[int]:
        return [shown["operation"]["task_id"] for shown in client.get(f"/api/requests?{query}").json()["results"]]

    assert ids("") == [2, 1, 0]
    assert ids("sort=created_date") == [0, 1, 2]
    assert ids("status=failed") == [0]  # as it is shown
    assert ids("status=queued&task_id=2") == [2]
    assert ids('filter={"and":[{"==":[{"var":"action"},"export"]},{"<":[{"var":"task_id"},2]}]}') == [1, 0]


@pytest.mark.parametrize(
    "query",
    [
        "status=queued",
        "project_id=3",
        "task_id=4",
        "job_id=5",
        "action=import",
        "target=job",
        "subresource=annotations",
        "format=COCO 1.0",
    ],
)
def test_each_filter_finds_the_one_it_is_about(alice: User, now: datetime, query: str) -> None:
    about = {"kind": "import:annotations", "target": "job", "subresource": "annotations"}
    about |= {"project_id": 3, "task_id": 4, "job_id": 5, "params": {"format": "COCO 1.0"}}
    wanted = an_operation(alice, now, "action=import&target=job&target_id=5&subresource=annotations", **about)
    other = an_operation(alice, now, "action=export&target=task&target_id=1&subresource=backup", subresource="backup")
    claims.cancel(other, clock.now())
    name, _, value = query.partition("=")
    typed = int(value) if name.endswith("_id") else value
    logic = json.dumps({"==": [{"var": name}, typed]})
    for asked in ({name: value}, {"filter": logic}):
        results = client_for(alice).get("/api/requests", asked).json()["results"]
        assert [shown["id"] for shown in results] == [wanted.key], asked


def test_the_list_asks_the_database_the_same_whatever_its_length(
    alice: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        an_operation(alice, now, f"action=export&target=task&target_id={number}")
    client = client_for(alice)
    with django_assert_max_num_queries(6):
        results = client.get("/api/requests?page_size=all").json()["results"]
    assert sorted(shown["queue_position"] for shown in results) == list(range(1, 21))


def test_the_list_keeps_to_the_organization_that_is_named(alice: User, bob: User, now: datetime) -> None:
    organization = organization_of(bob, maintainer=alice)
    an_operation(alice, now, "action=export&target=task&target_id=1", organization_id=organization.pk)
    an_operation(alice, now, "action=export&target=task&target_id=2")
    client = client_for(alice)
    assert client.get("/api/requests").json()["count"] == 2
    assert client.get("/api/requests?org=acme").json()["count"] == 1
    assert client.get("/api/requests?org=").json()["count"] == 1


def test_time_left_is_told_once_there_is_something_to_go_by(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now)
    claims.claim_next("w", now)
    assert client_for(alice).get(_address(operation.key)).json()["seconds_left"] is None
    Operation.objects.update(progress=0.5, started_date=datetime.now(now.tzinfo) - timedelta(seconds=60))
    assert client_for(alice).get(_address(operation.key)).json()["seconds_left"] in range(55, 70)


class TestResult:
    def test_is_what_the_work_said_in_the_end(self, alice: User) -> None:
        operation = _finished(alice, "export:probe", {"backup": "b", "counts": {"tasks": 2}})
        assert client_for(alice).get(_address(operation.key, "/result")).json() == operation.result

    def test_is_there_when_it_has_ended_only(self, alice: User, now: datetime) -> None:
        operation = an_operation(alice, now)
        assert client_for(alice).get(_address(operation.key, "/result")).status_code == 409

    def test_is_for_whom_the_request_is(self, alice: User, bob: User, charlie: User) -> None:
        operation = _finished(alice, "export:probe", {"backup": "b"})
        assert [client_for(user).get(_address(operation.key, "/result")).status_code for user in (bob, charlie)] == [
            403,
            403,
        ]
        assert client_for(alice).get(_address("action=export&target=task&target_id=99", "/result")).status_code == 404
