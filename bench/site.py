"""A Labelkeep in this process, on the data directory of the environment: the rooms without the fronts."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from bench.files import real_jpeg  # noqa: E402
from labelkeep.accounts.actor import Actor  # noqa: E402
from labelkeep.accounts.models import User  # noqa: E402
from labelkeep.annotations.document import Builder  # noqa: E402
from labelkeep.annotations.model import Shape  # noqa: E402
from labelkeep.media import documents, vault  # noqa: E402
from labelkeep.projects.actions.create_project import create_project  # noqa: E402
from labelkeep.projects.label_input import LabelInput  # noqa: E402
from labelkeep.projects.models import Job, Project, Task  # noqa: E402
from labelkeep.projects.saved.keys import table_for  # noqa: E402

if TYPE_CHECKING:
    from labelkeep.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def open_site() -> Actor:
    """Migrate, and return the one user as an actor."""
    call_command("migrate", verbosity=0)
    return Actor.of(User.objects.filter(username="bench").first() or User.objects.create_user("bench"))


def a_project(actor: Actor, name: str = "bench") -> Project:
    """A project with two labels."""
    return create_project(actor=actor, now=NOW, name=name, labels=[LabelInput(name="car"), LabelInput(name="person")])


def a_task(actor: Actor, project: Project, *, frames: int, shapes: int, name: str = "task") -> Task:
    """A task of one job, as ingest and saving would leave it; its media are tiny, and all in the store."""
    store = vault.live()
    sources, frame_list = _documents(store, name, frames)
    task = Task.objects.create(
        project=project, name=name, owner=actor.user, created_date=NOW, updated_date=NOW, data_started=True,
        has_data=True, mode="annotation", media_type="image", size=frames, chunk_size=72, stop_frame=frames - 1,
        segment_size=frames, overlap=0, chunks_updated_date=NOW, sources_document=sources, frames_document=frame_list,
    )  # fmt: skip
    job = Job.objects.create(task=task, start_frame=0, stop_frame=frames - 1, created_date=NOW, updated_date=NOW)
    if shapes:
        annotate(store, task, job, frames, shapes)
    return task


def _documents(store: Store, name: str, frames: int) -> tuple[str, str]:
    with store.ingest() as ingest:
        picture = real_jpeg(64, 48)  # what follows a JPEG's end marker is ignored by readers, and makes each differ
        stored = [ingest.add_bytes(picture + f"{name} {number}".encode()) for number in range(frames)]
        facts = [
            {"path": f"{n:06}.jpg", "blob": it.name, "size": it.size, "crc32": it.crc32} for n, it in enumerate(stored)
        ]
        sources = documents.write(
            "sources", (documents.Source(role="frame", **fact) for fact in facts), ingest.put_document
        )
        shown = documents.write(
            "frames", (documents.Frame(width=64, height=48, **fact) for fact in facts), ingest.put_document
        )
    return sources, shown


def annotate(store: Store, task: Task, job: Job, frames: int, shapes: int) -> None:
    """Give a job `shapes` rectangles, evenly over its frames."""
    table_for(task)
    task.refresh_from_db()
    key = min(task.label_keys["labels"].values())
    with store.ingest() as ingest, Builder(ingest.put_document) as builder:
        builder.add("shapes", rectangles(key, frames, shapes))
        written = builder.finish()
    job.document, job.next_number, job.revision = written.name, shapes + 1, 1
    job.save()


def rectangles(label: int, frames: int, count: int) -> Iterator[Shape]:
    """Rectangles of four decimals, as people draw them."""
    chance = random.Random(1)
    for number in range(1, count + 1):
        left, top = round(chance.uniform(0, 500), 4), round(chance.uniform(0, 400), 4)
        points = [left, top, left + round(chance.uniform(1, 99), 2), top + round(chance.uniform(1, 79), 2)]
        yield Shape(number=number, frame=number * frames // (count + 1), label=label, type="rectangle", points=points)
