"""The words of LABELKEEP_BACKUP_ROLES. Apart from the table that gives them meaning, so that checking the settings
needs no Django."""

from __future__ import annotations

BACKUP_ROLES = ("owner", "assignee", "organization owner", "organization maintainer", "admin")
