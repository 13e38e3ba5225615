"""Backups while people save: each is one moment, and nobody waits for it (US-03)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.support.annotations import a_box
from tests.support.kinds import add, annotate, ids_of
from tests.support.projects import NOW, a_project, a_task
from tests.support.threads import at_once, failures

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.projects.models import Job, Project, Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.restore import restore

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
WRITERS = 8
PAUSE = 0.25  # seconds between two saves of one writer: all are in one process here, and share its one interpreter


def test_in_every_backup_both_jobs_of_a_pair_have_been_saved_equally_often(alice: User) -> None:
    saves = back_up_while_all_save(alice, backups=6)
    assert min(saves) > 0
    assert differences(alice) == []


@pytest.mark.long
def test_in_every_one_of_many_backups_both_jobs_of_a_pair_have_been_saved_equally_often(alice: User) -> None:
    saves = back_up_while_all_save(alice, backups=50)
    assert min(saves) > 9
    assert differences(alice) == []


def back_up_while_all_save(owner: User, backups: int) -> list[int]:
    """Each writer has a task of two jobs, and saves into both at once; how often each has."""
    project = a_project(owner)
    tasks = [a_task(owner, f"pair {number}", project=project, frames=2, segment_size=1) for number in range(WRITERS)]
    cat, over, saves = ids_of(project)["cat"], threading.Event(), [0] * WRITERS
    saved = threading.Semaphore(0)

    def writer(number: int) -> Callable[[], None]:
        def write() -> None:
            while not over.wait(PAUSE):
                saves[number] += 1
                pair = [a_box(cat, 0), a_box(cat, 1)]
                if saves[number] % 5:
                    add(owner, tasks[number], shapes=pair)  # a small edit of each job
                else:
                    annotate(owner, tasks[number], shapes=pair)  # a new document of each job
                saved.release()

        return write

    def back_up() -> None:
        try:
            for number in range(backups):
                assert saved.acquire(timeout=60), "nobody saves"
                capture(actor=Actor.of(owner), kind="project", id=project.pk, now=NOW + number * timedelta(minutes=1))
        finally:
            over.set()

    assert failures(at_once(back_up, *(writer(number) for number in range(WRITERS)))) == []
    assert Backup.objects.count() == backups
    return saves


def differences(owner: User) -> list[tuple[object, ...]]:
    """Restores all of them. Pairs whose jobs differ, or are not what their documents hold."""
    found: list[tuple[object, ...]] = []
    moments = set()
    for backup in Backup.objects.all():
        made = restore(
            actor=Actor.of(owner), manifest=backup.manifest, get=vault.live().get_document, now=NOW + timedelta(days=1)
        )
        tasks = Task.objects.filter(project=made.id).order_by("id")
        counts = [
            [*Job.objects.filter(task=task).order_by("start_frame").values_list("counts", flat=True)] for task in tasks
        ]
        found += [(backup.pk, *pair) for pair in counts if pair[0] != pair[1]]
        moments.add(str(counts))
        Project.objects.get(pk=made.id).delete()
    assert len(moments) > 1, "nobody saved meanwhile"
    return found
