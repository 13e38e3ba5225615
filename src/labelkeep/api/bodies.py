"""Reading what a request carries: JSON text, decoded into the type that a view expects, with CVAT's field errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, Any, TypeVar

import msgspec
import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from labelkeep.errors import BadInput, TooLarge

T = TypeVar("T")
LIMIT = 16 * 2**20  # annotations and archives never come through here: they are read as streams


class JSONParser(BaseParser):
    """`application/json`. An empty body is no data: clients send the content type with nothing after it."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value.

        Raises:
            ParseError: not JSON.
            TooLarge: longer than any request that is not streamed.
        """
        body = stream.read(LIMIT + 1)
        if len(body) > LIMIT:
            raise TooLarge(f"The request's body is larger than {LIMIT} bytes.")
        if not body.strip():
            return {}
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from error


class VndParser(JSONParser):
    """The same under CVAT's name."""

    media_type = "application/vnd.cvat+json"


def decode(data: Any, wanted: type[T]) -> T:
    """A parsed body as `wanted` (a msgspec struct). Unknown keys are ignored; numbers may come as text.

    Raises:
        BadInput: `{field: [sentence]}` in the words of REST framework, nested as the body is.
    """
    if not isinstance(data, Mapping):
        kind = {list: "list", str: "str", int: "int"}.get(type(data), type(data).__name__)
        raise BadInput({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    try:
        return msgspec.convert(data, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(_nested(str(error))) from error


_PLACE = re.compile(r" - at `([^`]*)`$")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"Expected .*, got `null`", "This field may not be null."),
        (r"Expected `str` of length >= 1$", "This field may not be blank."),
        (r"Expected `str` of length >= (\d+)", r"Ensure this field has at least \1 characters."),
        (r"Expected `str` of length <= (\d+)", r"Ensure this field has no more than \1 characters."),
        (r"Expected `int` >= (-?\d+)", r"Ensure this value is greater than or equal to \1."),
        (r"Expected `int` <= (-?\d+)", r"Ensure this value is less than or equal to \1."),
        (r"Expected `str(?: \| null)?`, got", "Not a valid string."),
        (r"Expected `int(?: \| null)?`, got|Invalid integer", "A valid integer is required."),
        (r"Expected `float(?: \| null)?`, got", "A valid number is required."),
        (r"Expected `bool(?: \| null)?`, got", "Must be a valid boolean."),
        (r"Expected `array(?: \| null)?`, got `(\w+)`", r'Expected a list of items but got type "\1".'),
        (r"Expected `object(?: \| null)?`, got `(\w+)`", r"Invalid data. Expected a dictionary, but got \1."),
        (r"Invalid enum value (.+)", r"\1 is not a valid choice."),
        (r"Invalid (?:RFC3339 encoded )?datetime", "Datetime has wrong format."),
        (r"matching regex", "Enter a valid value."),
    )
)


def _nested(message: str) -> dict[str, Any]:
    found = _PLACE.search(message)
    place = found.group(1) if found else "$"
    message = _PLACE.sub("", message)
    steps = [step for step in re.split(r"[.\[\]]+", place)[1:] if step]
    missing = _MISSING.match(message)
    if missing:
        steps.append(missing.group(1))
        message = "This field is required."
    for pattern, sentence in _SENTENCES:
        match = pattern.search(message)
        if match:
            message = match.expand(sentence).replace("'", '"')
            break
    *outer, last = [step for step in steps if step != "..."] or ["non_field_errors"]
    nested: dict[str, Any] = {last: [message]}
    for step in reversed(outer):
        nested = {step: nested}
    return nested
