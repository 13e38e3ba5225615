"""How much somebody keeps, and whether more fits into the quota.

What is in an organization counts for the organization, all else for its owner: whole projects with all their tasks, and
tasks that stand alone. Bytes are those of media files and of guides, as they are: two tasks with the same picture count
it twice, although it is stored once, so that a quota does not depend on what others have.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from labelkeep.accounts.models import Quota
from labelkeep.errors import Conflict
from labelkeep.media import documents, vault
from labelkeep.projects.models import Asset, Project, Task


@dataclass(frozen=True)
class Home:
    """Whose quota counts: an organization's, or a person's."""

    owner_id: int | None
    organization_id: int | None = None

    @classmethod
    def of(cls, thing: Project | Task) -> Home:
        """Where a project or task is; a task in a project is where that is."""
        place = thing.project if isinstance(thing, Task) and thing.project else thing
        return cls(place.owner_id, place.organization_id)

    def condition(self) -> Q:
        """Projects, and tasks that stand alone, that are here."""
        if self.organization_id is not None:
            return Q(organization=self.organization_id)
        return Q(organization=None, owner=self.owner_id)

    def quota(self) -> Quota | None:
        """The quota that an admin has set."""
        of = {"organization": self.organization_id} if self.organization_id is not None else {"user": self.owner_id}
        return Quota.objects.filter(**of).first()


@dataclass(frozen=True)
class Amount:
    """How much there is, and how much there may be; None: no bound."""

    used: int
    limit: int | None

    def takes(self, more: int) -> bool:
        """Whether so much more fits. Nothing more always does."""
        return not more or self.limit is None or self.used + more <= self.limit


@dataclass(frozen=True)
class Room:
    """What a quota leaves."""

    projects: Amount
    bytes: Amount

    def require(self, *, projects: int = 0, bytes: int = 0) -> None:
        """Let pass what fits.

        Raises:
            Conflict: it does not; the message has the numbers.
        """
        for amount, more, what in ((self.projects, projects, "projects"), (self.bytes, bytes, "bytes of media")):
            if not amount.takes(more):
                raise Conflict(
                    f"The quota does not allow it: {amount.used} of {amount.limit} {what} are used, "
                    f"and this needs {more} more."
                )


FREE = Room(Amount(0, None), Amount(0, None))


def room(home: Home) -> Room:
    """What the quota of `home` leaves. Where there is none, nothing is counted."""
    quota = home.quota()
    if quota is None or (quota.projects is None and quota.bytes is None):
        return FREE
    return used(home, quota)


def used(home: Home, quota: Quota | None = None) -> Room:
    """The same, counted in any case."""
    projects = Project.objects.filter(home.condition())
    tasks = Task.objects.filter(Q(project__in=projects) | (home.condition() & Q(project=None)))
    return Room(
        Amount(projects.count(), quota.projects if quota else None),
        Amount(_size(tasks, projects), quota.bytes if quota else None),
    )


def size_of(thing: Project | Task) -> int:
    """The bytes that a project or task counts for."""
    if isinstance(thing, Task):
        return _size(Task.objects.filter(pk=thing.pk), Project.objects.none())
    return _size(Task.objects.filter(project=thing), Project.objects.filter(pk=thing.pk))


def _size(tasks: QuerySet[Task], projects: QuerySet[Project]) -> int:
    _look_up(tasks)
    media = tasks.aggregate(size=Sum("media_size"))["size"] or 0
    guides = Q(guide__project__in=projects.values("pk")) | Q(guide__task__in=tasks.values("pk"))
    return int(media + (Asset.objects.filter(guides).aggregate(size=Sum("size"))["size"] or 0))


def _look_up(tasks: QuerySet[Task]) -> None:
    """Note the size of tasks that are from a time when it was not noted."""
    get = vault.live().get_document
    for pk, sources in tasks.filter(media_size=None, has_data=True).values_list("pk", "sources_document"):
        Task.objects.filter(pk=pk).update(media_size=documents.read_index(sources, get).size)
