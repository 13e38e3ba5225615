"""What of a manifest travels in the extra member of an archive (archive/extra.py), and what must not.

An archive can name nothing but what it brings (invariant 13), so records travel without the names of documents and
blobs; accept finds those from the bytes themselves.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from labelkeep.snapshots.manifest import GuideRecord, ProjectManifest, TaskManifest

# Which manifest.jsonl a task has in an archive: see render/listing.py.
Choice = Literal["none", "given", "added", "replaced"]


def of_task(record: TaskManifest, listing: Choice) -> dict[str, Any]:
    """A task's record as it may travel, with a word about its manifest.jsonl."""
    data = msgspec.structs.replace(record.data, sources="", frames="") if record.data else None
    jobs = [msgspec.structs.replace(job, document="") for job in record.jobs]
    bare = msgspec.structs.replace(record, data=data, jobs=jobs, guide=_guide(record.guide))
    return {**_plain(bare), "listing": listing}


def of_project(record: ProjectManifest) -> dict[str, Any]:
    """The same for a project; its tasks travel one by one."""
    return _plain(msgspec.structs.replace(record, tasks=[], guide=_guide(record.guide)))


def _guide(guide: GuideRecord | None) -> GuideRecord | None:
    if guide is None:
        return None
    return msgspec.structs.replace(guide, assets=[msgspec.structs.replace(asset, blob="") for asset in guide.assets])


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(record, str_keys=True)
    return found
