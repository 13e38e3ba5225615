"""Labels and attributes as annotation documents see them: by key, a small integer of the task's key map (design §1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

SKELETON = "skeleton"
ANY = "any"


@dataclass(frozen=True, slots=True)
class AttributeDef:
    """An attribute of a label."""

    key: int
    name: str
    mutable: bool = False
    input_type: str = "text"
    default_value: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelDef:
    """A label, or with a `parent` key the point of a skeleton. A deleted one is a tombstone: its objects are hidden."""

    key: int
    name: str
    type: str = ANY
    parent: int | None = None
    attributes: tuple[AttributeDef, ...] = ()
    deleted: bool = False
    _by_key: dict[int, AttributeDef] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, AttributeDef] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {item.key: item for item in self.attributes})
        object.__setattr__(self, "_by_name", {item.name: item for item in self.attributes})

    def attribute(self, key: int) -> AttributeDef | None:
        """The attribute with this key, if the label has it."""
        return self._by_key.get(key)

    def attribute_by_name(self, name: str) -> AttributeDef | None:
        """The attribute with this name, if the label has it."""
        return self._by_name.get(name)


class LabelTable:
    """All labels of a task, tombstones included, found by key or by name."""

    def __init__(self, labels: Iterable[LabelDef]) -> None:
        self._by_key = {label.key: label for label in labels}
        self._by_name = {(label.parent, label.name): label for label in self._by_key.values() if not label.deleted}
        self._points: dict[int, list[LabelDef]] = {}
        for label in self._by_key.values():
            if label.parent is not None:
                self._points.setdefault(label.parent, []).append(label)

    def __iter__(self) -> Iterator[LabelDef]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def label(self, key: int) -> LabelDef | None:
        """The label with this key, a deleted one too."""
        return self._by_key.get(key)

    def by_name(self, name: str, parent_key: int | None = None) -> LabelDef | None:
        """The living label of this name; with `parent_key` the point of that skeleton."""
        return self._by_name.get((parent_key, name))

    def points(self, key: int) -> list[LabelDef]:
        """The points of the skeleton with this key."""
        return self._points.get(key, [])

    @cached_property
    def shown(self) -> frozenset[int]:
        """Keys whose objects are shown: those of labels that are not deleted, nor points of a deleted skeleton."""
        living = {label.key for label in self if not label.deleted}
        return frozenset(label.key for label in self if label.key in living and label.parent in living | {None})
