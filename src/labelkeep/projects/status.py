"""The one derivation of status: from a job's stage and state, up to its task and its project.   Pure."""

from __future__ import annotations

from collections.abc import Iterable

STAGES = ("annotation", "validation", "acceptance")
STATES = ("new", "in progress", "completed", "rejected")
STATUSES = ("annotation", "validation", "completed")


def of_job(stage: str, state: str) -> str:
    """A job under annotation is in `annotation`; an accepted and completed one is `completed`; else `validation`."""
    if stage == "annotation":
        return "annotation"
    return "completed" if stage == "acceptance" and state == "completed" else "validation"


def of_parts(statuses: Iterable[str]) -> str:
    """What a task has from its jobs, or a project from its tasks; nothing inside means `annotation`."""
    present = set(statuses)
    if present == {"completed"}:
        return "completed"
    return "validation" if "validation" in present else "annotation"
