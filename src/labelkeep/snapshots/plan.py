"""What a restore will write: new rows for a manifest, not yet saved.   Decides; restore.py acts.

Every record of the manifest becomes one row with a fresh id. People are found by username; who is not found is listed,
never silently left out. The order of rows is the order of the manifest, so that ids come out in the same order.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelkeep.accounts.models import User
from labelkeep.findings import Finding, Level
from labelkeep.projects.models import Asset, Attribute, Comment, Guide, Issue, Job, Label, Project, Revision, Task
from labelkeep.snapshots.contents import Contents
from labelkeep.snapshots.manifest import (
    GuideRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    ProjectManifest,
    TaskManifest,
)

_ASSET = re.compile(r"/api/assets/([0-9a-fA-F-]{36})")


@dataclass
class Plan:
    """Unsaved rows, each list in the order of its ids-to-be, and beside each the id it had."""

    project: Project | None = None
    tasks: list[Task] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # top level
    sublabels: list[Label] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    replicas: list[tuple[Job, Job]] = field(default_factory=list)  # job and its parent
    revisions: list[Revision] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    guides: list[Guide] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    keys: list[tuple[Task, LabelKeys]] = field(default_factory=list)
    origins: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)  # kind → [(old id, row)]
    findings: list[Finding] = field(default_factory=list)
    contents: Contents = field(default_factory=Contents)
    unknown_users: list[str] = field(default_factory=list)  # whom the manifest names and nobody here is

    def old_to_new(self) -> dict[str, dict[str, Any]]:
        """The total map of ids, by kind of object. Meaningful once the rows are saved."""
        return {
            kind: {str(old): row.pk if isinstance(row.pk, int) else str(row.pk) for old, row in pairs}
            for kind, pairs in self.origins.items()
        }


@dataclass
class Context:
    """For whom, where and when. `people` has the users that exist, by the username that the manifest has for them;
    `name` is what the new project or task is called, where that is not its old name."""

    owner: User
    organization_id: int | None
    origin: Mapping[str, str]
    people: Mapping[str, User]
    now: datetime
    name: str = ""
    into: Project | None = None  # an existing project that gets the tasks
    labels: Mapping[int, Label] = field(default_factory=dict)  # its labels and
    attributes: Mapping[int, Attribute] = field(default_factory=dict)  # attributes, by their ids in the manifest


def people_of(subject: ProjectManifest | TaskManifest, tasks: Iterable[TaskManifest]) -> set[str]:
    """Every username that a restore would look for."""
    named = {subject.assignee}
    for task in tasks:
        named.add(task.assignee)
        for job in task.jobs:
            named.add(job.assignee)
            for issue in job.issues:
                named |= {issue.owner, issue.assignee, *(comment.owner for comment in issue.comments)}
    return named - {""}


def plan(subject: ProjectManifest | TaskManifest, tasks: Sequence[TaskManifest], context: Context) -> Plan:
    """All rows that a restore of `subject` makes."""
    return _Planner(context).run(subject, tasks)


class _Planner:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.plan = Plan()
        self._unknown: set[tuple[str, str]] = set()

    def run(self, subject: ProjectManifest | TaskManifest, tasks: Sequence[TaskManifest]) -> Plan:
        if self.context.into is not None:
            self.plan.origins["labels"] = list(self.context.labels.items())
            self.plan.origins["attributes"] = list(self.context.attributes.items())
        elif isinstance(subject, ProjectManifest):
            project = Project(**self._head(subject), **self._fresh())
            self.plan.project = self._made("projects", subject.id, project)
            self._labels(subject.labels, project=project)
            self._guide(subject.guide, project=project)
        for task in tasks:
            self._task(task)
        if self.context.name:
            (self.plan.project or self.plan.tasks[0]).name = self.context.name
        return self.plan

    def _made(self, kind: str, old: Any, row: Any) -> Any:
        self.plan.origins.setdefault(kind, []).append((old, row))
        return row

    def _fresh(self) -> dict[str, Any]:
        if self.context.into is not None:
            return {"owner": self.context.owner, "organization_id": self.context.into.organization_id}
        return {"owner": self.context.owner, "organization_id": self.context.organization_id}

    def _head(self, record: ProjectManifest | TaskManifest) -> dict[str, Any]:
        place = f"{record.kind} {record.name!r}"
        return {
            "origin": {**self.context.origin, "uuid": record.uuid},
            "name": record.name,
            "assignee": self._person(record.assignee, f"assignee of {place}"),
            "assignee_updated_date": _moment(record.assignee_updated_date),
            "bug_tracker": record.bug_tracker,
            "status": record.status,
            "status_kept": record.status_kept,
            "source_storage": self._storage(record.source_storage, f"source storage of {place}"),
            "target_storage": self._storage(record.target_storage, f"target storage of {place}"),
            "created_date": self.context.now,
            "updated_date": _moment(record.updated_date) or self.context.now,
        }

    def _person(self, username: str, what: str) -> User | None:
        if not username:
            return None
        found = self.context.people.get(username)
        if found is None and (username, what) not in self._unknown:
            self._unknown.add((username, what))
            self._lost("unknown-user", f"{what}: there is no user {username!r} here; left empty")
        return found

    def _storage(self, stored: dict[str, Any] | None, what: str) -> dict[str, Any] | None:
        if stored is not None and stored.get("location") == "cloud_storage":
            self._lost("cloud-storage", f"{what}: cloud storages are not carried by a backup; left empty")
            return None
        return stored

    def _lost(self, code: str, message: str) -> None:
        self.plan.findings.append(Finding(Level.WARNING, code, message))

    def _task(self, record: TaskManifest) -> None:
        task = Task(
            project=self.plan.project or self.context.into,
            **self._head(record),
            **self._fresh(),
            subset=record.subset,
            segment_size=record.segment_size,
            overlap=record.overlap,
            consensus_replicas=record.consensus_replicas,
            **self._data(record),
        )
        self.plan.tasks.append(self._made("tasks", record.id, task))
        if self.plan.project is None and self.context.into is None:
            self._labels(record.labels, task=task)
        self.plan.keys.append((task, record.label_keys))
        self._guide(record.guide, task=task)
        self._jobs(record.jobs, task)

    def _data(self, record: TaskManifest) -> dict[str, Any]:
        data = record.data
        if data is None:
            return {}
        same = (
            "mode dimension media_type size chunk_size image_quality compressed_chunk_type original_chunk_type "
            "start_frame stop_frame frame_filter storage_method storage sorting_method custom_segments deleted_frames "
            "validation_layout"
        )
        return {
            **{name: getattr(data, name) for name in same.split()},
            "data_started": True,
            "has_data": True,
            "chunks_updated_date": _moment(data.chunks_updated_date) or self.context.now,
            "sources_document": data.sources,
            "frames_document": data.frames,
        }

    def _labels(self, records: Iterable[LabelRecord], **home: Any) -> None:
        for record in records:
            label = self._label(record, home, None)
            self.plan.labels.append(label)
            self.plan.sublabels += [self._label(sublabel, home, label) for sublabel in record.sublabels]

    def _label(self, record: LabelRecord, home: dict[str, Any], parent: Label | None) -> Label:
        label = Label(
            **home,
            parent=parent,
            name=record.name,
            color=record.color,
            type=record.type,
            svg=record.svg,
            deleted_at=_moment(record.deleted_at),
        )
        for item in record.attributes:
            attribute = Attribute(
                label=label,
                name=item.name,
                mutable=item.mutable,
                input_type=item.input_type,
                default_value=item.default_value,
                values=item.values,
            )
            self.plan.attributes.append(self._made("attributes", item.id, attribute))
        made: Label = self._made("labels", record.id, label)
        return made

    def _jobs(self, records: Sequence[JobRecord], task: Task) -> None:
        rows = [self._job(record, task) for record in records]
        self.plan.jobs += rows
        self.plan.replicas += [
            (row, rows[record.parent]) for row, record in zip(rows, records, strict=True) if record.parent is not None
        ]

    def _job(self, record: JobRecord, task: Task) -> Job:
        same = "type start_frame stop_frame frames stage state status document revision next_number counts"
        job = Job(
            task=task,
            **{name: getattr(record, name) for name in same.split()},
            assignee=self._person(record.assignee, f"assignee of job {record.id} of task {task.name!r}"),
            assignee_updated_date=_moment(record.assignee_updated_date),
            created_date=self.context.now,
            updated_date=_moment(record.updated_date) or self.context.now,
        )
        if record.revision:
            first = Revision(job=job, number=record.revision, document=record.document, actor=self.context.owner)
            first.created_date = self.context.now
            self.plan.revisions.append(first)
        for issue in record.issues:
            self._issue(issue, job)
        made: Job = self._made("jobs", record.id, job)
        return made

    def _issue(self, record: IssueRecord, job: Job) -> None:
        issue = Issue(
            job=job,
            frame=record.frame,
            position=record.position,
            owner=self._person(record.owner, f"owner of issue {record.id}"),
            assignee=self._person(record.assignee, f"assignee of issue {record.id}"),
            resolved=record.resolved,
            created_date=_moment(record.created_date) or self.context.now,
            updated_date=_moment(record.updated_date) or self.context.now,
        )
        self.plan.issues.append(self._made("issues", record.id, issue))
        for item in record.comments:
            comment = Comment(
                issue=issue,
                owner=self._person(item.owner, f"owner of comment {item.id}"),
                message=item.message,
                created_date=_moment(item.created_date) or self.context.now,
                updated_date=_moment(item.updated_date) or self.context.now,
            )
            self.plan.comments.append(self._made("comments", item.id, comment))

    def _guide(self, record: GuideRecord | None, **home: Any) -> None:
        if record is None:
            return
        fresh = {asset.uuid: uuid.uuid4() for asset in record.assets}
        guide = Guide(
            **home,
            markdown=_ASSET.sub(_renamed(fresh), record.markdown),
            created_date=_moment(record.created_date) or self.context.now,
            updated_date=_moment(record.updated_date) or self.context.now,
        )
        self.plan.guides.append(guide)
        for item in record.assets:
            asset = Asset(
                uuid=fresh[item.uuid],
                guide=guide,
                filename=item.filename,
                blob=item.blob,
                size=item.size,
                media_type=item.media_type,
                owner=self.context.owner,
                created_date=_moment(item.created_date) or self.context.now,
            )
            self.plan.assets.append(self._made("assets", item.uuid, asset))


def _renamed(fresh: Mapping[str, uuid.UUID]) -> Callable[[re.Match[str]], str]:
    return lambda match: f"/api/assets/{fresh.get(match[1].lower(), match[1])}"


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
