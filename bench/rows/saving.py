"""Saving annotations: 10,000 rectangles at once; one shape of 200,000, over and over, folding included."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.files import scale
from bench.harness import Row, alternate, seconds
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.configuration import read
from labelkeep.projects.models import Job
from labelkeep.projects.saved import patch, replace
from labelkeep.projects.saved.keys import table_for


def body(label: int, frames: int, count: int) -> bytes:
    """A JSON array of rectangles as clients send them."""
    shapes = [
        {
            "type": "rectangle",
            "frame": n % frames,
            "label_id": label,
            "points": [n % 500 + 0.25, n % 400 + 0.5, n % 500 + 30.75, 450],
        }
        for n in range(count)
    ]
    return orjson.dumps(shapes)


def main() -> None:
    actor = open_site()
    project = a_project(actor)
    task = a_task(actor, project, frames=1_000, shapes=0)
    job = Job.objects.get(task=task)
    label = min(table_for(task).labels)
    text = body(label, 1_000, scale(10_000, 1_000))
    ours, theirs = alternate(
        lambda: replace(actor, job, [("shapes", 0, text)], now=NOW), lambda: orjson.dumps(orjson.loads(text))
    )
    row = Row("save 10,000 rectangles to a job", "≤ 0.3 s", ours, theirs, "orjson loads + dumps of the body")
    row.within = min(ours) <= 0.3
    row.emit()
    one_of_many(actor, project)


def one_of_many(actor: Any, project: Any) -> None:
    """Patch single shapes of a large job; bytes are those that this process wrote to disk."""
    task = a_task(actor, project, frames=2_000, shapes=scale(200_000, 10_000), name="large")
    job = Job.objects.get(task=task)
    label = min(table_for(task).labels)
    times, before, patches = [], written(), scale(2_000, 200)
    for number in range(1, patches + 1):
        shape = {
            "id": job.pk * 2**28 + number, "type": "rectangle", "frame": 3, "label_id": label,
            "points": [1, 2, number + 3, 4],
        }  # fmt: skip
        times.append(seconds(lambda shape=shape: consume(actor, job, shape)))
    average = sum(times) / len(times)
    size = (written() - before) / patches
    note = f"{size / 1024:.1f} KiB written each, amortised over {patches:,}; the database's log included"
    row = Row("patch one shape of 200,000, mean", "≤ 20 ms, ≤ 16 KB", [average], note=note)
    row.within = average <= 0.02 and size <= 16 * 1024
    row.emit()


def consume(actor: Any, job: Job, shape: dict[str, Any]) -> None:
    """Update one shape, and read the answer to its end."""
    answer: Iterator[bytes] = patch(actor, job, "update", [("shapes", 0, orjson.dumps([shape]))], now=NOW)
    for _ in answer:
        pass


def written() -> int:
    """Bytes that this process caused to be written so far (Linux)."""
    lines = Path(f"/proc/{os.getpid()}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


if __name__ == "__main__":
    read()
    main()
