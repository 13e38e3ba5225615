"""Which function carries out which kind of operation. Rooms register theirs from `AppConfig.ready`.

A handler is given the row and a `Work`, and returns what the row's `result` shall be. It may be started again after its
process died at any instant, so it publishes what it made in one transaction, through `Work.publish`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from labelkeep.errors import NotFound

if TYPE_CHECKING:
    from labelkeep.operations.models import Operation
    from labelkeep.operations.work import Work

    Handler = Callable[[Operation, Work], dict[str, Any]]
    Discard = Callable[[Operation], None]

_HANDLERS: dict[str, Handler] = {}
_DISCARDS: dict[str, Discard] = {}
_ATTEMPTS: dict[str, int] = {}
ATTEMPTS = 3  # of kinds that do not say

log = structlog.get_logger(__name__)


def handler(kind: str, attempts: int = ATTEMPTS) -> Callable[[Handler], Handler]:
    """Register the decorated function for operations of this kind, for example `export:backup`.

    `attempts` is how often it is tried when it fails for a passing reason; the pause doubles each time.

    Raises:
        ValueError: another function has this kind already.
    """

    def register(function: Handler) -> Handler:
        known = _HANDLERS.setdefault(kind, function)
        if (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise ValueError(f"{kind} is carried out by {known.__module__}.{known.__qualname__} already")
        _ATTEMPTS[kind] = attempts
        return function

    return register


def find(kind: str) -> Handler:
    """The handler of a kind.

    Raises:
        NotFound: nothing installed here can carry it out.
    """
    try:
        return _HANDLERS[kind]
    except KeyError:
        raise NotFound(f"nothing here can carry out {kind!r}") from None


def attempts_of(kind: str) -> int:
    """How often operations of a kind are tried."""
    return _ATTEMPTS.get(kind, ATTEMPTS)


def discards(kind: str) -> Callable[[Discard], Discard]:
    """Register what frees the space that was taken for an operation before it started: an upload, for example.

    It is called once the operation has ended, however it ended: finished, failed, given up, cancelled before or after
    its start. So a handler need not do it, and must not: when its attempt ends, another may be going on. What the
    handler makes itself is in `Work.tmp` and needs no help. A process that dies at this very moment discards nothing,
    so there has to be an expiry as well.
    """

    def register(function: Discard) -> Discard:
        _DISCARDS[kind] = function
        return function

    return register


def discard(operation: Operation) -> None:
    """Free what was taken for an operation that has ended; a failure is logged, and left to expiry."""
    try:
        if operation.kind in _DISCARDS:
            _DISCARDS[operation.kind](operation)
    except Exception as error:  # the operation has ended, and that is what counts
        log.error("operation.discard_failed", key=operation.key, exc_info=error)
