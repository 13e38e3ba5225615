"""What is set about backups, for the server, an organization, or one project or task; and what is due when.

A project, or a task that is in none, is called a *source* here: what backups are made of. Sources are named by uuid,
never by name, so that `cats` and `cats_v2` never share anything.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from labelkeep.accounts.models import Organization


class Schedule(models.Model):
    """What one scope says. A null field is as the scope above has it: source, organization, server, default."""

    organization = models.OneToOneField(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    source_uuid = models.UUIDField(null=True, unique=True)  # both null: the server
    enabled = models.BooleanField(null=True)
    frequency = models.CharField(max_length=8, null=True)  # see slots.Timing
    time = models.CharField(max_length=5, null=True)
    weekday = models.PositiveSmallIntegerField(null=True)
    day = models.PositiveSmallIntegerField(null=True)
    cron = models.CharField(max_length=256, null=True)
    zone = models.CharField(max_length=64, null=True)
    skip_if_unchanged = models.BooleanField(null=True)
    lightweight = models.BooleanField(null=True)
    retention = models.JSONField(null=True)  # see retention.Policy

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organization=None) | Q(source_uuid=None), name="a_schedule_has_one_scope"
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(organization=None, source_uuid=None),
                name="one_schedule_of_the_server",
            ),
        ]

    def __str__(self) -> str:
        return f"schedule of {self.source_uuid or self.organization_id or 'the server'}"


class Due(models.Model):
    """When the next backup of a source is due, when its backups are overdue, and when retention last looked at it.

    `next_run_at` or `overdue_at` null: to be worked out anew, because the source is new or something was set.
    """

    source_uuid = models.UUIDField(primary_key=True)
    next_run_at = models.DateTimeField(null=True, db_index=True)
    retained_at = models.DateTimeField(null=True, db_index=True)
    awaited_at = models.DateTimeField(null=True)  # since when backups are expected; null: the schedule is off
    covered_at = models.DateTimeField(null=True)  # when a backup last held all that there was
    failed_at = models.DateTimeField(null=True)  # the last failure that was noticed
    overdue_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.source_uuid} at {self.next_run_at}"


class Alert(models.Model):
    """Something about the backups of a source that its people have to know.

    It is open while what it tells of lasts, whether or not somebody has seen or dismissed it; of one thing, `key`,
    there is one open alert, however many processes notice it.
    """

    class Kind(models.TextChoices):
        OVERDUE = "overdue"  # no complete backup for one and a half intervals of its own schedule
        FAILED = "failed"
        DAMAGED = "damaged"  # a check found a backup damaged
        SHRUNK = "shrunk"  # a label lost most of its objects between two backups

    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=64)
    source_kind = models.CharField(max_length=8)  # project | task
    source_uuid = models.UUIDField(db_index=True)
    source_name = models.CharField(max_length=256)
    organization_id = models.BigIntegerField(null=True)
    backup = models.UUIDField(null=True, db_index=True)  # the one that is damaged, or that holds less
    message = models.TextField()
    data = models.JSONField(default=dict)
    created_date = models.DateTimeField(db_index=True)
    resolved_date = models.DateTimeField(null=True)
    dismissed_date = models.DateTimeField(null=True)
    seen = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(resolved_date=None), name="one_open_alert_per_thing")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class Webhook(models.Model):
    """An address that is told of backups: of all that its owner may see, or only of an organization's.

    The secret that deliveries are signed with is no column: it is derived from the server's own and from `salt`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    url = models.TextField()  # may hold a password, so it is never shown whole
    salt = models.CharField(max_length=64)
    events = models.JSONField(default=list)  # empty: all
    enabled = models.BooleanField(default=True)
    created_date = models.DateTimeField()

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Delivery(models.Model):
    """One thing that a webhook is told, however many attempts it takes."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)  # of the last answer
    error = models.TextField(blank=True)  # of the last attempt
    created_date = models.DateTimeField(db_index=True)
    attempted_date = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.event} to webhook {self.webhook_id}: {self.state}"
