"""`python -m labelkeep.server.web PARENT`: the process that answers requests, by granian."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from labelkeep import configuration
from labelkeep.operations import lifeline

# Garbage is looked for less often than Python does by itself: answers are made of many small objects without cycles,
# and with 32 threads the young generation is large. Memory stays bounded all the same.
COLLECT = (50_000, 20, 50)
STOPPING = 10  # seconds that requests under way may take when the server is told to stop


def main(parent: int) -> None:
    """Listen and answer until SIGTERM; ends with its parent."""
    lifeline.end_with(parent)
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    settings = configuration.read()
    Server(
        "labelkeep.server.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.threads,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=False,  # it ends with its process, and the supervisor starts it again
        workers_kill_timeout=STOPPING,
    ).serve(target_loader=_Loader(os.getpid()))


class _Loader:
    """Runs in the process that granian makes for the application."""

    def __init__(self, parent: int) -> None:
        self._parent = parent

    def __call__(self, target: str) -> Callable[..., Any]:
        lifeline.end_with(self._parent)
        module, _, name = target.partition(":")
        application = getattr(import_module(module), name)
        _import_routes()  # now, so that what is broken ends the process, and the first request does not wait for it
        gc.freeze()  # what is loaded by now stays for ever: no need to look at it again
        gc.set_threshold(*COLLECT)
        return application  # type: ignore[no-any-return]


def _import_routes() -> None:
    from django.conf import settings

    import_module(settings.ROOT_URLCONF)


if __name__ == "__main__":
    main(int(sys.argv[1]))
