"""Manifest of an unchanged project, and its restore: 100 tasks of 1,000 images and 10,000 shapes."""

from __future__ import annotations

from bench.files import scale
from bench.harness import Row, alternate, repeat
from bench.site import NOW, a_project, a_task, open_site
from labelkeep.media import vault
from labelkeep.snapshots import capture, codec, named
from labelkeep.snapshots.restore import restore


def main() -> None:
    actor = open_site()
    project = a_project(actor)
    tasks, frames, shapes = scale(100, 4), 1_000, scale(10_000, 100)
    for number in range(tasks):
        a_task(actor, project, frames=frames, shapes=shapes, name=f"task {number}")
    store = vault.live()
    frozen = capture.freeze(actor=actor, kind="project", id=project.pk)

    def read_names() -> None:  # what any backup must at least do: read the manifests that it names
        list(codec.read_tasks(codec.read_subject(frozen.name, store.get_document), store.get_document))

    about = f"{tasks * frames:,} images, {tasks * shapes:,} shapes"
    ours, theirs = alternate(lambda: capture._write("project", project.pk, store), read_names)
    row = Row(f"manifest of an unchanged project, {about}", "< 50 ms", ours, theirs, "reading the same manifests")
    row.within = min(ours) < 0.05
    row.emit()

    presence = repeat(lambda: named.prove(frozen.name, frozen.subject, store), 3)
    Row("presence check of the same", "measured apart", presence).emit()

    def again() -> None:
        restore(actor=actor, manifest=frozen.name, get=store.get_document, now=NOW)

    taken = repeat(again, 3)
    row = Row(f"restore of the same, {about}", "< 1 s", taken)
    row.within = min(taken) < 1
    row.emit()


if __name__ == "__main__":
    main()
