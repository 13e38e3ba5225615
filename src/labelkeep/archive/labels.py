"""Labels of an archive as a table of document keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labelkeep.annotations.labels import AttributeDef, LabelDef, LabelTable
from labelkeep.archive.cvat import ArchiveLabel


def label_table(labels: Sequence[ArchiveLabel]) -> LabelTable:
    """The table for labels that have no keys yet: keys from 1, each label, then its attributes, then its sublabels."""
    return LabelTable(_numbered(labels))


def _numbered(labels: Sequence[ArchiveLabel]) -> Iterator[LabelDef]:
    key = 0
    for label in labels:
        parent = None
        for item in (label, *label.sublabels):
            key += 1
            own, attributes = key, []
            for attribute in item.attributes:
                key += 1
                attributes.append(
                    AttributeDef(
                        key=key,
                        name=attribute.name,
                        mutable=attribute.mutable,
                        input_type=attribute.input_type,
                        default_value=attribute.default_value,
                        values=tuple(attribute.values),
                    )
                )
            yield LabelDef(own, item.name, item.type, parent, tuple(attributes))
            parent = parent or own
