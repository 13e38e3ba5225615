"""One worker process: prepares Django, works until SIGTERM, ends with its parent."""

from __future__ import annotations

import os
import signal
import threading

from labelkeep.operations import lifeline


def run_worker(name: str, *, parent: int | None = None) -> None:
    """Carry operations out in this process until SIGTERM (or SIGINT, without a parent that would stop it).

    `parent` is the process that started this one and whose end is its end.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if parent is None:
        signal.signal(signal.SIGINT, lambda *_: stop.set())
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        lifeline.end_with(parent)
    _prepare()
    from labelkeep.operations import engine

    engine.current().work(name, stop)


def _prepare() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelkeep.server.settings")
    django.setup()
