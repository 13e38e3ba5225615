"""Saving and reading a whole task of thousands of jobs: what it costs must not be objects times jobs."""

from __future__ import annotations

import io

import orjson

from bench.files import scale
from bench.harness import Row, alternate
from bench.rows.saving import body
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.accounts.actor import Actor
from labelkeep.annotations.stream import batches
from labelkeep.configuration import read
from labelkeep.projects.models import Job, Task
from labelkeep.projects.saved import replace, view_task
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.verbs import Batches

FRAMES_OF_JOB = 10


def divided(actor: Actor, jobs: int) -> Task:
    """A task without shapes, in jobs of ten frames of which each shares two with the next."""
    task = a_task(actor, a_project(actor), frames=jobs * FRAMES_OF_JOB, shapes=0)
    task.overlap = 2
    task.save()
    Job.objects.filter(task=task).delete()
    starts = range(0, jobs * FRAMES_OF_JOB, FRAMES_OF_JOB)
    Job.objects.bulk_create(
        Job(task=task, start_frame=start, stop_frame=start + FRAMES_OF_JOB + 1, created_date=NOW, updated_date=NOW)
        for start in starts
    )
    return task


def parts_of(text: bytes) -> Batches:
    """A list of rectangles, split as the API splits a body."""
    source = io.BytesIO(b'{"shapes":%b}' % text)
    return [("shapes", batch.first, batch.items) for batch in batches(source.read, jobs=False)]


def main() -> None:
    actor = open_site()
    jobs, shapes = scale(2_000, 100), scale(50_000, 2_000)
    task = divided(actor, jobs)
    text = body(min(table_for(task).labels), jobs * FRAMES_OF_JOB, shapes)
    name = f"a task of {jobs:,} jobs and {shapes:,} rectangles"
    reference = "orjson loads + dumps of the body"
    ours, theirs = alternate(
        lambda: replace(actor, task, parts_of(text), now=NOW), lambda: orjson.dumps(orjson.loads(text)), 3
    )
    Row(f"{name}: PUT", "measured", ours, theirs, reference).emit()
    ours, theirs = alternate(lambda: list(view_task(actor, task)), lambda: orjson.dumps(orjson.loads(text)), 3)
    Row(f"{name}: GET", "measured", ours, theirs, reference).emit()


if __name__ == "__main__":
    read()
    main()
