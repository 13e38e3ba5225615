"""Peak memory of one verb on one job of N rectangles, in a process of its own (`python -m bench.memory`)."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import cast

from bench.harness import peak_mib, seconds
from bench.rows.tasks import FRAMES_OF_JOB, divided
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.accounts.actor import Actor
from labelkeep.annotations.stream import batches
from labelkeep.configuration import read
from labelkeep.media import vault
from labelkeep.projects.models import Task
from labelkeep.projects.saved import replace, view_task
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.verbs import Batches
from labelkeep.snapshots import capture
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.restore import restore


def main(verb: str, argument: str) -> None:
    """`make N`, then `export -` in the same data directory; `restore FILE` in another. `put N` and then `get -`: N
    rectangles through a task of 500 jobs.

    Prints: MiB when idle, MiB at the peak, seconds.
    """
    actor = open_site()
    if verb == "make":
        a_task(actor, a_project(actor), frames=2_000, shapes=int(argument))
        return
    idle = peak_mib()
    with collecting_rarely():  # as in a worker
        taken = seconds(lambda: VERBS[verb](argument))
    print(f"MEMORY {idle:.1f} {peak_mib():.1f} {taken:.2f}")


def export(_: str) -> None:
    """Back up the task that `make` made, and write its archive beside the database."""
    task = Task.objects.select_related("owner").get()
    frozen = capture.freeze(actor=Actor.of(task.owner), kind="task", id=task.pk)
    with (read().data_dir / "task.zip").open("wb") as file:
        for piece in archive.plan(frozen.name, vault.live(), NOW).stream():
            file.write(piece)


def put(count: str) -> None:
    """Save the annotations of a new task, from a body that is never whole in memory."""
    actor = open_site()
    task = divided(actor, 500)
    label = min(table_for(task).labels)
    frames = 500 * FRAMES_OF_JOB

    def body() -> Iterator[bytes]:
        yield b'{"shapes":['
        for n in range(int(count)):
            yield b'%b{"type":"rectangle","label_id":%d,"frame":%d,"points":[%d.25,1,500.5,450]}' % (
                b"," if n else b"", label, n * 7919 % frames, n % 400,
            )  # fmt: skip
        yield b"]}"

    pieces = body()

    def read_some(_: int) -> bytes:
        return b"".join(islice(pieces, 1_000))

    lists = ((batch.key, batch.first, batch.items) for batch in batches(read_some, jobs=False))
    replace(actor, task, cast(Batches, lists), now=NOW)


def get(_: str) -> None:
    """Read the annotations of the task that `put` made, and count their bytes."""
    task = Task.objects.select_related("owner").get()
    assert sum(map(len, view_task(Actor.of(task.owner), task)))


def take(argument: str) -> None:
    """Accept an archive and restore it."""
    source = Path(argument)
    spool = Path(tempfile.mkdtemp(dir=read().data_dir))
    with source.open("rb") as file:
        accepted = accept(file, kind="task", store=vault.live(), spool_dir=spool, now=NOW)
    restore(actor=open_site(), manifest=accepted.manifest, get=vault.live().get_document, now=NOW)


VERBS: dict[str, Callable[[str], None]] = {"export": export, "restore": take, "put": put, "get": get}

if __name__ == "__main__":
    main(*sys.argv[1:])
