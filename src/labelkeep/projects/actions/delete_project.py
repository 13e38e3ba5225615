"""Delete a project with its tasks, jobs and labels."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.media import uploads
from labelkeep.projects import hooks, waiting
from labelkeep.projects.holding import hold_project
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of


def delete_project(*, actor: Actor, now: datetime, project: Project) -> None:
    """Remove the rows of the project and of all that is in it, at once, then what was uploaded for its tasks and not
    used. Blobs and documents stay in the store for the backups that need them, until prune.

    Raises:
        Forbidden: the actor may not delete it.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    require(actor, "project:delete", subject_of(project))

    left: list[str] = []

    def carry_out(confirm: hooks.Confirm) -> None:
        hold_project(project.pk, to_remove=True)
        confirm()
        hooks.announce_removal(kind="project", id=project.pk, actor=actor, now=now)
        left[:] = waiting.uploads_for(Task.objects.filter(project=project))
        Project.objects.filter(pk=project.pk).delete()

    hooks.remove(hooks.Removal("project", (project.pk,), "project", project.pk, actor, now), carry_out)
    uploads.discard(left)
