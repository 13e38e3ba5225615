"""What may be done to a backup that is kept: its note, its pin, and letting it go (forget)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Conflict
from labelkeep.media import vault
from labelkeep.snapshots.backup_queries import get_backup
from labelkeep.snapshots.make_backup import checked_note
from labelkeep.snapshots.models import Backup
from labelkeep.store import keys

PINNED = "The backup is pinned. Take the pin off before you delete it."


def update_backup(*, actor: Actor, id: UUID, note: str | None = None, pinned: bool | None = None) -> Backup:
    """Change the note or the pin; what is None stays.

    Raises:
        NotFound, Forbidden: as `get_backup`. BadInput: a note that is too long.
    """
    backup = get_backup(actor, id, "backup:update")
    if note is not None:
        backup.note = checked_note(note)
    if pinned is not None:
        backup.pinned = pinned
    backup.save(update_fields=["note", "pinned"])
    return backup


def forget_backup(*, actor: Actor, id: UUID) -> None:
    """Drop a backup from the list. Its bytes go when prune finds that nothing else needs them.

    Raises:
        NotFound, Forbidden: as `get_backup`. Conflict: it is pinned.
    """
    backup = get_backup(actor, id, "backup:delete")
    if backup.pinned:
        raise Conflict(PINNED)
    if not drop(backup, pinned=False):
        raise Conflict(PINNED)


def drop(backup: Backup, **still: Any) -> bool:
    """Remove a backup, if the columns named in `still` have these values to this moment. Returns whether it went.

    Row first, then the manifest (invariant 1: deletion goes the other way round). Where only the row is gone, the
    manifest is an orphan, which prune removes.
    """
    with transaction.atomic():
        gone, _ = Backup.objects.filter(pk=backup.pk, **still).delete()
    if gone:
        vault.live().delete_manifest(keys.manifest(str(backup.source_uuid), backup.created_date, str(backup.pk)))
    return bool(gone)
