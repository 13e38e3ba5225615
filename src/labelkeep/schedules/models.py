"""What is set about backups, for the server, an organization, or one project or task; and what is due when.

A project, or a task that is in none, is called a *source* here: what backups are made of. Sources are named by uuid,
never by name, so that `cats` and `cats_v2` never share anything.
"""

from __future__ import annotations

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
    """When the next backup of a source is due, and when retention last looked at it.

    `next_run_at` null: to be worked out anew, because the source is new or something was set.
    """

    source_uuid = models.UUIDField(primary_key=True)
    next_run_at = models.DateTimeField(null=True, db_index=True)
    retained_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.source_uuid} at {self.next_run_at}"
