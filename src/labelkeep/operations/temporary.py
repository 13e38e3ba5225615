"""Temporary directories of attempts: one for each claim, named after it, so that a dead one can be recognised."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from labelkeep.operations.models import Operation, Status


def directory_of(operation: Operation) -> Path:
    """Where this attempt may keep files. Not made here."""
    return _root() / f"{operation.pk}.{operation.generation}"


def remove(path: Path) -> None:
    """Remove a directory with all that is in it, if it is there."""
    shutil.rmtree(path, ignore_errors=True)


def remove_earlier(operation: Operation) -> None:
    """Remove what dead attempts at the same operation have left."""
    for path in _root().glob(f"{operation.pk}.*"):
        if path != directory_of(operation):
            remove(path)


def remove_dead() -> int:
    """Remove the directories of attempts that are not under way any more; returns how many.

    Safe beside running workers: a directory is made after its claim is in the row, so one whose claim is not the row's
    present claim belongs to an attempt that can publish nothing.
    """
    found = [path for path in _root().glob("*.*") if path.is_dir()]  # listed first, asked after: see above
    operations = {operation for path in found if (operation := _operation_of(path))}
    started = Operation.objects.filter(pk__in=operations, status=Status.STARTED)
    alive = {f"{pk}.{generation}" for pk, generation in started.values_list("pk", "generation")}
    dead = [path for path in found if path.name not in alive]
    for path in dead:
        remove(path)
    return len(dead)


def _root() -> Path:
    return Path(settings.DATA_DIR) / "tmp" / "operations"


def _operation_of(path: Path) -> UUID | None:
    try:
        return UUID(path.name.partition(".")[0])
    except ValueError:
        return None
