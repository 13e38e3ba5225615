"""Writes the extra member of an archive: the facts of every task, and the digests of all members that we made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isal.isal_zlib import crc32

from labelkeep.archive import extra, guide
from labelkeep.archive.extra import Digest, TaskFacts
from labelkeep.snapshots import facts
from labelkeep.snapshots.manifest import ProjectManifest
from labelkeep.snapshots.render import listing
from labelkeep.snapshots.render.contents import Contents
from labelkeep.snapshots.render.tasks import Survey, TaskRendering, guide_text


def member(contents: Contents, surveys: Sequence[Survey], server: str) -> bytes:
    """The bytes of `labelkeep.json`."""
    subject = contents.subject
    return extra.write(
        root={"server": server, "manifest": contents.manifest},
        project=facts.of_project(subject) if isinstance(subject, ProjectManifest) else None,
        tasks=_tasks(contents, surveys),
        members=dict(_digests(contents, surveys)),
    )


def _tasks(contents: Contents, surveys: Sequence[Survey]) -> Iterator[TaskFacts]:
    """All tasks; one without data has a folder in name only."""
    surveyed = {task.prefix: survey for task, survey in zip(contents.tasks, surveys, strict=True)}
    for prefix, record in contents.placed():
        survey = surveyed.get(prefix)
        jobs = survey.jobs if survey else []
        yield TaskFacts(prefix=prefix, manifest=facts.of_task(record, survey.choice if survey else "none"), jobs=jobs)


def _digests(contents: Contents, surveys: Sequence[Survey]) -> Iterator[tuple[str, Digest]]:
    if isinstance(contents.subject, ProjectManifest):
        yield "project.json", _digest(contents.project_json())
        if contents.subject.guide:
            yield guide.NAME, _digest(guide_text(contents.subject.guide, "").encode())
    for task, survey in zip(contents.tasks, surveys, strict=True):
        yield from _digests_of(task, survey)


def _digests_of(task: TaskRendering, survey: Survey) -> Iterator[tuple[str, Digest]]:
    yield f"{task.prefix}task.json", _digest(task.task_json(survey))
    yield f"{task.prefix}annotations.json", survey.annotations.digest
    if task.record.guide:
        yield f"{task.prefix}{guide.NAME}", _digest(guide_text(task.record.guide, task.prefix).encode())
    if survey.listing is not None:
        yield f"{task.prefix}data/{listing.NAME}", survey.listing.digest


def _digest(data: bytes) -> Digest:
    return Digest.of(data, crc32(data))
