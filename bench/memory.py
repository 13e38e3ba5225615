"""Peak memory of one verb on one job of N rectangles, in a process of its own (`python -m bench.memory`)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.harness import peak_mib, seconds
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.accounts.actor import Actor
from labelkeep.configuration import read
from labelkeep.media import vault
from labelkeep.projects.models import Task
from labelkeep.snapshots import capture
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.restore import restore


def main(verb: str, argument: str) -> None:
    """`make N`, then `export -` in the same data directory; `restore FILE` in another.

    Prints: MiB when idle, MiB at the peak, seconds.
    """
    actor = open_site()
    if verb == "make":
        a_task(actor, a_project(actor), frames=2_000, shapes=int(argument))
        return
    idle = peak_mib()
    with collecting_rarely():  # as in a worker
        taken = seconds(export if verb == "export" else lambda: take(Path(argument)))
    print(f"MEMORY {idle:.1f} {peak_mib():.1f} {taken:.2f}")


def export() -> None:
    """Back up the task that `make` made, and write its archive beside the database."""
    task = Task.objects.select_related("owner").get()
    frozen = capture.freeze(actor=Actor.of(task.owner), kind="task", id=task.pk)
    with (read().data_dir / "task.zip").open("wb") as file:
        for piece in archive.plan(frozen.name, vault.live(), NOW).stream():
            file.write(piece)


def take(source: Path) -> None:
    """Accept an archive and restore it."""
    spool = Path(tempfile.mkdtemp(dir=read().data_dir))
    with source.open("rb") as file:
        accepted = accept(file, kind="task", store=vault.live(), spool_dir=spool, now=NOW)
    restore(actor=open_site(), manifest=accepted.manifest, get=vault.live().get_document, now=NOW)


if __name__ == "__main__":
    main(*sys.argv[1:])
