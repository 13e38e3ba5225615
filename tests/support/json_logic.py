"""JSON Logic worked out in plain Python on plain values: what the filters of lists must agree with.

holds({"==": [{"var": "name"}, "cats"]}, {"name": "cats"})        # True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import ge, gt, le, lt
from random import Random
from typing import Any

Rule = dict[str, Any]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}


def holds(rule: Rule, row: Mapping[str, Any]) -> bool:
    """Whether a row passes. Nothing is greater or less than null, and null contains nothing."""
    ((operation, arguments),) = rule.items()
    if operation in ("and", "or"):
        return (all if operation == "and" else any)(holds(argument, row) for argument in arguments)
    if operation in ("!", "!!"):
        return holds(arguments, row) is (operation == "!!")
    if operation == "var":
        return row[arguments] not in (None, "") and row[arguments] is not False
    if operation == "in":
        return _contained(arguments, row)
    if operation == "==":
        return bool(row[arguments[0]["var"]] == arguments[1])
    terms = [row[it["var"]] if isinstance(it, dict) else it for it in arguments]
    known = all(term is not None for term in terms)
    return known and all(_ORDERS[operation](*pair) for pair in pairwise(terms))


def _contained(arguments: Sequence[Any], row: Mapping[str, Any]) -> bool:
    first, second = arguments
    if isinstance(second, list):
        return row[first["var"]] in second
    return row[second["var"]] is not None and first in row[second["var"]]


def rules_about(name: str, values: Sequence[Any]) -> list[Rule]:
    """Every operator in every form about one term; `values` are the constants, all of one type, None among them."""
    var, known = {"var": name}, [value for value in values if value is not None]
    rules: list[Rule] = [var, {"!": var}, {"!!": var}, {"in": [var, list(values)]}, {"in": [var, []]}]
    rules += [{"==": [var, value]} for value in values]
    if known and not isinstance(known[0], bool):
        low, high = min(known), max(known)
        rules += [{operation: [var, value]} for operation in _ORDERS for value in (low, high)]
        rules += [{operation: [low, var, high]} for operation in ("<=", "<")]
    if known and isinstance(known[0], str) and not name.endswith("_date"):
        part = known[0][1:3]
        rules += [{"in": [part, var]}, {"in": [part.upper(), var]}, {"in": ["%", var]}, {"in": ["_", var]}]
    return [*rules, *({"!": rule} for rule in rules[3::2])]


def mixed(rules: Sequence[Rule], chance: Random, depth: int = 3) -> Rule:
    """A random expression over these."""
    kind = chance.choice(("and", "or", "!", "leaf")) if depth else "leaf"
    if kind == "leaf":
        return chance.choice(rules)
    if kind == "!":
        return {"!": mixed(rules, chance, depth - 1)}
    return {kind: [mixed(rules, chance, depth - 1) for _ in range(chance.randint(1, 3))]}
