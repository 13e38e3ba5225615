"""Metadata of very long tasks: written page by page, whatever their length."""

from __future__ import annotations

import json
import tracemalloc
from datetime import datetime

from labelkeep.accounts.models import User
from labelkeep.api.frame_meta import meta
from labelkeep.media import documents, vault
from labelkeep.media.documents import Frame
from labelkeep.projects.models import Job, Task

COUNT = 30_000


def a_long_task(owner: User, now: datetime) -> Task:
    store = vault.live()
    frames = (Frame(path=f"{number:06d}.png", width=8, height=8) for number in range(COUNT))
    with store.ingest() as incoming:
        name = documents.write("frames", frames, incoming.put_document)
    return Task.objects.create(
        name="long", owner=owner, has_data=True, size=COUNT, media_type="image", frames_document=name,
        stop_frame=COUNT - 1, created_date=now, updated_date=now,
    )  # fmt: skip


def test_metadata_of_a_long_task_are_written_page_by_page(alice: User, now: datetime) -> None:
    task = a_long_task(alice, now)
    tracemalloc.start()
    pieces = largest = total = 0
    for piece in meta(task).streaming_content:  # type: ignore[union-attr]
        pieces, largest, total = pieces + 1, max(largest, len(piece)), total + len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pieces > COUNT // 2000
    assert largest < 200_000
    assert peak < total * 2  # the frames of one page, not of the task


def test_of_a_long_task_a_job_reads_its_own_pages_only(alice: User, now: datetime) -> None:
    task = a_long_task(alice, now)
    job = Job.objects.create(task=task, start_frame=20_000, stop_frame=20_004, created_date=now, updated_date=now)
    read: list[str] = []
    store = vault.live()
    get = store.get_document

    def counted(name: str) -> bytes:
        read.append(name)
        return get(name)

    store.get_document = counted  # type: ignore[method-assign]
    try:
        answer = b"".join(meta(task, job).streaming_content)  # type: ignore[arg-type]
    finally:
        del store.get_document  # type: ignore[method-assign]
    assert [frame["name"] for frame in json.loads(answer)["frames"]] == [f"{n:06d}.png" for n in range(20_000, 20_005)]
    assert len(read) == 2  # the index and one page
