"""Projects, tasks, jobs and labels as rows; everything heavy is a document that a row names.

A field added here must be carried by a backup or excluded by name: tests/test_completeness.py asks.

What lists are sorted and filtered by has an index. `updated_date` has none: every save of annotations moves three of
them, and would write an index page for each (design.md §5: 16 KB a patch).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from labelkeep.accounts.models import Organization

USER = settings.AUTH_USER_MODEL


class WorkStatus(models.TextChoices):
    """Status of a project, task or job; a task's derives from its jobs, a project's from its tasks."""

    ANNOTATION = "annotation"
    VALIDATION = "validation"
    COMPLETED = "completed"


class Project(models.Model):
    """A set of tasks that share labels."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    origin = models.JSONField(default=dict)  # {"server", "uuid", "backup"}: where it was restored or copied from
    name = models.CharField(max_length=256)
    owner = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee_updated_date = models.DateTimeField(null=True)
    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    bug_tracker = models.CharField(max_length=2000, blank=True)
    status = models.CharField(max_length=16, choices=WorkStatus.choices, default=WorkStatus.ANNOTATION)
    status_kept = models.BooleanField(default=False)  # somebody set it: stays until a job's stage or state changes
    source_storage = models.JSONField(null=True)  # {"location", "cloud_storage_id"}
    target_storage = models.JSONField(null=True)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="project_name"),
            models.Index(fields=["status"], name="project_status"),
        ]

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    """Frames to annotate. Until data is attached the data fields keep their defaults and `size` is null."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    origin = models.JSONField(default=dict)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=256)
    owner = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee_updated_date = models.DateTimeField(null=True)
    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    bug_tracker = models.CharField(max_length=2000, blank=True)
    subset = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=WorkStatus.choices, default=WorkStatus.ANNOTATION)
    status_kept = models.BooleanField(default=False)  # somebody set it: stays until a job's stage or state changes
    source_storage = models.JSONField(null=True)
    target_storage = models.JSONField(null=True)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()
    segment_size = models.PositiveIntegerField(default=0)  # 0: one job, or jobs given file by file
    overlap = models.PositiveIntegerField(null=True)
    consensus_replicas = models.PositiveIntegerField(default=0)

    # The data. Set together, once, when the data has arrived (has_data), and by a restore.
    data_started = models.BooleanField(default=False)  # Upload-Start was seen: the wire's `data` is not null
    has_data = models.BooleanField(default=False)
    mode = models.CharField(max_length=16, blank=True)  # "" | annotation | interpolation
    dimension = models.CharField(max_length=2, default="2d")
    media_type = models.CharField(max_length=16, blank=True)  # image | video | point_cloud
    size = models.PositiveIntegerField(null=True)  # frames of the task
    chunk_size = models.PositiveIntegerField(null=True)
    image_quality = models.PositiveSmallIntegerField(default=70)
    compressed_chunk_type = models.CharField(max_length=16, default="imageset")
    original_chunk_type = models.CharField(max_length=16, default="imageset")
    start_frame = models.PositiveIntegerField(default=0)  # in source numbering
    stop_frame = models.PositiveIntegerField(default=0)
    frame_filter = models.CharField(max_length=256, blank=True)  # "step=N" or ""
    storage_method = models.CharField(max_length=16, default="cache")
    storage = models.CharField(max_length=16, default="local")
    cloud_storage_id = models.BigIntegerField(null=True)
    sorting_method = models.CharField(max_length=16, default="lexicographical")
    custom_segments = models.BooleanField(default=False)
    deleted_frames = models.JSONField(default=list)  # sorted task-relative numbers
    validation_layout = models.JSONField(null=True)  # {"mode", "frames_per_job_count", "frames", "disabled_frames"}
    chunks_updated_date = models.DateTimeField(null=True)
    sources_document = models.CharField(max_length=67, blank=True)
    frames_document = models.CharField(max_length=67, blank=True)
    media_size = models.BigIntegerField(null=True)  # bytes of all files in `sources_document`; null: not yet looked up

    # Document keys of labels and attributes: {"labels": {"<id>": key}, "attributes": {"<id>": key}, "next": n}.
    # Keys are never reused; `next` only grows.
    label_keys = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="task_name"),
            models.Index(fields=["status"], name="task_status"),
            models.Index(fields=["subset"], name="task_subset"),
            models.Index(fields=["mode"], name="task_mode"),
            models.Index(fields=["dimension"], name="task_dimension"),
        ]

    def __str__(self) -> str:
        return self.name


class Label(models.Model):
    """A class of objects. Belongs to a project or to a task; a skeleton's points are its sublabels (`parent`)."""

    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="labels")
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="labels")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="sublabels")
    name = models.CharField(max_length=64)
    color = models.CharField(max_length=8)
    type = models.CharField(max_length=16, default="any")
    svg = models.TextField(blank=True)  # skeletons; nodes refer to sublabels by data-label-name
    deleted_at = models.DateTimeField(null=True)  # tombstone: shapes are filtered on read, undo removes it

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="label_name"),
            models.Index(fields=["type"], name="label_type"),
            models.Index(fields=["color"], name="label_color"),
        ]

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """A property of a label's objects."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="attributes")
    name = models.CharField(max_length=64)
    mutable = models.BooleanField(default=False)
    input_type = models.CharField(max_length=16)  # checkbox | radio | number | text | select
    default_value = models.CharField(max_length=128, blank=True)
    values = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A range of a task's frames that one person annotates. `start_frame` and `stop_frame` are task-relative."""

    class Type(models.TextChoices):
        ANNOTATION = "annotation"
        GROUND_TRUTH = "ground_truth"
        REPLICA = "replica"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="jobs")
    type = models.CharField(max_length=16, choices=Type.choices, default=Type.ANNOTATION)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="replicas")
    start_frame = models.PositiveIntegerField()
    stop_frame = models.PositiveIntegerField()  # inclusive
    frames = models.JSONField(null=True)  # sorted task-relative numbers, where the job has only some of its range
    stage = models.CharField(max_length=16, default="annotation")  # annotation | validation | acceptance
    state = models.CharField(max_length=16, default="new")  # new | in progress | completed | rejected
    status = models.CharField(max_length=16, choices=WorkStatus.choices, default=WorkStatus.ANNOTATION)
    assignee = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee_updated_date = models.DateTimeField(null=True)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    # The saved annotations: a document (an index of parts; "" = none yet) and the deltas since (AnnotationDelta).
    document = models.CharField(max_length=67, blank=True)
    revision = models.PositiveIntegerField(default=0)  # compared and set by every save
    next_number = models.PositiveIntegerField(default=1)  # next object number; never reused
    delta_bytes = models.PositiveIntegerField(default=0)  # sum of the deltas' sizes
    counts = models.JSONField(default=dict)  # {"<label key>": {"<kind>": n}}

    class Meta:
        indexes = [
            models.Index(fields=["state"], name="job_state"),
            models.Index(fields=["stage"], name="job_stage"),
            models.Index(fields=["type"], name="job_type"),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} of task {self.task_id}"


class AnnotationDelta(models.Model):
    """A small edit of a job's annotations that is not yet folded into parts.

    Written with every small save, so it touches few database pages: the key is made from job and revision (`key_of`),
    which keeps it unique without an index of its own.
    """

    id = models.BigIntegerField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="deltas")
    revision = models.PositiveIntegerField()
    payload = models.BinaryField()  # canonical JSON of the edit (annotations.deltas)
    actor = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_date = models.DateTimeField()

    def __str__(self) -> str:
        return f"job {self.job_id} r{self.revision}"

    @staticmethod
    def key_of(job: int, revision: int) -> int:
        """The primary key: 31 bits of job id, 32 bits of revision."""
        return job << 32 | revision


class Revision(models.Model):
    """Who saved a job's annotations, and when. Small saves are deltas first; a line here stays of them when they go."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.CharField(max_length=67, blank=True)  # "": there are no objects, or a later document has it
    size = models.PositiveIntegerField(null=True)  # bytes of the small edit that it was
    log = models.CharField(max_length=67, blank=True)  # document of the small edits up to this one (annotations.deltas)
    actor = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    created_date = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_document_per_revision")]

    def __str__(self) -> str:
        return f"job {self.job_id} r{self.number}"


class Issue(models.Model):
    """A remark pinned to a place on a frame."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="issues")
    frame = models.PositiveIntegerField()
    position = models.JSONField()  # flat list of numbers
    owner = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    resolved = models.BooleanField(default=False)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["frame"], name="issue_frame"),
            models.Index(fields=["resolved"], name="issue_resolved"),
        ]

    def __str__(self) -> str:
        return f"issue {self.pk}"


class Comment(models.Model):
    """One message in the conversation of an issue."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="comments")
    owner = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.TextField()
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    def __str__(self) -> str:
        return f"comment {self.pk}"


class Guide(models.Model):
    """Instructions for annotators of a project, or of a task that stands alone; Markdown."""

    project = models.OneToOneField(Project, null=True, on_delete=models.CASCADE, related_name="guide")
    task = models.OneToOneField(Task, null=True, on_delete=models.CASCADE, related_name="guide")
    markdown = models.TextField(blank=True)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    def __str__(self) -> str:
        return f"guide {self.pk}"


class Asset(models.Model):
    """A picture or PDF that a guide shows; the bytes are a blob."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="assets")
    filename = models.CharField(max_length=1024)
    blob = models.CharField(max_length=67)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=64)
    owner = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    created_date = models.DateTimeField()

    def __str__(self) -> str:
        return self.filename
