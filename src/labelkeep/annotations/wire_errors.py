"""What is wrong with an object that does not decode, in the words and the nested form of REST framework."""

from __future__ import annotations

import re
from typing import Any

from labelkeep.annotations.validate import nested

NUMBER = "Value must be a float or an integer"


def bad_points(item: dict[str, Any]) -> dict[str, Any] | None:
    """The first coordinates in an object that are no numbers, as nested field errors."""
    points = item.get("points")
    if isinstance(points, list) and not all(type(value) in (int, float) for value in points):
        return {"points": [NUMBER]}
    for name in ("shapes", "elements"):
        inner = item.get(name)
        for position, part in enumerate(inner if isinstance(inner, list) else []):
            if isinstance(part, dict) and (problem := bad_points(part)):
                return {name: [*({} for _ in range(position)), problem]}
    return None


_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_SENTENCES = (
    ("got `null`", "This field may not be null."),
    ("Expected `array", "Expected a list of items."),
    ("Expected `object", "Invalid data. Expected a dictionary."),
    ("Invalid enum value", "Not a valid choice."),
    ("Expected `bool`", "Must be a valid boolean."),
    ("Expected `float`", "A valid number is required."),
    ("Expected `int", "A valid integer is required."),
    ("Expected `str", "Not a valid string."),
)


def told(message: str) -> dict[str, Any]:
    """A message of msgspec as nested field errors."""
    found = _PLACE.search(message)
    steps = [step for step in re.split(r"[.\[\]]+", found[1]) if step] if found else []
    missing = _MISSING.search(message)
    if missing:
        steps, message = [*steps, missing[1]], "This field is required."
    elif steps and steps[-1].isdigit():
        steps.pop()
    sentence = next((text for sign, text in _SENTENCES if sign in message), message)
    return nested([("/".join(steps) or "non_field_errors", sentence)])
