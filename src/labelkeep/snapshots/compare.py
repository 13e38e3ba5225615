"""Compare two snapshots: what differs, but for differences that are named here with their reason (invariant 5).

Everything that a manifest holds is compared. `EXPECTED` is the whole list of what a restored copy may have otherwise; a
field that is added to a record is compared from then on without a line being written. Annotation documents with
different names are compared object by object, since the same objects may be cut into parts differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

import msgspec

from labelkeep.annotations import document
from labelkeep.annotations.model import KINDS
from labelkeep.findings import Finding, Level
from labelkeep.snapshots import codec
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import (
    AssetRecord,
    AttributeRecord,
    CommentRecord,
    GuideRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    ProjectManifest,
    TaskManifest,
)

_NEW_ID = "every object gets a fresh id"
_NEW_UUID = "a copy is not the original; the origin remembers it"
_NEW_OWNER = "who restores owns what he restored"
_NEW_DATE = "it was created when it was restored"

EXPECTED: dict[type, dict[str, str]] = {
    ProjectManifest: {
        "id": _NEW_ID,
        "uuid": _NEW_UUID,
        "owner": _NEW_OWNER,
        "organization": "it is restored where the actor asked for it",
        "created_date": _NEW_DATE,
    },
    TaskManifest: {
        "id": _NEW_ID,
        "uuid": _NEW_UUID,
        "owner": _NEW_OWNER,
        "organization": "it is restored where the actor asked for it",
        "created_date": _NEW_DATE,
    },
    JobRecord: {"id": _NEW_ID, "uuid": _NEW_UUID, "created_date": _NEW_DATE},
    LabelRecord: {"id": _NEW_ID},
    AttributeRecord: {"id": _NEW_ID},
    IssueRecord: {"id": _NEW_ID},
    CommentRecord: {"id": _NEW_ID},
    AssetRecord: {"uuid": "assets are found by uuid, so a copy has its own", "owner": _NEW_OWNER},
}

_ASSET = re.compile(r"/api/assets/([0-9a-fA-F-]{36})")


def compare(manifest_a: str, manifest_b: str, get: Get) -> list[Finding]:
    """What differs between the projects or tasks of two manifests; empty where one is a faithful copy of the other.

    A finding's `member` is the task (or empty: the project), its `place` a JSON pointer into the record.
    """
    if manifest_a == manifest_b:
        return []
    first, second = codec.read_subject(manifest_a, get), codec.read_subject(manifest_b, get)
    if first.kind != second.kind:
        return [_finding("", "/kind", first.kind, second.kind)]
    found = [] if isinstance(first, TaskManifest) else list(_differences(_plain(first), _plain(second), "", ""))
    for position, (one, other) in enumerate(zip_longest(codec.read_tasks(first, get), codec.read_tasks(second, get))):
        member = f"task {position}"
        if one is None or other is None:
            found.append(_finding(member, "", "" if one is None else one.name, "" if other is None else other.name))
        else:
            found += _compare_tasks(member, (first, one), (second, other), get)
    return found


def _compare_tasks(
    member: str, first: tuple[Subject, TaskManifest], second: tuple[Subject, TaskManifest], get: Get
) -> Iterator[Finding]:
    one, other = first[1], second[1]
    plain_one, plain_other = _plain(one), _plain(other)
    plain_one["label_keys"], plain_other["label_keys"] = _keys_by_name(*first), _keys_by_name(*second)
    for position, (job, twin) in enumerate(zip(one.jobs, other.jobs, strict=False)):
        if same_annotations(job.document, twin.document, get):
            plain_one["jobs"][position].pop("document", None)
            plain_other["jobs"][position].pop("document", None)
    yield from _differences(plain_one, plain_other, member, "")


def same_annotations(first: str, second: str, get: Get) -> bool:
    """Whether two annotation documents hold the same objects in the same order. Reads part by part."""
    if first == second:
        return True
    return all(
        a == b for kind in KINDS for a, b in zip_longest(_objects(first, kind, get), _objects(second, kind, get))
    )


def _objects(name: str, kind: Any, get: Get) -> Iterator[Any]:
    if not name:
        return
    for part in document.iterate(document.read_index(name, get), kind, get):
        yield from part


def _plain(value: Any) -> Any:
    """Records as plain values, without what is expected to differ."""
    if isinstance(value, GuideRecord):
        value = msgspec.structs.replace(value, markdown=_assets_by_name(value))
    if isinstance(value, msgspec.Struct):
        names = [name for name in value.__struct_fields__ if name not in EXPECTED.get(type(value), {})]
        if isinstance(value, ProjectManifest):
            names.remove("tasks")  # compared one by one
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _assets_by_name(guide: GuideRecord) -> str:
    position = {asset.uuid: f"/api/assets/[{index}]" for index, asset in enumerate(guide.assets)}
    return _ASSET.sub(lambda match: position.get(match[1].lower(), match[0]), guide.markdown)


def _keys_by_name(subject: Subject, task: TaskManifest) -> dict[str, Any]:
    """The key map with names in place of ids, which differ."""
    names: dict[int, str] = {}
    attributes: dict[int, str] = {}
    labels = subject.labels if isinstance(subject, ProjectManifest) else task.labels
    for label in _with_sublabels(labels, ""):
        names[label[1].id] = label[0]
        attributes |= {item.id: f"{label[0]}.{item.name}" for item in label[1].attributes}
    keys: LabelKeys = task.label_keys
    return {
        "labels": _renamed(keys.labels, names),
        "attributes": _renamed(keys.attributes, attributes),
        "next": keys.next,
    }


def _with_sublabels(labels: Iterable[LabelRecord], prefix: str) -> Iterator[tuple[str, LabelRecord]]:
    for label in labels:
        yield f"{prefix}{label.name}", label
        yield from _with_sublabels(label.sublabels, f"{prefix}{label.name}/")


def _renamed(keys: Mapping[int, int], names: Mapping[int, str]) -> dict[str, int]:
    """Keys of labels that are gone for good lead nowhere; nothing can be said of them, nor lost with them."""
    return dict(sorted((names[id], key) for id, key in keys.items() if id in names))


def _differences(first: Any, second: Any, member: str, place: str) -> Iterator[Finding]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            yield from _differences(first.get(key), second.get(key), member, f"{place}/{key}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _differences(one, other, member, f"{place}/{index}")
    elif first != second:
        yield _finding(member, place, first, second)


def _finding(member: str, place: str, first: Any, second: Any) -> Finding:
    return Finding(Level.ERROR, "differs", f"{_short(first)} became {_short(second)}", member, place)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
