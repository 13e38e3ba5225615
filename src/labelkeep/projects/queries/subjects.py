"""Who is who around a project, task or job: what the permission table asks about (spec/cvat-protocol.md §3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, overload

from labelkeep.accounts.permissions import Subject
from labelkeep.projects.models import Comment, Guide, Issue, Job, Label, Project, Task


def subject_of(thing: Project | Task | Job) -> Subject:
    """The subject of permissions. Reads the objects above; fetch them with `select_related` to save queries."""
    if isinstance(thing, Project):
        return _subject(thing, ())
    if isinstance(thing, Task):
        return _subject(thing, [thing.project] if thing.project else [])
    return replace(subject_of_new_job(thing.task), assignee=thing.assignee_id)


def subject_of_backups(thing: Project | Task) -> Subject:
    """Whose the backups of a project or task are: a task in a project follows its project."""
    return subject_of(thing.project if isinstance(thing, Task) and thing.project else thing)


def subject_of_new_job(task: Task) -> Subject:
    """A job that is still to be made: nobody's own, below the task's people."""
    above: list[Project | Task] = [task, *([task.project] if task.project else [])]
    owners = _known(*(it.owner_id for it in above))
    return Subject(organization_id=task.organization_id, above=_people(above), above_owner=owners)


def subject_of_issue(issue: Issue) -> Subject:
    """An issue's own people; the assignee of its job works on it too."""
    job = subject_of(issue.job)
    return Subject(
        organization_id=job.organization_id,
        owner=issue.owner_id,
        assignee=issue.assignee_id,
        above=job.above,
        above_owner=job.above_owner,
        workers=_known(job.assignee),
    )


def subject_of_comment(comment: Comment) -> Subject:
    """A comment is its author's; all people of the issue take part."""
    issue = subject_of_issue(comment.issue)
    return replace(
        issue, owner=comment.owner_id, assignee=None, workers=issue.workers | _known(issue.owner, issue.assignee)
    )


def subject_of_guide(home: Project | Task) -> Subject:
    """A guide stands for its project or task; everybody who works on a job below may read it."""
    jobs = Job.objects.filter(task__project=home) if isinstance(home, Project) else Job.objects.filter(task=home)
    workers = jobs.exclude(assignee=None).values_list("assignee_id", flat=True).distinct()
    return replace(subject_of(home), workers=frozenset(workers))


def home_of_label(label: Label) -> Project | Task:
    """The project or task that a label belongs to; a sublabel's is its skeleton's."""
    home = label.project or label.task
    assert home is not None, "a label belongs to a project or to a task"
    return home


def home_of_guide(guide: Guide) -> Project | Task:
    """The project or task that a guide explains."""
    home = guide.project or guide.task
    assert home is not None, "a guide belongs to a project or to a task"
    return home


def _subject(thing: Project | Task, above: Sequence[Project]) -> Subject:
    return Subject(
        organization_id=thing.organization_id,
        owner=thing.owner_id,
        assignee=thing.assignee_id,
        above=_people(above),
        above_owner=_known(*(it.owner_id for it in above)),
    )


def _people(things: Iterable[Project | Task]) -> frozenset[int]:
    return _known(*(id for it in things for id in (it.owner_id, it.assignee_id)))


def _known(*ids: int | None) -> frozenset[int]:
    return frozenset(id for id in ids if id is not None)


@overload
def kind_of(thing: Project | Task) -> Literal["project", "task"]: ...
@overload
def kind_of(thing: Project | Task | Job) -> Literal["project", "task", "job"]: ...
def kind_of(thing: Project | Task | Job) -> str:
    """The word for `thing` in names of actions: project, task or job."""
    return type(thing).__name__.lower()
