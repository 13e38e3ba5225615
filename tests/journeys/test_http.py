"""The flows of CVAT's own pages as plain HTTP: what a shell script with curl does."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from tests.support import media
from tests.support.server import Server


class Curl:
    """Requests with the token of `labelkeep token add`, as in the documentation's curl lines."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.pool = urllib3.PoolManager(headers={"Authorization": f"Token {server.token}"}, retries=False)

    def __call__(self, method: str, path: str, **arguments: Any) -> urllib3.BaseHTTPResponse:
        url = path if path.startswith("http") else self.url + path
        return self.pool.request(method, url, timeout=60, **arguments)

    def finished(self, rq_id: str) -> dict[str, Any]:
        """Poll a request to its end."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            request = self("GET", f"/api/requests/{rq_id.replace('&', '%26').replace('=', '%3D')}").json()
            if request["status"] in ("finished", "failed"):
                assert request["status"] == "finished", request
                return request  # type: ignore[no-any-return]
            time.sleep(0.1)
        raise AssertionError(f"{rq_id} did not end")


@pytest.fixture(scope="module")
def curl(server: Server) -> Curl:
    return Curl(server)


@pytest.fixture
def task(curl: Curl) -> int:
    """A task of two pictures with one rectangle."""
    made = curl("POST", "/api/tasks", json={"name": "plain", "labels": [{"name": "x"}]}).json()
    files = {f"client_files[{n}]": (f"{n}.png", data) for n, data in enumerate(media.png_bytes(2))}
    answer = curl("POST", f"/api/tasks/{made['id']}/data/", fields={"image_quality": "70", **files})
    curl.finished(answer.json()["rq_id"])
    label = curl("GET", f"/api/labels?task_id={made['id']}").json()["results"][0]["id"]
    shape = {"type": "rectangle", "frame": 0, "label_id": label, "points": [1, 2, 3, 4]}
    assert curl("PUT", f"/api/tasks/{made['id']}/annotations", json={"shapes": [shape]}).status == 200
    return int(made["id"])


def polled(curl: Curl, method: str, path: str, **arguments: Any) -> Iterator[urllib3.BaseHTTPResponse]:
    """Repeat a request as the older client does, until it is not 202."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = curl(method, path, **arguments)
        yield answer
        if answer.status != 202:
            return
        time.sleep(0.1)


def test_a_project_goes_through_export_request_and_download(curl: Curl) -> None:
    project = curl("POST", "/api/projects", json={"name": "Seed", "labels": [{"name": "car"}]}).json()
    started = curl("POST", f"/api/projects/{project['id']}/backup/export")
    assert started.status == 202
    archive = curl("GET", curl.finished(started.json()["rq_id"])["result_url"])
    assert archive.status == 200
    assert "project.json" in zipfile.ZipFile(io.BytesIO(archive.data)).namelist()
    answer = curl("POST", "/api/projects/backup/", fields={"backup_file": ("project_backup.zip", archive.data)})
    assert answer.status == 202
    restored = curl("GET", f"/api/projects/{curl.finished(answer.json()['rq_id'])['result_id']}").json()
    assert restored["name"] == "Seed"


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_older_backup_flow_works_beside_the_new_one(curl: Curl, task: int, slash: str) -> None:
    *_, ready = polled(curl, "GET", f"/api/tasks/{task}/backup{slash}")
    assert ready.status == 201
    archive = curl("GET", f"/api/tasks/{task}/backup{slash}?action=download")
    assert archive.status == 200
    assert "task.json" in zipfile.ZipFile(io.BytesIO(archive.data)).namelist()
    sent = curl("POST", f"/api/tasks/backup{slash}", fields={"task_file": ("task.zip", archive.data)})
    assert sent.status == 202
    *_, done = polled(curl, "POST", f"/api/tasks/backup{slash}", json={"rq_id": sent.json()["rq_id"]})
    assert done.status == 201
    assert curl("GET", f"/api/tasks/{done.json()['id']}").json()["size"] == 2


def test_a_download_resumes_anywhere(curl: Curl, task: int) -> None:
    rq_id = curl("POST", f"/api/tasks/{task}/backup/export").json()["rq_id"]
    url = curl.finished(rq_id)["result_url"]
    whole = curl("GET", url)
    size = len(whole.data)
    assert int(whole.headers["Content-Length"]) == size
    for start in (0, 1, size // 3, size // 2, size - 1):
        part = curl(
            "GET", url, headers={**curl.pool.headers, "Range": f"bytes={start}-", "If-Range": whole.headers["ETag"]}
        )
        assert part.status == 206
        assert part.data == whole.data[start:]
        assert part.headers["Content-Range"] == f"bytes {start}-{size - 1}/{size}"
    assert curl("GET", url, headers={**curl.pool.headers, "Range": f"bytes={size}-"}).status == 416


def test_the_same_backup_has_the_same_bytes_every_time(curl: Curl, task: int) -> None:
    archives = []
    for _ in range(2):
        rq_id = curl("POST", f"/api/tasks/{task}/backup/export").json()["rq_id"]
        archives.append(curl("GET", curl.finished(rq_id)["result_url"]))
    assert archives[0].data == archives[1].data
    assert archives[0].headers["ETag"] == archives[1].headers["ETag"]


def test_a_refused_archive_says_why_and_leaves_nothing(curl: Curl) -> None:
    before = curl("GET", "/api/tasks").json()["count"]
    bad = io.BytesIO()
    with zipfile.ZipFile(bad, "w") as target:
        target.writestr("task.json", json.dumps({"name": "x", "version": "1.0"}))
    sent = curl("POST", "/api/tasks/backup", fields={"task_file": ("task.zip", bad.getvalue())})
    if sent.status == 202:
        *_, request = polled(curl, "GET", f"/api/requests/{sent.json()['rq_id']}")
        deadline = time.monotonic() + 30
        while request.json()["status"] in ("queued", "started") and time.monotonic() < deadline:
            time.sleep(0.1)
            request = curl("GET", f"/api/requests/{sent.json()['rq_id']}")
        assert request.json()["status"] == "failed"
        assert "task.json" in request.json()["message"]
    else:
        assert sent.status == 400
    assert curl("GET", "/api/tasks").json()["count"] == before
