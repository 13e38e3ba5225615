"""What moves operations along. Small on purpose: a distributed engine has to do no more than this.

All that makes an operation safe is in the row and in `claims`: leases, fencing, attempts, cancellation, the end. An
engine decides only which process looks at which row, and when.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from labelkeep.operations.models import Operation


class Engine(Protocol):
    """A way to get queued operations carried out."""

    def enqueue(self, operation: Operation) -> None:
        """Called inside the transaction that writes the row: what this does must commit or vanish with it."""
        ...

    def work(self, worker: str, stop: threading.Event) -> None:
        """Carry operations out in this process, under this name, until told to stop.

        When it returns, no operation is started under this name: one that was interrupted is queued again. A process
        that dies instead has its operation given to another after `claims.LEASE`, or sooner where the engine can know.
        """
        ...


def current() -> Engine:
    """The engine of this installation."""
    from labelkeep.operations.embedded import Embedded  # engines import claims, which nobody who only starts work needs

    return Embedded()
