"""Upload URLs: tus and multipart, cut anywhere, sent wrongly, by strangers (spec/cvat-protocol.md §6)."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from rest_framework.test import APIClient
from tests.support import media
from tests.support.api import Client, client_for
from tests.support.multipart import multipart

from labelkeep import clock, configuration
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import uploads, vault
from labelkeep.media.models import Upload, UploadChunk
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.models import Task

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}


@pytest.fixture
def task(alice: User) -> Task:
    return create_task(actor=Actor.of(alice), now=clock.now(), name="a task")


@pytest.fixture
def client(alice: User) -> Client:
    return client_for(alice)


def cut_input(data: bytes, promised: int) -> dict[str, Any]:
    """What a server hands on when the connection breaks: fewer bytes than Content-Length says, then the end."""
    return {"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": str(promised)}


def staged() -> set[str]:
    """Keys of the pieces in the store; other tests may have left some."""
    return {entry.key for entry in vault.live().backend.list("uploads/")}


def metadata(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()}"


def announce(client: Client, task: Task, length: int, name: str = "clip.mp4") -> Any:
    return client.post(
        f"/api/tasks/{task.pk}/data/",
        HTTP_UPLOAD_LENGTH=str(length),
        HTTP_UPLOAD_METADATA=metadata(name),
        **TUS,
    )


def send(client: Client, location: str, offset: int, data: bytes) -> Any:
    return client.generic(
        "PATCH",
        location.removeprefix("http://testserver"),
        data,
        content_type="application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET=str(offset),
        **TUS,
    )


def head(client: Client, location: str) -> Any:
    return client.head(location.removeprefix("http://testserver"), **TUS)


def content(task: Task) -> bytes:
    with uploads.open_upload(Upload.objects.get(target_id=task.pk).pk) as file:
        return file.read()


def test_a_file_comes_piece_by_piece(client: Client, task: Task) -> None:
    created = announce(client, task, 10)
    assert created.status_code == 201
    assert created["Upload-Filename"] == "clip.mp4"
    location = created["Location"]
    assert location.startswith(f"http://testserver/api/tasks/{task.pk}/data/")
    assert send(client, location, 0, b"hello")["Upload-Offset"] == "5"
    last = send(client, location, 5, b"world")
    assert (last.status_code, last["Upload-Offset"]) == (204, "10")
    told = head(client, location)
    assert (told.status_code, told["Upload-Offset"], told["Upload-Length"]) == (200, "10", "10")
    assert content(task) == b"helloworld"


def test_an_empty_file_is_whole_after_an_empty_piece(client: Client, task: Task) -> None:
    location = announce(client, task, 0)["Location"]
    assert send(client, location, 0, b"").status_code == 204
    assert content(task) == b""


@pytest.mark.parametrize("cut", [0, 1, 4, 5, 9])
def test_a_cut_piece_leaves_what_came_and_the_rest_can_follow(client: Client, task: Task, cut: int) -> None:
    location = announce(client, task, 10)["Location"]
    told = client.generic(
        "PATCH",
        location.removeprefix("http://testserver"),
        b"helloworld"[:cut],
        content_type="application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET="0",
        **cut_input(b"helloworld"[:cut], 10),
    )
    assert told.status_code == 400
    offset = int(head(client, location)["Upload-Offset"])
    assert offset == cut
    assert send(client, location, offset, b"helloworld"[offset:]).status_code == 204
    assert content(task) == b"helloworld"


def test_a_long_piece_is_kept_in_parts(client: Client, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PIECE", 4)
    location = announce(client, task, 10)["Location"]
    assert send(client, location, 0, b"helloworld").status_code == 204
    assert list(UploadChunk.objects.order_by("start").values_list("start", "size")) == [(0, 4), (4, 4), (8, 2)]
    assert content(task) == b"helloworld"


def test_a_wrong_offset_is_told_the_right_one(client: Client, task: Task) -> None:
    location = announce(client, task, 10)["Location"]
    send(client, location, 0, b"hello")
    for wrong in (0, 4, 6):
        answer = send(client, location, wrong, b"x")
        assert (answer.status_code, answer["Upload-Offset"]) == (409, "5")


def test_nobody_gets_beyond_the_announced_length(client: Client, task: Task) -> None:
    location = announce(client, task, 3)["Location"]
    assert send(client, location, 0, b"hello").status_code == 413
    assert head(client, location)["Upload-Offset"] == "0"


def test_a_file_above_the_limit_is_refused_before_it_comes(client: Client, task: Task) -> None:
    small = configuration.Configuration(upload_limit=100)
    with override_settings(CONFIGURATION=small):
        answer = announce(client, task, 101)
        assert (answer.status_code, answer.json()) == (413, "File size exceeds max limit of 100 bytes")
        files = {"client_files[0]": SimpleUploadedFile("a.png", b"x" * 200)}
        answer = client.post(f"/api/tasks/{task.pk}/data/", files, format="multipart", HTTP_UPLOAD_MULTIPLE="")
        assert answer.status_code == 413
    assert not Upload.objects.exists()


def test_an_upload_without_a_name_is_refused(client: Client, task: Task) -> None:
    answer = client.post(f"/api/tasks/{task.pk}/data/", HTTP_UPLOAD_LENGTH="3")
    assert (answer.status_code, answer.json()) == (400, "Metadata is expected to contain 'filename' key")


def test_an_upload_is_its_senders_alone(client: Client, task: Task, alice: User, bob: User, charlie: User) -> None:
    location = announce(client, task, 10)["Location"]
    Task.objects.filter(pk=task.pk).update(assignee=bob)
    for stranger in (bob, charlie):
        other = client_for(stranger)
        assert head(other, location).status_code == 403
        assert send(other, location, 0, b"hello").status_code == 403
    assert head(client_for(), location).status_code == 401
    assert head(client, location)["Upload-Offset"] == "0"


def test_a_stranger_cannot_bring_data(task: Task, charlie: User) -> None:
    stranger = client_for(charlie)
    assert announce(stranger, task, 10).status_code == 403
    assert stranger.post(f"/api/tasks/{task.pk}/data/", HTTP_UPLOAD_START="").status_code == 403


def test_an_unknown_upload_is_not_found(client: Client, task: Task) -> None:
    assert head(client, f"/api/tasks/{task.pk}/data/1_nothing").status_code == 404


def test_what_tus_can_do_is_told(client: Client, task: Task) -> None:
    answer = client.options(f"/api/tasks/{task.pk}/data/")
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Max-Size"] == str(uploads.limit())


def test_a_name_that_leads_elsewhere_is_refused(client: Client, task: Task) -> None:
    answer = announce(client, task, 10, "../../etc/passwd")
    assert (answer.status_code, answer.json()) == (400, "File name '../../etc/passwd' is not allowed")


def test_what_came_whole_is_not_sent_again_and_what_broke_off_is(client: Client, task: Task) -> None:
    first = announce(client, task, 5)["Location"]
    send(client, first, 0, b"he")
    second = announce(client, task, 5)["Location"]
    assert head(client, first).status_code == 404
    send(client, second, 0, b"hello")
    again = announce(client, task, 5)
    assert (again.status_code, again.json()) == (409, "File with same name already exists")
    assert content(task) == b"hello"


def test_files_of_one_request_keep_their_paths(client: Client, task: Task) -> None:
    body, kind = multipart(
        {"image_quality": "70"},
        [("client_files[0]", "/home/u/tree/a/1.png", b"one"), ("client_files[1]", "/home/u/tree/b/1.png", b"two")],
    )
    answer = client.generic("POST", f"/api/tasks/{task.pk}/data/", body, content_type=kind, HTTP_UPLOAD_MULTIPLE="")
    assert answer.status_code == 200
    names = Upload.objects.order_by("filename").values_list("filename", "length", "offset")
    assert list(names) == [("/home/u/tree/a/1.png", 3, 3), ("/home/u/tree/b/1.png", 3, 3)]


def test_a_browser_session_sends_files_and_finishes(task: Task) -> None:
    """The stock client logs in with a session: the CSRF check must not eat the body."""
    session = APIClient(enforce_csrf_checks=True)
    login = session.post("/api/auth/login", {"username": "alice", "password": "correct horse battery"}, format="json")
    token = login.cookies["csrftoken"].value
    body, kind = multipart({"image_quality": "70"}, [("client_files[0]", "a.png", media.image_bytes())])
    url = f"/api/tasks/{task.pk}/data/"

    def post(data: bytes, content_type: str, header: str) -> int:
        extra = {header: "", "HTTP_X_CSRFTOKEN": token}
        return int(session.generic("POST", url, data, content_type, **extra).status_code)

    assert post(b"", "application/json", "HTTP_UPLOAD_START") == 202
    assert post(body, kind, "HTTP_UPLOAD_MULTIPLE") == 200
    assert content(task) == media.image_bytes()
    assert post(b'{"image_quality": 70}', "application/json", "HTTP_UPLOAD_FINISH") == 202


def test_a_browser_session_without_its_token_sends_nothing(task: Task) -> None:
    session = APIClient(enforce_csrf_checks=True)
    session.post("/api/auth/login", {"username": "alice", "password": "correct horse battery"}, format="json")
    body, kind = multipart({}, [("client_files[0]", "a.png", b"x")])
    answer: Any = session.generic("POST", f"/api/tasks/{task.pk}/data/", body, kind, HTTP_UPLOAD_MULTIPLE="")
    assert answer.status_code == 403
    assert not Upload.objects.exists()


def test_a_cut_multipart_body_leaves_nothing(client: Client, task: Task) -> None:
    before = staged()
    body, kind = multipart({}, [("client_files[0]", "a.png", b"x" * 5000)])
    answer = client.generic(
        "POST",
        f"/api/tasks/{task.pk}/data/",
        body[:3000],
        content_type=kind,
        **cut_input(body[:3000], len(body)),
        HTTP_UPLOAD_MULTIPLE="",
    )
    assert answer.status_code == 400
    assert not Upload.objects.exists()
    assert staged() <= before


def test_a_file_sent_again_replaces_the_first(client: Client, task: Task) -> None:
    for data in (b"one", b"other"):
        body, kind = multipart({}, [("client_files[0]", "a.png", data)])
        client.generic("POST", f"/api/tasks/{task.pk}/data/", body, content_type=kind, HTTP_UPLOAD_MULTIPLE="")
    assert content(task) == b"other"


def test_finishing_before_everything_came_is_refused(client: Client, task: Task) -> None:
    location = announce(client, task, 10)["Location"]
    send(client, location, 0, b"hello")
    answer = client.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70}, HTTP_UPLOAD_FINISH="")
    assert answer.status_code == 400
    assert b"5 of 10 bytes" in answer.content


def test_finishing_without_anything_is_refused(client: Client, task: Task) -> None:
    answer = client.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70}, HTTP_UPLOAD_FINISH="")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        ("{", "application/json", 400, {"detail": "JSON parse error"}),
        ("[]", "application/json", 400, {"non_field_errors": ["Invalid data. Expected a dictionary."]}),
        ("hello", "text/plain", 415, {"detail": 'Unsupported media type "text/plain" in request.'}),
        ("<a/>", "application/xml; charset=utf-8", 415, {"detail": "Unsupported media type"}),
    ],
)
def test_a_body_that_says_nothing_is_refused(
    client: Client, task: Task, body: str, kind: str, status: int, said: dict[str, Any]
) -> None:
    url = f"/api/tasks/{task.pk}/data/"
    answer = client.generic("POST", url, body, content_type=kind, HTTP_UPLOAD_FINISH="")
    ((field, told),) = answer.json().items()
    assert (answer.status_code, field) == (status, next(iter(said)))
    assert str(told).startswith(str(said[field]))


def test_only_the_presence_of_a_header_counts(client: Client, task: Task) -> None:
    """Finish goes before start, and start before the announcement of a file, whatever the headers say."""
    url = f"/api/tasks/{task.pk}/data/"
    both = client.post(url, HTTP_UPLOAD_START="", HTTP_UPLOAD_FINISH="")
    assert (both.status_code, both.json()) == (400, ["No media data found"])
    started = client.post(url, HTTP_UPLOAD_START="0", HTTP_UPLOAD_LENGTH="5", HTTP_UPLOAD_METADATA=metadata("a.png"))
    assert (started.status_code, started.content) == (202, b"")
    announced = client.post(
        url, HTTP_UPLOAD_LENGTH="5", HTTP_UPLOAD_METADATA=metadata("a.png"), HTTP_UPLOAD_MULTIPLE=""
    )
    assert announced.status_code == 201


def test_several_at_once_want_a_form(client: Client, task: Task) -> None:
    answer = client.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70}, HTTP_UPLOAD_MULTIPLE="")
    assert (answer.status_code, answer.json()) == (400, "A multipart/form-data body was expected")


def test_uploads_expire(client: Client, task: Task, alice: User) -> None:
    before = staged()
    location = announce(client, task, 10)["Location"]
    send(client, location, 0, b"hello")
    now = clock.now()
    assert uploads.expire(now) == 0
    assert uploads.expire(now + uploads.LIFE + timedelta(minutes=1)) == 1
    assert head(client, location).status_code == 404
    assert staged() <= before


def test_of_two_senders_at_one_offset_one_wins(alice: User, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, before = Actor.of(alice), staged()
    upload = uploads.create(actor, purpose="task-data", filename="a", length=5, now=now, target_id=1)
    put = vault.live().put_chunk

    def overtaken(*args: Any) -> Any:
        """The other sender is faster: it moves the offset between our check and our write."""
        kept = put(*args)
        monkeypatch.undo()
        uploads.append(actor, upload.pk, offset=0, body=io.BytesIO(b"other"), length=5, now=now)
        return kept

    monkeypatch.setattr(vault.live(), "put_chunk", overtaken)
    with pytest.raises(uploads.WrongOffset) as refused:
        uploads.append(actor, upload.pk, offset=0, body=io.BytesIO(b"mine!"), length=5, now=now)
    assert refused.value.offset == 5
    with uploads.open_upload(upload.pk) as file:
        assert file.read() == b"other"
    assert len(staged() - before) == 1
