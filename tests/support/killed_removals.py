"""Kill a process at one point after the other while it deletes something, and while it brings it back.

    python -m tests.support.killed_removals WHAT STRIDE

prints one JSON object for each point; WHAT is project, task, job or label. Points and killing are those of sweep.py.
After a removal that died, it is removed by another process; after an undo that died, the undo is asked for again.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import django

from tests.support import sweep

KILLED = -signal.SIGKILL


def main(what: str, stride: int) -> None:
    """See above. Every round begins and ends with the thing in its place."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    project = sweep._in_child(_make)
    whole = sweep._in_child(lambda: _seen(project))
    for k in count(1, stride):
        removal = _ended_at(k, lambda: _delete(what, project))
        left = sweep._in_child(lambda: _seen(project))
        if left["waiting"] == 0:
            assert _ended_at(0, lambda: _delete(what, project)) == 0
        gone = sweep._in_child(lambda: _seen(project))
        undo = _ended_at(k, _undo)
        half = sweep._in_child(lambda: _seen(project))
        if half["waiting"]:
            assert _ended_at(0, _undo) == 0
        told = {"k": k, "killed": [removal == KILLED, undo == KILLED], "left": left, "gone": gone, "half": half}
        print(json.dumps({**told, "whole": whole, "back": sweep._in_child(lambda: _seen(project))}), flush=True)
        if KILLED not in (removal, undo):
            break


def _ended_at(k: int, act: Callable[[], None]) -> int:
    def run() -> None:
        if k:
            sweep._die_before(k)
        act()

    return sweep._ended(sweep._fork(run))


def _make() -> int:
    from labelkeep.accounts.actor import Actor
    from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
    from labelkeep.snapshots.capture import capture
    from tests.support import workers
    from tests.support.annotations import a_box
    from tests.support.kinds import annotate, ids_of
    from tests.support.projects import NOW, a_project, a_task

    owner = workers.owner()
    project = a_project(owner)
    task = a_task(owner, project=project, frames=4, segment_size=2)
    selection = Selection(method="manual", frames=[0, 2])
    create_ground_truth_job(actor=Actor.of(owner), now=NOW, task=task, chosen=selection)
    annotate(owner, task, shapes=[a_box(ids_of(project)["cat"], 0), a_box(ids_of(project)["dog"], 3)])
    capture(actor=Actor.of(owner), kind="project", id=project.pk, now=NOW)  # folds; from here on rows stay the same
    return int(project.pk)


def _delete(what: str, project_id: int) -> None:
    from labelkeep.accounts.actor import Actor
    from labelkeep.projects.actions.delete_job import delete_job
    from labelkeep.projects.actions.delete_label import delete_label
    from labelkeep.projects.actions.delete_project import delete_project
    from labelkeep.projects.actions.delete_task import delete_task
    from labelkeep.projects.models import Job, Label, Project, Task
    from tests.support import workers
    from tests.support.projects import NOW

    asked: dict[str, Any] = {"actor": Actor.of(workers.owner()), "now": NOW}
    if what == "project":
        delete_project(**asked, project=Project.objects.get(pk=project_id))
    elif what == "task":
        delete_task(**asked, task=Task.objects.get(project_id=project_id))
    elif what == "job":
        delete_job(**asked, job=Job.objects.get(task__project_id=project_id, type="ground_truth"))
    else:
        delete_label(**asked, label=Label.objects.get(project_id=project_id, name="cat"))


def _undo() -> None:
    from labelkeep.accounts.actor import Actor
    from labelkeep.snapshots.models import Removal
    from labelkeep.snapshots.undo import undo
    from tests.support import workers
    from tests.support.projects import NOW

    undo(actor=Actor.of(workers.owner()), now=NOW, id=Removal.objects.get(undone_date=None).pk)


def _seen(project_id: int) -> dict[str, Any]:
    """A hash of all rows of the project, or "" where it is gone; removals and their backups."""
    from labelkeep.media import vault
    from labelkeep.snapshots import codec
    from labelkeep.snapshots.models import Backup, Removal

    safety = Backup.objects.filter(trigger="safety")
    for manifest in safety.values_list("manifest", flat=True):
        codec.read_subject(manifest, vault.live().get_document)
    return {
        "rows": _rows_of(project_id),
        "waiting": Removal.objects.filter(undone_date=None).count(),
        "removals": Removal.objects.count(),
        "safety": safety.count(),
    }


def _rows_of(project_id: int) -> str:
    from labelkeep.errors import NotFound
    from labelkeep.snapshots import rows

    try:
        found = vars(rows.read("project", project_id))
    except NotFound:
        return ""
    for row in (found["subject"], *found["tasks"], *(job for jobs in found["jobs"].values() for job in jobs)):
        row.pop("updated_date")  # a label or a job that comes and goes is seen on what has it
    return hashlib.sha256(json.dumps(found, default=str, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
