"""Real worker processes, with handlers that tests need: run in place of `python -m labelkeep.operations`.

python -m tests.support.workers NAME PARENT        one worker
python -m tests.support.workers supervise          what `labelkeep serve` runs, without the web process
python -m tests.support.workers queue KIND [JSON]  queue an operation of a user who is made for it; prints its key
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkeep.operations.process import run_worker
from labelkeep.operations.registry import handler

if TYPE_CHECKING:
    from labelkeep.accounts.models import User
    from labelkeep.operations.models import Operation
    from labelkeep.operations.work import Work

OWNER = "worker-test"


@handler("export:probe")
def probe(operation: Operation, work: Work) -> dict[str, Any]:
    """Take space, report, pause as told, then add an `x` to the owner's last name: the effect that must happen once."""
    from django.db.models import Value
    from django.db.models.functions import Concat

    from labelkeep.accounts.models import User

    (work.tmp / "space").write_bytes(b"x" * 4096)
    steps = operation.params.get("steps", 4)
    for step in range(steps):
        work.progress(step / steps, f"step {step}")
        time.sleep(operation.params.get("pause", 0.0))
    with work.publish() as publication:
        User.objects.filter(pk=operation.owner_id).update(last_name=Concat("last_name", Value("x")))
        publication.finish({"attempt": operation.attempts})
    work.progress(1.0)
    return {}


@handler("export:stubborn")
def stubborn(operation: Operation, work: Work) -> dict[str, Any]:
    """Take space and never ask whether it is still wanted."""
    (work.tmp / "space").write_bytes(b"x" * 4096)
    work.progress(0.5, "will not listen")
    time.sleep(600)
    return {}


@handler("export:deadly")
def deadly(operation: Operation, work: Work) -> dict[str, Any]:
    """End the process each time."""
    work.progress(0.3, "about to die")
    time.sleep(0.7)
    os.kill(os.getpid(), 9)
    raise AssertionError


def owner() -> User:
    """The user for whom things are queued; made when first asked for."""
    from labelkeep.accounts.models import User

    return User.objects.get_or_create(username=OWNER)[0]


def queue(kind: str, **params: Any) -> str:
    """Queue an operation in this process's database; returns its key."""
    from labelkeep import clock
    from labelkeep.accounts.actor import Actor
    from labelkeep.operations.start import start

    now = clock.now()
    key = f"action=export&target=task&target_id={now:%H%M%S%f}"
    start(kind=kind, key=key, actor=Actor.of(owner()), now=now, target="task", params=params)
    return key


def _supervise() -> None:
    from labelkeep.server.supervisor import Supervisor, workers

    data_dir = Path(os.environ["LABELKEEP_DATA_DIR"])
    Supervisor(workers(2, data_dir, module=("-m", "tests.support.workers"))).run(lambda: True)


def _queue(kind: str, params: str = "{}") -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    print(queue(kind, **json.loads(params)))


if __name__ == "__main__":
    if sys.argv[1] == "supervise":
        _supervise()
    elif sys.argv[1] == "queue":
        _queue(*sys.argv[2:])
    else:
        run_worker(sys.argv[1], parent=int(sys.argv[2]))
