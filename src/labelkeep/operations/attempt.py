"""One attempt: call the handler and record how it ended. Whatever engine claimed the row, this is what follows."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import Error as DatabaseTrouble

from labelkeep import clock, transactions
from labelkeep.errors import Cancelled, LabelkeepError, Refused
from labelkeep.operations import claims, registry, temporary
from labelkeep.operations.models import Operation
from labelkeep.operations.work import Work

_PAUSE = timedelta(seconds=2)  # before what failed for a passing reason is tried again; doubled by each attempt
_SHOWN_FINDINGS = 1000  # kept in the row of a refused archive
_LONGEST_MESSAGE = 2000

log = structlog.get_logger(__name__)


def carry_out(operation: Operation, work: Work) -> None:
    """Run the handler of a claimed operation and record the end; never raises for what a handler does.

    Everything recorded is conditional on the claim: if the operation was cancelled or given away meanwhile, its row
    says so already and is left alone.
    """
    temporary.remove_earlier(operation)
    try:
        ended = _run(operation, work)
    finally:
        work.close()
    if ended:
        registry.discard(operation)


def _run(operation: Operation, work: Work) -> bool:
    """True: the operation has ended, and it was this attempt that ended it."""
    try:
        result = registry.find(operation.kind)(operation, work)
        return work.has_finished or claims.finish(operation, result, clock.now())
    except Cancelled as error:
        return work.has_finished or _stopped(operation, work, error)
    except Exception as error:  # whatever a handler raises has to end in the row
        return work.has_finished or _failed(operation, error)


def _stopped(operation: Operation, work: Work, error: Cancelled) -> bool:
    if work.is_stopping:
        claims.give_back(operation)
        return False
    return claims.fail(operation, str(error), clock.now())  # no worker's doing: the handler itself gave up


def _failed(operation: Operation, error: Exception) -> bool:
    now, message = clock.now(), message_of(error)
    passing = _is_passing(error)
    log.warning("operation.failed", key=operation.key, passing=passing, exc_info=not isinstance(error, LabelkeepError))
    if passing and operation.attempts < registry.attempts_of(operation.kind):
        pause = _PAUSE * 2 ** (operation.attempts - 1)
        claims.give_back(operation, not_before=now + pause, message=message, spent=True)
        return False
    return claims.fail(operation, message, now, result=_findings_of(error))


def _is_passing(error: Exception) -> bool:
    if isinstance(error, DatabaseTrouble):
        return transactions.is_passing(error)
    return isinstance(error, LabelkeepError) and error.retryable


def message_of(error: Exception) -> str:
    """What the owner of the operation is told: our own errors say it themselves, of others the last line is kept."""
    if isinstance(error, LabelkeepError):
        text = str(error)
    else:
        lines = [line for line in str(error).splitlines() if line.strip()]
        text = f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def _findings_of(error: Exception) -> dict[str, object]:
    if not isinstance(error, Refused):
        return {}
    return {
        "findings": [finding.to_json() for finding in error.findings[:_SHOWN_FINDINGS]],
        "findings_count": len(error.findings),
    }
