"""The row that is the truth about a piece of background work. Engines only move it along.

An operation below `projects` cannot point at a project, so the ids of what it is about are plain numbers.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Status(models.TextChoices):
    """Where an operation stands. `cancelled` is shown as `failed` on CVAT's routes, which have no such word."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Operation(models.Model):
    """Durable background work. `key` is the request id on the wire (`rq_id`, spec/cvat-protocol.md §7.2)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=64)  # names the handler, e.g. "export:backup"
    action = models.CharField(max_length=16)  # create | export | import
    target = models.CharField(max_length=16)  # project | task | job
    subresource = models.CharField(max_length=16, blank=True)  # backup | dataset | annotations | ""
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    progress = models.FloatField(default=0.0)  # 0 to 1, never moves back within an attempt
    message = models.TextField(blank=True)
    params = models.JSONField(default=dict)  # what the handler needs; no secret outlives the operation
    result = models.JSONField(default=dict)  # what the handler returned
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    project_id = models.BigIntegerField(null=True)
    task_id = models.BigIntegerField(null=True)
    job_id = models.BigIntegerField(null=True)
    organization_id = models.BigIntegerField(null=True)
    created_date = models.DateTimeField()
    started_date = models.DateTimeField(null=True)
    finished_date = models.DateTimeField(null=True)
    expiry_date = models.DateTimeField(null=True)
    generation = models.PositiveIntegerField(default=0)  # fencing: each claim and each cancellation adds one
    attempts = models.PositiveSmallIntegerField(default=0)  # claims that did not end by a clean stop of the worker
    worker = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True)  # started: given away after this; queued: not tried before this

    class Meta:
        indexes = [
            models.Index(fields=["status", "created_date"], name="operation_queue"),
            models.Index(fields=["owner", "created_date"], name="operation_owner"),
            models.Index(fields=["created_date"], name="operation_created"),
            models.Index(fields=["project_id"], name="operation_project"),
            models.Index(fields=["task_id"], name="operation_task"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.status})"


class Worker(models.Model):
    """A process that carries operations out, and when it was last heard of; health reads this."""

    name = models.CharField(max_length=128, primary_key=True)
    pid = models.PositiveIntegerField()
    started_date = models.DateTimeField()
    seen_date = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ChoreTurn(models.Model):
    """Which chore was last done when, by whichever process had the turn (chores.py)."""

    name = models.CharField(max_length=255, primary_key=True)
    taken_date = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
