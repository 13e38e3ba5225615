"""How an exception becomes an answer (cvat-protocol §1.3). Nothing else in `api` decides a status of failure."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import (
    ObjectDoesNotExist,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import Error as DatabaseTrouble
from django.http import HttpResponse, HttpResponseBase
from rest_framework.response import Response
from rest_framework.views import exception_handler as of_rest_framework

from labelkeep import transactions
from labelkeep.errors import (
    AlreadyRunning,
    BadInput,
    Cancelled,
    Gone,
    LabelkeepError,
    NotAuthenticated,
    NotFound,
    Refused,
    TooLarge,
    TooOften,
)

log = structlog.get_logger("labelkeep.api")
RETRY_AFTER = "10"
_FINDINGS_SHOWN = 100


def handle(error: Exception, context: dict[str, Any]) -> HttpResponseBase:
    """The answer to an exception that a view raised; an unexpected one is logged, and told without its trace."""
    if isinstance(error, NotAuthenticated):
        # raised in the middle of a view (authenticators speak REST framework's own exceptions)
        return _answer(error, {"WWW-Authenticate": "Token"})
    if isinstance(error, LabelkeepError):
        return _answer(error, _pause(error))
    translated = _translate(error)
    if translated is not None:
        return _answer(translated, _pause(translated))
    response = of_rest_framework(error, context)
    if response is not None:
        return response
    log.error("unexpected", path=context["request"].path, error=repr(error), exc_info=error)
    return Response({"detail": "Internal server error. The server's log has the details."}, status=500)


def _pause(error: LabelkeepError) -> dict[str, str]:
    """When to try again, where that can help."""
    if isinstance(error, TooOften):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": RETRY_AFTER} if error.retryable else {}


def _translate(error: Exception) -> LabelkeepError | None:
    """Django's exceptions in our words."""
    if isinstance(error, ObjectDoesNotExist):
        return NotFound(f"No {type(error).__qualname__.split('.')[0]} matches the given query.")
    if isinstance(error, ValidationError):
        return BadInput(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The request's body is too large.")
    if isinstance(error, OverflowError) and "SQLite" in str(error):
        return BadInput("A number is larger than any that can be stored.")
    if isinstance(error, SuspiciousOperation):
        return BadInput("The request cannot be understood.")
    return transactions.told(error) if isinstance(error, DatabaseTrouble) else None


def _answer(error: LabelkeepError, headers: dict[str, str]) -> HttpResponseBase:
    if isinstance(error, Gone):
        return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8", headers=headers)
    if error.status >= 500 and not error.retryable:
        log.error(error.code, error=str(error), exc_info=error)
    return Response(body_of(error), status=409 if isinstance(error, Cancelled) else error.status, headers=headers)


def body_of(error: LabelkeepError) -> Any:
    """The JSON body: field errors as they are, sentences about the input as a bare list, all else as `detail`."""
    if isinstance(error, AlreadyRunning):
        return {"rq_id": error.key}
    if isinstance(error, Refused):
        return [str(finding) for finding in error.findings if finding.is_error][:_FINDINGS_SHOWN]
    if isinstance(error, BadInput):
        return [error.detail] if isinstance(error.detail, str) else error.detail
    return {"detail": error.detail}
