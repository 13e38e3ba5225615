"""What the row queries share: columns of people, batches of ids, and which projects an actor may know the name of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, allowed
from labelkeep.projects.models import Project

Row = dict[str, Any]
BATCH = 500  # ids in one statement, far below what any database takes


def person(lookup: str) -> tuple[str, ...]:
    """The columns of a person, for `values()`."""
    return tuple(f"{lookup}__{column}" for column in ("id", "username", "first_name", "last_name"))


def batches(ids: Collection[int]) -> Iterator[list[int]]:
    """`ids` in lists that fit into one statement."""
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def known_projects(actor: Actor, ids: Collection[int | None]) -> set[int]:
    """Those of the projects that the actor may see, in whatever organization."""
    known: set[int] = set()
    for batch in batches({id for id in ids if id is not None}):
        columns = ("pk", "organization_id", "owner_id", "assignee_id")
        for id, *whose in Project.objects.filter(pk__in=batch).values_list(*columns):
            if allowed(actor, "project:view", Subject(*whose)):
                known.add(id)
    return known
