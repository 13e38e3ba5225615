"""What a manifest does not hold of rows, and their return to where they were needs.   Pure.

A backup can be restored anywhere, so it names people by username and leaves out what means something here alone. An
undo is done here, soon, and brings back the very same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labelkeep.snapshots.rows import Row, Rows

_HERE = ("origin", "source_storage", "target_storage", "cloud_storage_id", "media_size")


def beside(rows: Rows) -> dict[str, Any]:
    """{"people": {username: id}, "project" and "tasks": {id: columns}, "guides": {id of its project or task: id}}."""
    found: dict[str, Any] = {"people": _people(rows), "tasks": {}, "guides": {}}
    if rows.kind == "project":
        found["project"] = _here(rows.subject)
    for task in rows.tasks:
        if columns := _here(task):
            found["tasks"][str(task["id"])] = columns
    if rows.project_guide is not None:
        found["guides"]["project"] = rows.project_guide["id"]
    found["guides"] |= {str(task): guide["id"] for task, guide in rows.task_guides.items()}
    return found


def _here(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _HERE if row.get(name)}


def _people(rows: Rows) -> dict[str, int]:
    lists = [[rows.subject], rows.tasks, *rows.jobs.values(), *rows.issues.values(), *rows.comments.values()]
    named = _named([*lists, *rows.assets.values()])
    return dict(sorted(named.items()))


def _named(lists: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, int]:
    found = {}
    for row in (row for rows in lists for row in rows):
        for person in ("owner", "assignee"):
            if row.get(f"{person}_id") is not None:
                found[row[f"{person}__username"]] = row[f"{person}_id"]
    return found
