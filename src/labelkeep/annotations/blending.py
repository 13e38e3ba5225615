"""What an earlier document brings back into a later one: objects that are not there any more, and which are too many.

Two objects are the same when all but their numbers is equal. Both documents are walked frame by frame, so memory holds
one frame of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import Any

import msgspec

from labelkeep.annotations.model import Attr, Kind, Object, Shape, Track
from labelkeep.annotations.replacement import body_of


@dataclass
class Tally:
    """Objects by kind: brought in, taken out, and there before."""

    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.added.total() or self.removed.total())

    def add(self, other: Tally) -> None:
        """Count what another counted too."""
        for name in ("added", "removed", "same"):
            getattr(self, name).update(getattr(other, name))


def blend(
    kind: Kind,
    standing: Iterable[Object],
    arriving: Iterable[Object],
    tally: Tally,
    *,
    replaces: Callable[[Object], bool] | None = None,
) -> Iterator[list[Object]]:
    """The objects that stand there afterwards, frame by frame; both come in order of frames.

    What arrives and is not there is added. Of what stands there and `replaces` says is replaced, only what arrives too
    stays; without `replaces` all stays.
    """
    both = merge(((item.frame, 0, item) for item in standing), ((item.frame, 1, item) for item in arriving), key=_place)
    for _, group in groupby(both, key=lambda entry: entry[0]):
        here: tuple[list[Object], list[Object]] = ([], [])
        for _, side, item in group:
            here[side].append(item)
        yield list(_on_frame(kind, *here, tally, replaces))


def _place(entry: tuple[int, int, Object]) -> tuple[int, int]:
    return entry[0], entry[1]


def _on_frame(
    kind: Kind,
    standing: list[Object],
    arriving: list[Object],
    tally: Tally,
    replaces: Callable[[Object], bool] | None,
) -> Iterator[Object]:
    coming = Counter(map(body_of, arriving))
    for item in standing:
        body = body_of(item)
        if coming[body]:
            coming[body] -= 1
            tally.same[kind] += 1
        elif replaces is not None and replaces(item):
            tally.removed[kind] += 1
            continue
        yield item
    for item in arriving:
        body = body_of(item)
        if coming[body]:
            coming[body] -= 1
            tally.added[kind] += 1
            yield item


def translated(item: Object, labels: Mapping[int, int], attributes: Mapping[int, int]) -> Object:
    """The object with the keys of another task. Values of attributes that have none there are left out."""
    changes: dict[str, Any] = {"label": labels[item.label], "attributes": _attributes(item.attributes, attributes)}
    if isinstance(item, Shape | Track):
        elements = [translated(element, labels, attributes) for element in item.elements if element.label in labels]
        changes["elements"] = elements
    if isinstance(item, Track):
        changes["shapes"] = [
            msgspec.structs.replace(shape, attributes=_attributes(shape.attributes, attributes))
            for shape in item.shapes
        ]
    return msgspec.structs.replace(item, **changes)


def _attributes(values: list[Attr], keys: Mapping[int, int]) -> list[Attr]:
    return [Attr(keys[value.key], value.value) for value in values if value.key in keys]
