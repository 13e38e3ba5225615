"""What others must do before something is removed.

A project does not know that it is backed up. Where a removal needs something done first, the room above registers a
function here; whatever it raises stops the removal (design §2). There are two moments, because no transaction may span
file I/O (invariant 2, docs/decisions/0010-safety-backups-come-before-the-transaction.md):

- *around*: before the transaction begins, with files. What is prepared there is confirmed inside, under the locks.
- *before*: inside the removing transaction, with rows alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from labelkeep import transactions
from labelkeep.errors import Unavailable

if TYPE_CHECKING:
    from labelkeep.accounts.actor import Actor

Kind = Literal["project", "task"]
What = Literal["project", "task", "job", "label", "move"]
_ATTEMPTS = 4


@dataclass(frozen=True)
class Removal:
    """What is about to go: the `ids` of `what`, all of them in one project or task, `kind` and `id`, or that itself.

    A "move" is a task that goes to other labels than it had, so that objects may lose theirs.
    """

    what: What
    ids: tuple[int, ...]
    kind: Kind
    id: int
    actor: Actor
    now: datetime
    under_lock: bool = False  # prepare inside, where the rows are held: others change them all the time


Confirm = Callable[[], None]
Around = Callable[[Removal], AbstractContextManager[Confirm]]


class Outdated(Exception):
    """What was prepared is not so any more: somebody has changed it before the rows were held."""


class BeforeRemoval(Protocol):
    """Is told which project or task is about to go; raises to stop it."""

    def __call__(self, *, kind: Kind, id: int, actor: Actor, now: datetime) -> None: ...


_before_removal: list[BeforeRemoval] = []
_around_removal: list[Around] = []


def before_removal(function: BeforeRemoval) -> Callable[[], None]:
    """Register `function`; what is returned takes it out again."""
    _before_removal.append(function)
    return lambda: _before_removal.remove(function)


def around_removal(function: Around) -> Callable[[], None]:
    """Register a context manager that is entered before each removal, and left after it with what it raised.

    It gives a function to be called inside the transaction, once the rows are held: to write rows, and to raise
    `Outdated` when it has to prepare again. What is returned here takes it out again.
    """
    _around_removal.append(function)
    return lambda: _around_removal.remove(function)


def announce_removal(*, kind: Kind, id: int, actor: Actor, now: datetime) -> None:
    """Call every function of `before_removal`, in the order of registration. Called inside the removing transaction."""
    for function in tuple(_before_removal):
        function(kind=kind, id=id, actor=actor, now=now)


def remove(removal: Removal, carry_out: Callable[[Confirm], object]) -> None:
    """Prepare what must be done first, then remove in one transaction: `carry_out` holds the rows, calls what it is
    given, and removes.

    Raises:
        LabelkeepError: what has to be done first could not be done; nothing is removed.
        Unavailable: it is changed again and again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        removal = replace(removal, under_lock=attempt == _ATTEMPTS)
        try:
            with ExitStack() as stack:
                confirms = [stack.enter_context(around(removal)) for around in tuple(_around_removal)]
                transactions.remove(lambda confirms=confirms: carry_out(lambda: _all(confirms)))  # type: ignore[misc]
        except Outdated:
            continue
        return
    raise Unavailable(f"The {removal.kind} is being changed; try again.")


def _all(confirms: list[Confirm]) -> None:
    for confirm in confirms:
        confirm()
