"""The narrowing of a list: `filter=` (JSON Logic), `search=`, `sort=`, and `<field>=value` (cvat-protocol §1.4).

All four know a list's columns under their wire names; a `Columns` maps these to lookups of the ORM. Values are brought
to the type of the column first, so that a word where a number belongs is a 400 and not a database error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, CharField, F, Field, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from labelkeep.errors import BadInput

M = TypeVar("M", bound=Model)
MAX_DEPTH, MAX_TERMS, MAX_MEMBERS = 32, 500, 10_000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_COMPARISONS = {"==": "exact", "<": "lt", ">": "gt", "<=": "lte", ">=": "gte"}


class Columns:
    """The columns of a list: wire name → lookup, with the model that they are looked up in."""

    def __init__(self, model: type[Model], fields: Mapping[str, str]) -> None:
        self.model, self.fields = model, fields

    def lookup(self, name: Any) -> str:
        """The lookup of a term of a filter.

        Raises:
            BadInput: the list has no such term.
        """
        if not isinstance(name, str) or name not in self.fields:
            raise BadInput(f"filter: term {name!r} is not supported")
        return self.fields[name]

    def field(self, lookup: str) -> Field[Any, Any] | None:
        """The model's field at the end of a lookup; None for a key in JSON or an annotation."""
        model: type[Model] | None = self.model
        found: Any = None
        for step in lookup.split("__"):
            if model is None:
                return None
            try:
                found = model._meta.pk if step == "pk" else model._meta.get_field(step)
            except FieldDoesNotExist:
                return None
            model = found.related_model if found.is_relation else None
        return found if isinstance(found, Field) else None

    def value(self, lookup: str, value: Any) -> Any:
        """The value in the type of the column.

        Raises:
            ValueError: it is none of that type.
        """
        field = self.field(lookup)
        if field is None or value is None:
            return value
        if isinstance(field, BooleanField):
            return _boolean(value)
        if isinstance(value, (dict, list)) or (
            isinstance(value, bool) and not isinstance(field, (CharField, TextField))
        ):
            raise ValueError(value)
        try:
            found = field.to_python(value)
        except (ValidationError, TypeError, OverflowError) as error:
            raise ValueError(value) from error
        if isinstance(found, int) and abs(found) >= 2**63:
            raise ValueError(value)  # no database can compare with it
        if isinstance(found, datetime) and found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        return found


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in _BOOLEANS:
        raise ValueError(value)
    return _BOOLEANS[text]


# ---- sort, search, simple ------------------------------------------------------------------------------------------


def ordering(text: str, fields: Mapping[str, str], default: str) -> list[str]:
    """The order of a list: known names of `sort`, unknown ones ignored; the key last, so that pages never overlap.

    It runs the same way as the name before it, so that an index can be followed to the end.
    """
    wanted = []
    for name in (part.strip() for part in text.split(",")):
        sign, bare = ("-", name[1:]) if name.startswith("-") else ("", name)
        if bare in fields:
            wanted.append(sign + fields[bare])
    order = wanted or [default]
    if any(name.lstrip("-") in ("id", "pk") for name in order):
        return order
    return [*order, "-pk" if order[-1].startswith("-") else "pk"]


def searched(queryset: QuerySet[M], text: str, lookups: Sequence[str]) -> QuerySet[M]:
    """Rows that contain every term (parted by spaces or commas) in one of the columns, whatever the case."""
    for term in re.split(r"[\s,]+", text.replace("\0", ""))[:MAX_TERMS]:
        if term and lookups:
            queryset = queryset.filter(reduce(or_, (_holding(lookup, term) for lookup in lookups)))
    return queryset


def _holding(lookup: str, term: str) -> Q:
    """Whether a column contains a term, whatever the case: SQLite's LIKE knows the case of ASCII letters only."""
    return Q(**{f"{lookup}__icontains": term} if term.isascii() else {f"{lookup}__iregex": re.escape(term)})


def simply(queryset: QuerySet[M], query: Mapping[str, str], columns: Columns, names: Sequence[str]) -> QuerySet[M]:
    """Rows whose columns equal what the query says.

    Raises:
        BadInput: a value is not of its column's type.
    """
    for name in names:
        text = query.get(name, "")
        if text == "":
            continue
        lookup = columns.fields[name]
        try:
            queryset = queryset.filter(**{lookup: columns.value(lookup, text)})
        except ValueError as error:
            raise BadInput({name: [f"{text!r} is not a valid value."]}) from error
    return queryset


# ---- JSON Logic ----------------------------------------------------------------------------------------------------


def parse(text: str, columns: Columns) -> Q:
    """The condition that a `filter=` states.

    Raises:
        BadInput: not JSON, empty, or a term, operation or value that there is not; one sentence.
    """
    try:
        rules = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput([f"filter: can't parse filter expression: {error}"]) from error
    if not rules:
        raise BadInput(["filter shouldn't be empty"])
    try:
        return _Parser(columns).condition(rules, 0)
    except BadInput as error:
        raise BadInput([str(error)]) from error


class _Parser:
    def __init__(self, columns: Columns) -> None:
        self.columns, self.terms = columns, 0

    def condition(self, rules: Any, depth: int) -> Q:
        self.terms += 1
        if depth > MAX_DEPTH or self.terms > MAX_TERMS:
            raise BadInput("filter: the expression is too deep or too long")
        if not isinstance(rules, dict) or not rules:
            raise BadInput(f"filter: expected a non-empty dict value, got {_show(rules)} of type {_type(rules)!r}")
        if len(rules) != 1:
            raise BadInput(f"filter: expected a dict with one operation, got {_show(rules)}")
        ((operation, arguments),) = rules.items()
        found = self._OPERATIONS.get(operation)
        if found is None:
            raise _unsupported(operation, arguments)
        return found(self, operation, arguments, depth)

    def _joined(self, operation: str, arguments: Any, depth: int) -> Q:
        if not isinstance(arguments, list) or not arguments:
            raise BadInput(
                f"filter: operation {operation!r} requires a non-empty list argument, "
                f"got '{_show(arguments)}' of type {_type(arguments)!r}"
            )
        conditions = [self.condition(argument, depth + 1) for argument in arguments]
        return reduce(and_ if operation == "and" else or_, conditions)

    def _negated(self, operation: str, arguments: Any, depth: int) -> Q:
        if isinstance(arguments, list) and len(arguments) == 1:
            arguments = arguments[0]
        condition = self.condition(arguments, depth + 1)
        return ~condition if operation == "!" else condition

    def _truthy(self, operation: str, name: Any, depth: int) -> Q:
        if isinstance(name, list) and len(name) == 1:
            name = name[0]
        lookup = self.columns.lookup(name)
        field = self.columns.field(lookup)
        if isinstance(field, BooleanField):
            return Q(**{lookup: True})
        there = Q(**{f"{lookup}__isnull": False})
        return there & ~Q(**{lookup: ""}) if isinstance(field, (CharField, TextField)) else there

    def _compared(self, operation: str, arguments: Any, depth: int) -> Q:
        if isinstance(arguments, list) and len(arguments) == 3 and operation in ("<=", "<"):
            low, var, high = arguments
            lookup = self._var(var, operation, arguments)
            above, below = ("gte", "lte") if operation == "<=" else ("gt", "lt")
            lowest = self._value(lookup, low, operation, arguments)
            highest = self._value(lookup, high, operation, arguments)
            if lowest is None or highest is None:
                raise _unsupported(operation, arguments)
            return self._sure(lookup) & Q(**{f"{lookup}__{above}": lowest, f"{lookup}__{below}": highest})
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise _unsupported(operation, arguments)
        lookup = self._var(arguments[0], operation, arguments)
        value = self._value(lookup, arguments[1], operation, arguments)
        if value is None:
            if operation != "==":
                raise _unsupported(operation, arguments)
            return Q(**{f"{lookup}__isnull": True})
        return self._sure(lookup) & Q(**{f"{lookup}__{_COMPARISONS[operation]}": value})

    def _contained(self, operation: str, arguments: Any, depth: int) -> Q:
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise _unsupported(operation, arguments)
        first, second = arguments
        if isinstance(second, list):
            if len(second) > MAX_MEMBERS:
                raise BadInput("filter: the expression is too deep or too long")
            lookup = self._var(first, operation, arguments)
            values = [self._value(lookup, value, operation, arguments) for value in second]
            known = self._sure(lookup) & Q(**{f"{lookup}__in": [value for value in values if value is not None]})
            return known | Q(**{f"{lookup}__isnull": True}) if None in values else known
        lookup = self._var(second, operation, arguments)
        field = self.columns.field(lookup)
        is_text = field is None or isinstance(field, (CharField, TextField))
        if not is_text or not isinstance(first, str) or "\0" in first:
            raise _unsupported(operation, arguments)
        # `contains` is blind to case on SQLite; a position is not, on any database
        return _known(lookup) & Q(GreaterThan(StrIndex(F(lookup), Value(first)), 0))

    def _sure(self, lookup: str) -> Q:
        """What Django adds by itself where it sees the need: not for expressions, nor for joins deep in a condition."""
        field = self.columns.field(lookup)
        return Q() if field is not None and not field.null and "__" not in lookup else _known(lookup)

    def _var(self, term: Any, operation: str, arguments: Any) -> str:
        if not isinstance(term, dict) or list(term) != ["var"]:
            raise _unsupported(operation, arguments)
        return self.columns.lookup(term["var"])

    def _value(self, lookup: str, value: Any, operation: str, arguments: Any) -> Any:
        try:
            return self.columns.value(lookup, value)
        except ValueError as error:
            raise _unsupported(operation, arguments) from error

    _OPERATIONS: Mapping[str, Callable[[_Parser, str, Any, int], Q]] = {
        "and": _joined,
        "or": _joined,
        "!": _negated,
        "!!": _negated,
        "var": _truthy,
        **dict.fromkeys(_COMPARISONS, _compared),
        "in": _contained,
    }


def _known(lookup: str) -> Q:
    """That it is not null. The database answers "unknown" to what is asked of null, and to the negation too."""
    return Q(**{f"{lookup}__isnull": False})


def _unsupported(operation: str, arguments: Any) -> BadInput:
    return BadInput(f"filter: operation {operation!r} with arguments '{_show(arguments)}' is not supported")


def _show(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "…"


def _type(value: Any) -> str:
    return type(value).__name__
