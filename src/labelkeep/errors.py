"""Every error that Labelkeep raises on purpose.

    LabelkeepError
    ├── BadInput            what was sent cannot be used; `detail` says where               400
    │   └── Refused         an archive or upload that cannot be restored; carries findings  400
    ├── NotAuthenticated    no or wrong credentials                                         401
    ├── Forbidden           known, but not allowed                                          403
    ├── NotFound            no such thing, or none that the actor may know of               404
    ├── Conflict            not possible in the present state                               409
    │   └── AlreadyRunning  the same operation is queued or running; carries its key        409
    ├── Gone                was here, is not any more                                       410
    ├── TooLarge            over a stated limit                                             413
    ├── TooOften            tried too often; carries the seconds to wait                    429
    ├── MailFailed          the mail server did not take a letter                           502
    │   └── MailDelayed     … this time; a later try may go through                         502
    ├── Unavailable         try again later                                                 503
    ├── StoreError          the store could not do it
    │   ├── Missing         a named object is not there
    │   ├── Damaged         bytes do not hash to their name
    │   └── StoreFull       no room left on the device
    ├── Cancelled           the operation was cancelled or its lease was lost
    ├── Partial             a command did some of what it was asked for                     (command line)
    └── Interrupted         Ctrl+C; what the command started goes on                        (command line)

Each class states its code, HTTP status, exit code of the command line and whether trying again can help. Problems
*found* in somebody's data are values (`findings.Finding`), not exceptions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from labelkeep.findings import Finding


class LabelkeepError(Exception):
    """Something failed. `detail` is the message, or a JSON value where the wire wants field errors."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, detail: Any = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return self.detail if isinstance(self.detail, str) else repr(self.detail)


class BadInput(LabelkeepError):
    """What was sent cannot be used. `detail`: a sentence, a list of sentences, or `{field: [sentence]}`."""

    code, status, exit_code = "bad-input", 400, 2


class Refused(BadInput):
    """An archive that cannot be restored: all findings, the first error first."""

    code = "refused"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        errors = [finding for finding in self.findings if finding.is_error]
        super().__init__("; ".join(str(finding) for finding in errors[:5]))


class NotAuthenticated(LabelkeepError):
    """No credentials, or wrong ones."""

    code, status, exit_code = "not-authenticated", 401, 3


class Forbidden(LabelkeepError):
    """The actor is known but may not do this."""

    code, status, exit_code = "forbidden", 403, 3

    def __init__(self, detail: Any = "You do not have permission to perform this action.") -> None:
        super().__init__(detail)


class NotFound(LabelkeepError):
    """No such thing, or none that the actor may know of."""

    code, status, exit_code = "not-found", 404, 4

    def __init__(self, detail: Any = "Not found.") -> None:
        super().__init__(detail)


class Conflict(LabelkeepError):
    """Not possible in the present state of things."""

    code, status, exit_code = "conflict", 409, 5


class AlreadyRunning(Conflict):
    """The same operation is queued or running; `key` is its request id."""

    code = "already-running"

    def __init__(self, key: str) -> None:
        super().__init__(f"The same request is already being processed: {key}")
        self.key = key


class Gone(LabelkeepError):
    """It was here and is not any more."""

    code, status, exit_code = "gone", 410, 4


class TooLarge(LabelkeepError):
    """Over a stated limit."""

    code, status, exit_code = "too-large", 413, 2


class TooOften(LabelkeepError):
    """Tried too often; `seconds` from now it may be tried again."""

    code, status, exit_code, retryable = "too-often", 429, 6, True

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Request was throttled. Expected available in {seconds} seconds.")
        self.seconds = seconds


class MailFailed(LabelkeepError):
    """The mail server did not take a letter, and will not."""

    code, status = "mail", 502


class MailDelayed(MailFailed):
    """The mail server did not take a letter this time: it is away, busy, or set up wrongly here."""

    code, exit_code, retryable = "mail-delayed", 6, True


class Unavailable(LabelkeepError):
    """Cannot be had now; try again later."""

    code, status, exit_code, retryable = "unavailable", 503, 6, True


class StoreError(LabelkeepError):
    """The store could not do what was asked."""

    code, exit_code = "store", 7


class Missing(StoreError):
    """A named object is not in the store."""

    code = "missing"


class Damaged(StoreError):
    """The bytes read back do not hash to their name."""

    code = "damaged"


class StoreFull(StoreError):
    """No room is left on the device that holds the store."""

    code, status = "store-full", 507


class Cancelled(LabelkeepError):
    """The operation was cancelled, or was given to another worker."""

    code = "cancelled"


class Partial(LabelkeepError):
    """Done in part: some of what was asked for failed, and was named."""

    code, exit_code = "partial", 8


class Interrupted(LabelkeepError):
    """Stopped by Ctrl+C; an operation that the command had started goes on."""

    code, exit_code = "interrupted", 130


def listed(items: Collection[object], limit: int = 10) -> str:
    """The first of them, for a sentence: `1, 2, 3 (and 4 more)`."""
    shown = ", ".join(str(item) for item in list(items)[:limit])
    return f"{shown} (and {len(items) - limit} more)" if len(items) > limit else shown
