"""Layouts of archives that nobody can ask for any more: their rows go, so that prune finds their documents unneeded."""

from __future__ import annotations

from datetime import datetime

import msgspec

from labelkeep.errors import Damaged, Missing
from labelkeep.snapshots.models import Backup, Rendering
from labelkeep.snapshots.render.archive import Planned
from labelkeep.store import Store
from labelkeep.store.needed import Needed

_BATCH = 500


def drop_unused(store: Store, before: datetime) -> int:
    """Remove layouts whose backups are gone, and surveys that are in no layout, made up to a moment; return how many.

    They are caches: whoever needs one again makes it again.
    """
    old = Rendering.objects.filter(created_date__lte=before)
    archives = Rendering.objects.filter(manifest__in=Backup.objects.values("manifest"))
    used = Needed()
    try:
        for layout in archives.values_list("layout", flat=True).iterator():
            used.add([layout, *_surveys(store, layout)])
        unused = [pk for pk, layout in old.values_list("pk", "layout").iterator() if not used.holding([layout])]
    finally:
        used.close()
    for start in range(0, len(unused), _BATCH):
        Rendering.objects.filter(pk__in=unused[start : start + _BATCH]).delete()
    return len(unused)


def _surveys(store: Store, layout: str) -> list[str]:
    try:
        return msgspec.json.decode(store.get_document(layout), type=Planned).surveys
    except (Missing, Damaged, msgspec.DecodeError):
        return []
