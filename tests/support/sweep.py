"""Kill the process that carries an operation out at each write to the database in turn, and let another one finish.

`python -m tests.support.sweep` prints one JSON object a point. For each k from 1 on, a forked child works as a worker
does and is killed with SIGKILL right before its k-th statement; then a second child, the worker started in its place,
goes on. The sweep ends with the first k that the child does not reach. This process itself has one thread and no open
connection when it forks.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import django

from tests.support import workers


def main() -> None:
    """Sweep over all points."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    for k in count(1):
        key = _in_child(lambda: _queued())
        before = _ended(_fork(lambda k=k: _work(f"serve:run{k}a:1:1", kill_at=k)))
        after = _ended(_fork(lambda k=k: _work(f"serve:run{k}b:1:1")))
        print(json.dumps({"k": k, "killed": before == -signal.SIGKILL, "after": after, **_state(key)}), flush=True)
        if before != -signal.SIGKILL:
            break


def _queued() -> str:
    from labelkeep.accounts.models import User

    User.objects.update(last_name="")
    return workers.queue("export:probe", steps=2)


def _work(name: str, kill_at: int = 0) -> None:
    """Work until nothing is left to do; with `kill_at`, die right before that statement of the working thread."""
    from labelkeep.operations import engine

    stop = threading.Event()
    if kill_at:
        _die_before(kill_at)
    threading.Thread(target=_stop_when_idle, args=(stop,), daemon=True).start()
    engine.current().work(name, stop)


def _die_before(kill_at: int) -> None:
    from django.db import connection

    left = kill_at

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(counted)


def _stop_when_idle(stop: threading.Event) -> None:
    from labelkeep.operations.models import Operation, Status

    while Operation.objects.filter(status__in=(Status.QUEUED, Status.STARTED)).exists():
        time.sleep(0.02)
    stop.set()


def _state(key: str) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        from django.conf import settings

        from labelkeep.accounts.models import User
        from labelkeep.operations.models import Operation, Worker

        operation = Operation.objects.get(key=key)
        return {
            "status": operation.status,
            "message": operation.message,
            "attempts": operation.attempts,
            "effect": User.objects.get(username=workers.OWNER).last_name,
            "left_behind": len(list((Path(settings.DATA_DIR) / "tmp" / "operations").glob("*"))),
            "workers": Worker.objects.count(),
        }

    return _in_child(read)  # type: ignore[no-any-return]


def _in_child(function: Callable[[], Any]) -> Any:
    """What the function returns, worked out in a forked child, so that no connection is ever open here."""
    reading, writing = os.pipe()

    def run() -> None:
        os.write(writing, json.dumps(function()).encode())

    child = _fork(run)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    assert _ended(child) == 0
    return json.loads(text)


def _fork(function: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    return child


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
