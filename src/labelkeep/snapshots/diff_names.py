"""What the keys in documents mean to people: labels and attributes by name, on both sides of a comparison.   Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from labelkeep.annotations.diff import Translate
from labelkeep.annotations.model import Attr, Object, TrackedShape
from labelkeep.snapshots.codec import Subject
from labelkeep.snapshots.manifest import LabelRecord, ProjectManifest, TaskManifest

_UNKNOWN = 2**20  # keys from here on stand for what only the other side has


@dataclass(frozen=True)
class Names:
    """The names of a task's labels (a point's with its skeleton's, `person/nose`) and attributes, by key; and the keys
    whose objects are shown."""

    labels: Mapping[int, str]
    attributes: Mapping[int, str]
    shown: frozenset[int]

    def plain(self, item: Object) -> dict[str, Any]:
        """An object as a plain value, with names in place of keys; what is as usual is left out."""
        found: dict[str, Any] = self._named(msgspec.to_builtins(item))
        return found

    def label(self, item: Object) -> str:
        """The name of an object's label."""
        return self.labels.get(item.label, "")

    def _named(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(item) for item in value]
        if not isinstance(value, dict):
            return value
        found = {name: self._named(item) for name, item in value.items() if name != "attributes"}
        if "label" in value:
            found["label"] = self.labels.get(value["label"], "")
        if "attributes" in value:
            found["attributes"] = {self.attributes.get(key, str(key)): text for key, text in value["attributes"]}
        return found


def labels_of(subject: Subject, task: TaskManifest) -> list[LabelRecord]:
    """The labels that a task's objects have: its project's, or its own."""
    return subject.labels if isinstance(subject, ProjectManifest) else task.labels


def names_of(subject: Subject, task: TaskManifest) -> Names:
    """The names of one side."""
    keys, shown = task.label_keys, set()
    labels: dict[int, str] = {}
    attributes: dict[int, str] = {}
    for path, label, is_shown in paths(labels_of(subject, task)):
        if label.id in keys.labels:
            labels[keys.labels[label.id]] = path
            if is_shown:
                shown.add(keys.labels[label.id])
        attributes |= {keys.attributes[item.id]: item.name for item in label.attributes if item.id in keys.attributes}
    return Names(labels, attributes, frozenset(shown))


def paths(
    labels: Iterable[LabelRecord], prefix: str = "", shown: bool = True
) -> Iterator[tuple[str, LabelRecord, bool]]:
    """Every label and point: its name with its skeleton's, itself, and whether neither is deleted."""
    for label in labels:
        living = shown and not label.deleted_at
        yield f"{prefix}{label.name}", label, living
        yield from paths(label.sublabels, f"{prefix}{label.name}/", living)


def translated(a: Names, b: Names) -> tuple[Names, Translate | None]:
    """The names of `b` under the keys that `a` has for them, and how its objects are led there; None: as they are."""
    labels = _led(a.labels, b.labels)
    attributes = _led(a.attributes, b.attributes)
    if all(key == to for key, to in [*labels.items(), *attributes.items()]):
        return b, None
    names = Names(
        {labels[key]: name for key, name in b.labels.items()},
        {attributes[key]: name for key, name in b.attributes.items()},
        b.shown,  # looked at before objects are translated
    )
    return names, lambda _, item: _translate(item, labels, attributes)


def _led(one: Mapping[int, str], other: Mapping[int, str]) -> dict[int, int]:
    """Key of the other side → key of the first side; names that stand there twice are led in order."""
    waiting: dict[str, list[int]] = {}
    for key in sorted(one, reverse=True):
        waiting.setdefault(one[key], []).append(key)
    return {key: waiting[other[key]].pop() if waiting.get(other[key]) else _UNKNOWN + key for key in sorted(other)}


def _translate(item: Any, labels: Mapping[int, int], attributes: Mapping[int, int]) -> Any:
    values = [Attr(attributes.get(one.key, _UNKNOWN + one.key), one.value) for one in item.attributes]
    changed: dict[str, Any] = {"attributes": sorted(values, key=lambda value: value.key)}
    if not isinstance(item, TrackedShape):
        changed["label"] = labels.get(item.label, _UNKNOWN + item.label)
    for part in ("shapes", "elements"):
        if hasattr(item, part):
            changed[part] = [_translate(inner, labels, attributes) for inner in getattr(item, part)]
    return msgspec.structs.replace(item, **changed)
