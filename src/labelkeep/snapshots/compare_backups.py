"""Two backups compared for somebody, or a backup and what its project or task is now; what came out is kept on disk.

A comparison of two manifests never changes, so its summary is made once. Single objects are told from a stream, page by
page, and of one task or frame alone where that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec
from django.conf import settings

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import Gone
from labelkeep.media import vault
from labelkeep.media.cache import DiskCache, key_of
from labelkeep.projects.models import Project
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.snapshots.backup_queries import get_backup, source_of
from labelkeep.snapshots.capture import present
from labelkeep.snapshots.diff import Comparison, Options
from labelkeep.snapshots.diff_types import Summary
from labelkeep.snapshots.models import Backup

VERSION = 1  # of what summaries say; a better comparison gets a new number


@dataclass(frozen=True)
class Compared:
    """Two manifests that somebody may compare. `other` None: the second is the project or task as it is now."""

    backup: Backup
    other: Backup | None
    comparison: Comparison

    def summary(self) -> Summary:
        """All that changed, objects counted."""
        options = self.comparison.options
        key = key_of("diff", VERSION, *self.comparison.names, options.match, options.task, options.frame)
        cache = DiskCache(Path(settings.DATA_DIR) / "cache")
        with cache.open(key, self._write) as file:
            found: Summary = msgspec.json.decode(file.read())
        return found

    def _write(self, file: BinaryIO) -> None:
        file.write(msgspec.json.encode(self.comparison.summary()))


def compare_backups(
    actor: Actor, id: UUID, other: UUID | None, options: Options, action: str = "backup:view"
) -> Compared:
    """A backup and another one, or what it is a backup of as that is now.

    Raises:
        NotFound: there is no such backup. Forbidden: the actor may not do `action` to it.
        BadInput: one is of a project, the other of a task. Gone: its project or task is deleted, so there is no now.
    """
    backup = get_backup(actor, id, action)
    second = get_backup(actor, other, action) if other else None
    name = second.manifest if second else _now(actor, backup, action)
    return Compared(backup, second, Comparison(backup.manifest, name, vault.live().get_document, options))


def _now(actor: Actor, backup: Backup, action: str) -> str:
    source = source_of(backup)
    if source is None:
        raise Gone(f"The {backup.kind} of this backup is deleted, so there is nothing to compare it with.")
    require(actor, action, subject_of_backups(source))
    return present("project" if isinstance(source, Project) else "task", source.pk)
