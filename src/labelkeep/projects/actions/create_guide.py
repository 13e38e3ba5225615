"""Give a project, or a task that stands alone, its guide."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import fields
from labelkeep.projects.holding import hold_home
from labelkeep.projects.models import Guide, Project, Task
from labelkeep.projects.queries.subjects import subject_of_guide

MARKDOWN_LIMIT = 2**20


def create_guide(*, actor: Actor, now: datetime, home: Project | Task, markdown: str = "") -> Guide:
    """Make the guide of `home`.

    Raises:
        Forbidden: the actor may not write guides there.
        BadInput: the task is in a project, which has the guide; there is a guide already; the text is too long.
    """
    require(actor, "guide:create", subject_of_guide(home))
    if isinstance(home, Task) and home.project_id is not None:
        raise BadInput("The task is in a project; its guide is the guide of the project")
    place = {"project": home} if isinstance(home, Project) else {"task": home}
    guide = Guide(**place, markdown=checked(markdown), created_date=now, updated_date=now)
    try:
        with transaction.atomic():
            hold_home(home)
            guide.save(force_insert=True)
    except IntegrityError as error:
        raise BadInput("There is a guide already") from error
    return guide


def checked(markdown: str) -> str:
    """The text, when it is short enough; white space is the writer's business."""
    fields.text("markdown", markdown, limit=MARKDOWN_LIMIT, blank=True)
    return markdown
