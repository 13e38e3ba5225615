"""200,000 rectangles in one job: its backup archive, and the restore of that archive; time and memory."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from bench.files import scale
from bench.harness import Row, alternate, peak_mib
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.configuration import read
from labelkeep.media import vault
from labelkeep.snapshots import capture
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.models import Rendering
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.restore import restore


def main() -> None:
    shapes = scale(200_000, 5_000)
    actor = open_site()
    task = a_task(actor, a_project(actor), frames=2_000, shapes=shapes)
    folder = Path(tempfile.mkdtemp(dir=read().data_dir))
    target = folder / "task.zip"
    idle = peak_mib()

    def export() -> None:
        frozen = capture.freeze(actor=actor, kind="task", id=task.pk)
        with target.open("wb") as file:
            for piece in archive.plan(frozen.name, vault.live(), NOW).stream():
                file.write(piece)

    def forget() -> None:
        Rendering.objects.all().delete()

    def take() -> None:
        spool = Path(tempfile.mkdtemp(dir=folder))
        with target.open("rb") as file, collecting_rarely():  # as in a worker
            accepted = accept(file, kind="task", store=vault.live(), spool_dir=spool, now=NOW)
        restore(actor=actor, manifest=accepted.manifest, get=vault.live().get_document, now=NOW)
        shutil.rmtree(spool)

    import zipfile

    def loads_and_dumps() -> None:
        json.dumps(json.loads(zipfile.ZipFile(target).read("annotations.json")))

    export()
    Rendering.objects.all().delete()
    ours, theirs = alternate(export, loads_and_dumps, 3, clean=forget)
    report(f"{shapes:,} rectangles: backup archive", ours, theirs, peak_mib() - idle)
    ours, theirs = alternate(take, loads_and_dumps, 3)
    report(f"{shapes:,} rectangles: restore of it", ours, theirs, peak_mib() - idle)


def report(name: str, ours: list[float], theirs: list[float], grown: float) -> None:
    """The reference loads the whole text, so this memory is of both; the long run measures ours alone."""
    row = Row(
        name,
        "≤ 3 s",
        ours,
        theirs,
        "json.loads + dumps of annotations.json",
        note=f"{grown:.0f} MiB over idle, reference included",
    )
    row.within = min(ours) <= 3
    row.emit()


if __name__ == "__main__":
    main()
