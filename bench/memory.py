"""Peak memory of one verb on one job of N rectangles, in a process of its own: `python -m bench.memory export N`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.harness import peak_mib, seconds
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.configuration import read
from labelkeep.media import vault
from labelkeep.snapshots import capture
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.restore import restore


def main(verb: str, shapes: int) -> None:
    """Print: MiB when idle, MiB at the peak, seconds."""
    actor = open_site()
    folder = Path(tempfile.mkdtemp(dir=read().data_dir))
    target = read().data_dir / "task.zip"
    if verb == "export":
        task = a_task(actor, a_project(actor), frames=2_000, shapes=shapes)
        idle = peak_mib()

        def work() -> None:
            frozen = capture.freeze(actor=actor, kind="task", id=task.pk)
            with target.open("wb") as file:
                for piece in archive.plan(frozen.name, vault.live(), NOW).stream():
                    file.write(piece)
    else:
        idle = peak_mib()

        def work() -> None:
            with Path(sys.argv[3]).open("rb") as file:
                accepted = accept(file, kind="task", store=vault.live(), spool_dir=folder, now=NOW)
            restore(actor=actor, manifest=accepted.manifest, get=vault.live().get_document, now=NOW)

    taken = seconds(work)
    shutil.rmtree(folder)
    print(f"MEMORY {idle:.1f} {peak_mib():.1f} {taken:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
