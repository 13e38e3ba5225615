"""Backups as rows. The manifest in the store is the backup; a row makes it findable and says what state it is in.

A row outlives its project: nothing here points at a project by foreign key.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from labelkeep.snapshots.shrinkage import Shrinkage


class Backup(models.Model):
    """One snapshot of a project or task (design §6: the UI, API and CLI say *backup*)."""

    class Kind(models.TextChoices):
        PROJECT = "project"
        TASK = "task"

    class State(models.TextChoices):
        CHECKING = "checking"  # presence of all that it names is not yet proved
        COMPLETE = "complete"
        DAMAGED = "damaged"

    class Trigger(models.TextChoices):
        MANUAL = "manual"
        SCHEDULE = "schedule"
        SAFETY = "safety"  # made before something was removed or overwritten; undo restores it
        COPY = "copy"  # came from another server

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CHECKING)
    trigger = models.CharField(max_length=16, choices=Trigger.choices, default=Trigger.MANUAL)
    manifest = models.CharField(max_length=67)
    source_uuid = models.UUIDField()  # of the project or task
    source_id = models.BigIntegerField(null=True)  # its id when the backup was made
    source_name = models.CharField(max_length=256)
    project_uuid = models.UUIDField(null=True)  # of the project that a task was in
    organization_id = models.BigIntegerField(null=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    source_owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    lightweight = models.BooleanField(default=False)
    created_date = models.DateTimeField()
    counts = models.JSONField(default=dict)  # {"tasks", "jobs", "frames", "files", "shapes", …}
    logical_size = models.BigIntegerField(default=0)  # bytes of media and documents that it names
    new_bytes = models.BigIntegerField(default=0)  # bytes that were new to the store when it was made
    findings = models.JSONField(default=list)
    media = models.JSONField(default=dict)  # {"included" | "referenced" | "missing": {"count", "bytes"}}
    note = models.TextField(blank=True)
    pinned = models.BooleanField(default=False)  # never removed by retention
    protected = models.CharField(max_length=256, blank=True)  # why retention leaves it alone, where we say so ourselves
    slot = models.DateTimeField(null=True)  # the moment of the schedule that it was made for
    checked_date = models.DateTimeField(null=True)  # when what it names was last proved present
    read_date = models.DateTimeField(null=True)  # when all that it names was last read back and hashed: verified

    shrinkage: Shrinkage | None = None  # no column: what labels lost, told to whoever is told that the row was made

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_uuid", "slot"], name="one_backup_per_slot")]
        indexes = [
            models.Index(fields=["source_uuid", "created_date"], name="backup_source"),
            models.Index(fields=["organization_id", "created_date"], name="backup_organization"),
            models.Index(fields=["source_owner", "created_date"], name="backup_owner"),
            models.Index(fields=["created_date"], name="backup_created"),
        ]

    def __str__(self) -> str:
        return f"backup {self.id} of {self.kind} {self.source_name}"


class Rendering(models.Model):
    """The cached layout of a backup's archive: which bytes lie where, so that a download can start anywhere.

    And what was found out about each task in it, under a name made of its manifest and its labels.
    """

    manifest = models.CharField(max_length=67)
    renderer = models.PositiveIntegerField()
    layout = models.CharField(max_length=67)  # a document
    size = models.BigIntegerField()
    created_date = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["manifest", "renderer"], name="one_layout_per_renderer")]

    def __str__(self) -> str:
        return f"{self.manifest} v{self.renderer}"


class Removal(models.Model):
    """Something that was removed and can be brought back for a while; see undo.py. The backup is the safety backup."""

    class What(models.TextChoices):
        PROJECT = "project"
        TASK = "task"
        JOB = "job"  # of ground truth: no other can be removed
        LABEL = "label"

    what = models.CharField(max_length=8, choices=What.choices)
    subject_id = models.BigIntegerField()  # the id that it had, and has again
    name = models.CharField(max_length=256)
    backup = models.ForeignKey(Backup, null=True, on_delete=models.SET_NULL, related_name="removals")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_date = models.DateTimeField()
    until = models.DateTimeField()  # to when it can be brought back
    undone_date = models.DateTimeField(null=True)
    beside = models.JSONField(default=dict)  # what the manifest does not hold of it (beside.py)

    class Meta:
        indexes = [models.Index(fields=["created_date"], name="removal_created")]

    def __str__(self) -> str:
        return f"removal of {self.what} {self.name}"


class Stray(models.Model):
    """A manifest in the store that no backup's row answers for, and when prune first saw it so."""

    key = models.CharField(max_length=255, primary_key=True)
    seen_date = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
