"""Chunks of tasks and jobs on the wire: whole, in part, and named so that parts of one chunk fit together."""

from __future__ import annotations

import json
import shutil
import zlib
from typing import Any

import pytest
from pytest_django import Settings
from tests.support import media
from tests.support.api import Client, client_for
from tests.support.projects import a_task, pictures

from labelkeep.accounts.models import User
from labelkeep.projects.models import Job


@pytest.fixture
def client(alice: User) -> Client:
    return client_for(alice)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def told(client: Client, url: str) -> Any:
    return json.loads(body(client.get(url)))


class TestParts:
    """Byte ranges of chunks (RFC 9110 §14), of every kind that is made in another way."""

    @pytest.fixture(params=["original", "compressed", "video", "job"])
    def chunk(self, request: pytest.FixtureRequest, client: Client, alice: User) -> tuple[str, dict[str, Any]]:
        """Where a chunk is, and the parameters that ask for it."""
        film = request.param == "video"
        files = {"clip.mp4": media.video_bytes(8)} if film else pictures(5)
        task = a_task(alice, files=files, params={"chunk_size": 4})
        if request.param == "job":
            return f"/api/jobs/{Job.objects.get(task=task).pk}/data", {"type": "chunk", "index": 0}
        quality = "compressed" if film else request.param
        return f"/api/tasks/{task.pk}/data/", {"type": "chunk", "number": 0, "quality": quality}

    def test_any_part_can_be_had(self, client: Client, chunk: tuple[str, dict[str, Any]]) -> None:
        whole = client.get(*chunk)
        data, size = body(whole), int(whole["Content-Length"])
        assert (whole.status_code, whole["Accept-Ranges"], len(data)) == (200, "bytes", size)
        for asked, start, stop in (
            ("0-9", 0, 10),
            (f"7-{size}", 7, size),
            (f"{size // 2}-", size // 2, size),
            ("-5", size - 5, size),
        ):
            part = client.get(*chunk, HTTP_RANGE=f"bytes={asked}", HTTP_IF_RANGE=whole["ETag"])
            assert (part.status_code, body(part)) == (206, data[start:stop])
            assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
            assert part["X-Checksum"] == whole["X-Checksum"]

    def test_a_part_beyond_the_end_is_refused(self, client: Client, chunk: tuple[str, dict[str, Any]]) -> None:
        size = client.get(*chunk)["Content-Length"]
        answer = client.get(*chunk, HTTP_RANGE=f"bytes={size}-")
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")

    def test_a_part_of_another_chunk_is_not_given(self, client: Client, chunk: tuple[str, dict[str, Any]]) -> None:
        whole = body(client.get(*chunk))
        answer = client.get(*chunk, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"another"')
        assert (answer.status_code, body(answer)) == (200, whole)

    def test_who_has_it_is_told_so(self, client: Client, chunk: tuple[str, dict[str, Any]]) -> None:
        answer = client.get(*chunk, HTTP_IF_NONE_MATCH=client.get(*chunk)["ETag"])
        assert (answer.status_code, answer.content) == (304, b"")

    def test_the_bytes_are_the_same_when_they_are_made_again(
        self, client: Client, chunk: tuple[str, dict[str, Any]], settings: Settings
    ) -> None:
        """Or else parts of two answers with one ETag would not fit together."""
        first = client.get(*chunk)
        data = body(first)
        shutil.rmtree(settings.DATA_DIR / "cache")
        again = client.get(*chunk)
        assert (body(again), again["ETag"]) == (data, first["ETag"])

    def test_the_checksum_is_cvats(self, client: Client, chunk: tuple[str, dict[str, Any]]) -> None:
        """Of the length in digits and the first thousand bytes."""
        answer = client.get(*chunk)
        data = body(answer)
        assert answer["X-Checksum"] == str(zlib.crc32(data[:1000], zlib.crc32(str(len(data)).encode())))
        assert answer["X-Updated-Date"].endswith("Z")


def test_chunks_of_jobs_that_show_other_frames_are_other_chunks(client: Client, alice: User, now: Any) -> None:
    task = a_task(alice, frames=4)
    truth = Job.objects.create(task=task, type="ground_truth", start_frame=0, stop_frame=3, frames=[1, 3],
                               created_date=now, updated_date=now)  # fmt: skip
    asked = {"type": "chunk", "number": 0, "quality": "original"}
    tags = {client.get(f"/api/{which}", asked)["ETag"] for which in (f"tasks/{task.pk}/data", f"jobs/{truth.pk}/data")}
    assert len(tags) == 2


def test_chapters_of_a_video_are_told_in_frames_of_the_task(client: Client, alice: User) -> None:
    """Frames 3, 5 … 19 of a clip whose chapters are 0–4, 5–5, 6–6 and 7–19."""
    chapters = [("One", 0, 5), ("Two", 5, 6), ("Skipped", 6, 7), ("Three", 7, 20)]
    clip = media.video_bytes(20, chapters=chapters)
    params = {"start_frame": 3, "frame_filter": "step=2"}
    task = a_task(alice, files={"clip.mp4": clip}, params=params, segment_size=5, overlap=0)

    def chapters_of(url: str) -> list[tuple[int, int, int, str]]:
        found = told(client, url)["chapters"]
        return [(each["id"], each["start"], each["stop"], each["metadata"]["title"]) for each in found]

    assert chapters_of(f"/api/tasks/{task.pk}/data/meta") == [(0, 0, 0, "One"), (1, 1, 1, "Two"), (3, 2, 8, "Three")]
    first, last = Job.objects.filter(task=task).order_by("start_frame")
    assert chapters_of(f"/api/jobs/{first.pk}/data/meta") == [(0, 0, 0, "One"), (1, 1, 1, "Two"), (3, 2, 4, "Three")]
    assert chapters_of(f"/api/jobs/{last.pk}/data/meta") == [(3, 5, 8, "Three")]


def test_only_videos_have_chapters(client: Client, alice: User) -> None:
    found = []
    for files in (pictures(1), {"clip.mp4": media.video_bytes(2)}):
        task = a_task(alice, files=files)
        found.append(told(client, f"/api/tasks/{task.pk}/data/meta")["chapters"])
    assert found == [None, []]
