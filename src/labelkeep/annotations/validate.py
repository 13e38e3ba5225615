"""What an object may be: point counts, ranges, elements (cvat-protocol §8.7). Findings are (place, message) pairs.

A place is a path inside the object, `points` or `elements/0/points`; `nested` turns pairs into the wire's nested form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from labelkeep.annotations.model import Attr, Object, Shape, Track, TrackedShape

VALUE_LIMIT = 4096  # characters of an attribute's value
_MAX_INTEGER = 2**31 - 1

Finding = tuple[str, str]


def check_object(item: Object, place: str = "") -> list[Finding]:
    """Everything that is wrong with one object; empty if it may be kept. Labels are not looked at."""
    if type(item) is Shape and _is_plainly_right(item):
        return []
    return list(_common(item, place)) + list(_special(item, place))


def _is_plainly_right(item: Shape) -> bool:
    """The common case at a glance; False only means that it must be looked at closely."""
    return (
        not item.elements
        and not item.attributes
        and item.type != "skeleton"
        and points_fit(item.type, len(item.points))
        and 0 <= item.frame <= _MAX_INTEGER
        and 0 <= (item.group or 0) <= _MAX_INTEGER
        and 0 <= item.rotation <= 360
        and 0 <= item.score <= 1
        and -_MAX_INTEGER <= item.z_order <= _MAX_INTEGER
    )


def _special(item: Object, place: str) -> Iterator[Finding]:
    if isinstance(item, Shape):
        yield from _shape(item, place)
    elif isinstance(item, Track):
        yield from _track(item, place)


def points_fit(kind: str, count: int) -> bool:
    """Whether `count` coordinates make a shape of this type."""
    match kind:
        case "rectangle" | "ellipse":
            return count == 4
        case "polygon":
            return count >= 6 and count % 2 == 0
        case "polyline":
            return count >= 4 and count % 2 == 0
        case "points":
            return count >= 2 and count % 2 == 0
        case "cuboid":
            return count == 16
        case "mask":
            return count >= 5
        case _:
            return count == 0


def nested(findings: Iterable[Finding]) -> dict[str, Any]:
    """`[("elements/1/points", "m")]` → `{"elements": [{}, {"points": ["m"]}]}`."""
    result: dict[str, Any] = {}
    for place, message in findings:
        *path, last = place.split("/")
        node = result
        for name, position in zip(path[::2], path[1::2], strict=True):
            items = node.setdefault(name, [])
            items.extend({} for _ in range(int(position) + 1 - len(items)))
            node = items[int(position)]
        node.setdefault(last, []).append(message)
    return result


def _common(item: Object | TrackedShape, place: str) -> Iterator[Finding]:
    if not 0 <= item.frame <= _MAX_INTEGER:
        yield f"{place}frame", "Ensure this value is greater than or equal to 0."
    group = getattr(item, "group", 0) or 0
    if not 0 <= group <= _MAX_INTEGER:
        yield f"{place}group", "Ensure this value is greater than or equal to 0."
    if item.attributes:
        yield from _attributes(item.attributes, place)


def _attributes(attributes: list[Attr], place: str) -> Iterator[Finding]:
    for position, attribute in enumerate(attributes):
        if len(attribute.value) > VALUE_LIMIT:
            message = f"Ensure this field has no more than {VALUE_LIMIT} characters."
            yield f"{place}attributes/{position}/value", message


def _geometry(item: Shape | TrackedShape, place: str) -> Iterator[Finding]:
    if not points_fit(item.type, len(item.points)):
        yield f"{place}points", f"invalid length for shape type '{item.type}'"
    if not 0 <= item.rotation <= 360:
        yield f"{place}rotation", "Ensure this value is between 0 and 360."
    if not -_MAX_INTEGER <= item.z_order <= _MAX_INTEGER:
        yield f"{place}z_order", "A valid integer is required."


def _shape(item: Shape, place: str, *, element: bool = False) -> Iterator[Finding]:
    yield from _geometry(item, place)
    if not 0 <= item.score <= 1:
        yield f"{place}score", "Ensure this value is between 0 and 1."
    if item.type == "skeleton":
        if element:
            yield f"{place}type", "a skeleton cannot be an element"
        elif not item.elements:
            yield f"{place}elements", "at least one required for skeleton shape"
    elif item.elements:
        yield f"{place}elements", "not allowed for non-skeleton shape"
    for position, part in enumerate(item.elements):
        inner = f"{place}elements/{position}/"
        yield from _common(part, inner)
        yield from _shape(part, inner, element=True)


def _track(item: Track, place: str, *, element: bool = False) -> Iterator[Finding]:
    for position, shape in enumerate(item.shapes):
        inner = f"{place}shapes/{position}/"
        yield from _common(shape, inner)
        yield from _geometry(shape, inner)
    if element and item.elements:
        yield f"{place}elements", "not allowed for non-skeleton shape"
    for position, part in enumerate(item.elements):
        inner = f"{place}elements/{position}/"
        yield from _common(part, inner)
        yield from _track(part, inner, element=True)
