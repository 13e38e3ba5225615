"""What others must do before something is removed.

A project does not know that it is backed up. Where a removal needs something done first (a safety backup), the room
above registers a function here; it runs synchronously, inside the transaction of the removal, and whatever it raises
stops the removal (design §2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from labelkeep.accounts.actor import Actor

Kind = Literal["project", "task"]


class BeforeRemoval(Protocol):
    """Is told which project or task is about to go; raises to stop it."""

    def __call__(self, *, kind: Kind, id: int, actor: Actor, now: datetime) -> None: ...


_before_removal: list[BeforeRemoval] = []


def before_removal(function: BeforeRemoval) -> Callable[[], None]:
    """Register `function`; what is returned takes it out again."""
    _before_removal.append(function)
    return lambda: _before_removal.remove(function)


def announce_removal(*, kind: Kind, id: int, actor: Actor, now: datetime) -> None:
    """Call every registered function, in the order of registration. Called inside the removing transaction."""
    for function in tuple(_before_removal):
        function(kind=kind, id=id, actor=actor, now=now)
