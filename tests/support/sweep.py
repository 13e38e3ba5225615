"""Kill the process that carries an operation out at one instant after the other, and let another one finish.

    python -m tests.support.sweep SCENARIO STRIDE

prints one JSON object for each point. For k = 1, 1 + STRIDE, … a forked child works as a worker does and is killed
with SIGKILL right before its k-th point: a statement of the database, or a call that makes, writes or removes a file,
makes it durable or names it. Then a second child, the worker started in its place, goes on. The sweep ends with the
first k that is not reached; that last line is what a run without accident leaves. Each round begins with a copy of the
data directory as it was when the work had been queued. This process itself has one thread and no open connection when
it forks.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import django

from tests.support import workers  # noqa: F401  # registers the handler of `probe`
from tests.support.scenarios import SCENARIOS, Scenario

POINTS_OF_FILES = ("writev", "fsync", "fdatasync", "rename", "replace", "link", "unlink", "mkdir", "rmdir")


def main(name: str, stride: int) -> None:
    """Sweep over the points of one scenario."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
    scenario = SCENARIOS[name]
    key = _in_child(scenario.queue)
    data_dir = Path(os.environ["LABELKEEP_DATA_DIR"])
    queued = data_dir.with_name("queued")
    shutil.copytree(data_dir, queued)
    for k in count(1, stride):
        shutil.rmtree(data_dir)
        shutil.copytree(queued, data_dir)
        before = _ended(_fork(lambda k=k: _work(f"serve:run{k}a:1:1", scenario, kill_at=k)))
        began = time.monotonic()
        after = _ended(_fork(lambda k=k: _work(f"serve:run{k}b:1:1", scenario)))
        told = {"k": k, "killed": before == -signal.SIGKILL, "after": after, "seconds": time.monotonic() - began}
        print(json.dumps({**told, **_row(key), "seen": _in_child(scenario.seen)}), flush=True)
        if before != -signal.SIGKILL:
            break


def _work(name: str, scenario: Scenario, kill_at: int = 0) -> None:
    """Work until nothing is left to do; with `kill_at`, die right before that point."""
    from labelkeep.operations import engine

    stop = threading.Event()
    if kill_at:
        _die_before(kill_at)
    scenario.first()
    threading.Thread(target=_stop_when_idle, args=(stop,), daemon=True).start()
    engine.current().work(name, stop)


def _die_before(kill_at: int) -> None:
    """Only points of the calling thread count, so that the k-th is the same one each time."""
    from django.db import connection

    worker, left = threading.get_ident(), kill_at

    def point() -> None:
        nonlocal left
        left -= threading.get_ident() == worker
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        point()
        return execute(sql, params, many, context)

    def before_call(function: Any) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            point()
            return function(*args, **kwargs)

        return wrapped

    connection.execute_wrappers.append(before_statement)
    for name in POINTS_OF_FILES:
        setattr(os, name, before_call(getattr(os, name)))


def _stop_when_idle(stop: threading.Event) -> None:
    from labelkeep.operations.models import Operation, Status

    while Operation.objects.filter(status__in=(Status.QUEUED, Status.STARTED)).exists():
        time.sleep(0.02)
    stop.set()


def _row(key: str) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        from django.conf import settings

        from labelkeep.operations.models import Operation, Worker

        operation = Operation.objects.get(key=key)
        return {
            "status": operation.status,
            "message": operation.message,
            "attempts": operation.attempts,
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
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
