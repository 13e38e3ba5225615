"""Builders for tests about operations, and a kind of operation whose handler each test brings along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from labelkeep.operations import registry
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work

if TYPE_CHECKING:
    from labelkeep.accounts.models import User

Handler = Callable[[Operation, Work], dict[str, Any]]
KIND = "export:probe"


@contextmanager
def carried_out_by(function: Handler, kind: str = KIND) -> Iterator[None]:
    """Within the block, operations of this kind are carried out by the given function."""
    with _in_place(registry._HANDLERS, kind, function):
        yield


@contextmanager
def discarded_by(function: Callable[[Operation], None], kind: str = KIND) -> Iterator[None]:
    """Within the block, what was taken for operations of this kind is freed by the given function."""
    with _in_place(registry._DISCARDS, kind, function):
        yield


@contextmanager
def _in_place(registered: dict[str, Any], kind: str, function: Any) -> Iterator[None]:
    before = dict(registered)
    registered[kind] = function
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)


def an_operation(
    owner: User, now: datetime, key: str = "action=export&target=task&target_id=7", **fields: Any
) -> Operation:
    """Queue one. `fields` as `start`."""
    from labelkeep.accounts.actor import Actor

    return start(**{"kind": KIND, "key": key, "actor": Actor.of(owner), "now": now, "target": "task", **fields})
