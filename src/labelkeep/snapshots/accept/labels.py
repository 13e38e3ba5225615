"""Labels of an archive as records of a manifest.   Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from labelkeep.archive.cvat import ArchiveLabel
from labelkeep.projects import colors
from labelkeep.snapshots.manifest import AttributeRecord, LabelKeys, LabelRecord


def records(labels: Iterable[ArchiveLabel]) -> list[LabelRecord]:
    """Records with ids that stand for nothing but their order in the archive."""
    return _records(list(labels), count(1), count(1))


def _records(labels: list[ArchiveLabel], ids: Iterator[int], attribute_ids: Iterator[int]) -> list[LabelRecord]:
    taken = {label.color for label in labels if colors.is_color(label.color)}
    found = []
    for label in labels:
        color = label.color if colors.is_color(label.color) else colors.color_for(label.name, taken)
        taken.add(color)
        found.append(_record(label, color, ids, attribute_ids))
    return found


def _record(label: ArchiveLabel, color: str, ids: Iterator[int], attribute_ids: Iterator[int]) -> LabelRecord:
    return LabelRecord(
        id=next(ids),
        name=label.name,
        color=color,
        type=label.type,
        svg=label.svg,
        attributes=[
            AttributeRecord(
                id=next(attribute_ids),
                name=item.name,
                mutable=item.mutable,
                input_type=item.input_type,
                default_value=item.default_value,
                values=item.values,
            )
            for item in label.attributes
        ],
        sublabels=_records(label.sublabels, ids, attribute_ids),
    )


def flat(labels: Iterable[LabelRecord]) -> Iterator[LabelRecord]:
    """Every label and sublabel."""
    for label in labels:
        yield label
        yield from flat(label.sublabels)


def complete(keys: LabelKeys, labels: Iterable[LabelRecord]) -> LabelKeys:
    """The key map with a fresh key for every label and attribute that has none."""
    found = LabelKeys(labels=dict(keys.labels), attributes=dict(keys.attributes), next=keys.next)
    for label in flat(labels):
        if label.id not in found.labels:
            found.labels[label.id] = found.next
            found.next += 1
        for attribute in label.attributes:
            if attribute.id not in found.attributes:
                found.attributes[attribute.id] = found.next
                found.next += 1
    return found
