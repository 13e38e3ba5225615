"""A restore that dies: run as a script on a data directory, so that each step is a process of its own.

python -m tests.support.killed_imports DATA_DIR prepare ARCHIVE KIND   a user, an upload, a queued restore
python -m tests.support.killed_imports DATA_DIR work POINT             carry it out, dying at the given point
python -m tests.support.killed_imports DATA_DIR look                   print what there is, as JSON

Points are counted over everything that outlives the process: objects put into or deleted from the store, and commits.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any


def main() -> None:
    """See above."""
    data_dir, command, *rest = sys.argv[1:]
    os.environ["LABELKEEP_DATA_DIR"] = data_dir
    os.environ["DJANGO_SETTINGS_MODULE"] = "labelkeep.server.settings"
    import django

    django.setup()
    {"prepare": prepare, "work": work, "look": look}[command](*rest)


def prepare(archive: str, kind: str) -> None:
    """Make the directory, and queue the restore of `archive`."""
    from labelkeep import clock
    from labelkeep.accounts.actor import Actor
    from labelkeep.accounts.models import User
    from labelkeep.media import uploads
    from labelkeep.server.migrate import prepare as migrate
    from labelkeep.snapshots.import_backup import import_backup

    migrate(Path(os.environ["LABELKEEP_DATA_DIR"]), clock.now())
    actor = Actor.of(User.objects.create_user("alice", "alice@example.com", "correct horse battery"))
    with uploads.Incoming(actor, f"{kind}-backup", clock.now()) as incoming:
        incoming.begin("backup.zip")
        incoming.receive(Path(archive).read_bytes())
        incoming.end()
        (upload,) = incoming.keep()
    import_backup(actor=actor, now=clock.now(), kind=kind, upload=upload)  # type: ignore[arg-type]


def work(point: str) -> None:
    """Carry out what is due, in a time when every earlier lease is over; prints how many points were passed."""
    from labelkeep import clock
    from labelkeep.operations.run import run_queued

    passed = _die_at(int(point))
    run_queued(clock.now() + timedelta(hours=1))
    print(passed())


def _die_at(point: int) -> Callable[[], int]:
    from django.db import connection

    from labelkeep.media import vault

    count = 0

    def pass_by() -> None:
        nonlocal count
        count += 1
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)

    backend: Any = vault.live().backend
    for name in ("put", "delete"):
        _wrap(backend, name, pass_by)
    connection.ensure_connection()
    _wrap(connection, "_commit", pass_by)
    return lambda: count


def _wrap(thing: Any, name: str, pass_by: Callable[[], None]) -> None:
    """Pass by a point before the call, and one after it."""
    real = getattr(thing, name)

    def wrapped(*args: Any, **more: Any) -> Any:
        pass_by()
        result = real(*args, **more)
        pass_by()
        return result

    setattr(thing, name, wrapped)


def look() -> None:
    """Rows, objects of the store, temporary files, and whether everything that a task names is there."""
    from labelkeep.accounts.actor import Actor
    from labelkeep.accounts.models import User
    from labelkeep.media import vault
    from labelkeep.media.models import Upload
    from labelkeep.operations.models import Operation
    from labelkeep.operations.temporary import remove_dead
    from labelkeep.projects.models import Job, Label, Project, Task
    from labelkeep.snapshots.capture import freeze

    remove_dead()
    tmp = Path(os.environ["LABELKEEP_DATA_DIR"]) / "tmp"
    tasks = list(Task.objects.values_list("pk", flat=True))
    actor = Actor.of(User.objects.get())
    for pk in tasks:
        freeze(actor=actor, kind="task", id=pk)  # raises where anything is missing
    found = {
        "rows": [model.objects.count() for model in (Project, Task, Job, Label)],
        "status": Operation.objects.get().status,
        "message": Operation.objects.get().message,
        "uploads": Upload.objects.count(),
        "chunks": sum(entry.key.startswith("uploads/") for entry in vault.live().backend.list("")),
        "temporary": [str(path) for path in tmp.rglob("*") if path.is_file()],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
