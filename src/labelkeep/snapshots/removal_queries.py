"""Which removals there are for whom: those who may see the backups of something see what was removed of it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import NotFound
from labelkeep.snapshots.backup_queries import subject_of_backup, visible_backups
from labelkeep.snapshots.models import Removal


def visible_removals(actor: Actor) -> QuerySet[Removal]:
    """The removals whose safety backup the actor may see; of those whose backup has been let go, his own.

    Raises:
        Forbidden: the organization that the request names is not his.
    """
    past = Q(backup=None) if actor.is_admin else Q(backup=None, owner=actor.id)
    return Removal.objects.filter(Q(backup__in=visible_backups(actor).values("pk")) | past)


def get_removal(actor: Actor, id: int, action: str = "backup:view") -> Removal:
    """A removal, when the actor may do `action` to its safety backup.

    Raises:
        NotFound: there is none, or its backup has been let go and it was somebody else's doing.
        Forbidden: the actor may not.
    """
    removal = Removal.objects.select_related("backup", "owner").filter(pk=id).first()
    if removal is None or (removal.backup is None and not actor.is_admin and removal.owner_id != actor.id):
        raise NotFound("No Removal matches the given query.")
    if removal.backup is not None:
        require(actor, action, subject_of_backup(removal.backup))
    return removal
