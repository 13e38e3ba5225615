"""Archives in which something was changed at random. Structure is kept, so that changes get behind the parsers."""

from __future__ import annotations

import json
import random
from typing import Any

ODD: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1.5,
    1e308,
    "",
    "x" * 5000,
    "../x",
    "\x00",
    [],
    {},
    [[]],
    {"a": 1},
    "2026-01-01",
]


def change(value: Any, chance: random.Random) -> Any:
    """The value with one thing in it replaced, removed, doubled or moved."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        return _changed_dict(value, key, chance)
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        act = chance.random()
        if act < 0.1:
            return value[:place] + value[place + 1 :]
        if act < 0.2:
            return [*value, value[place]]
        return [*value[:place], change(value[place], chance), *value[place + 1 :]]
    return chance.choice(ODD)


def _changed_dict(value: dict[str, Any], key: str, chance: random.Random) -> dict[str, Any]:
    act = chance.random()
    if act < 0.1:
        return {name: item for name, item in value.items() if name != key}
    if act < 0.15:
        return {**value, "unknown": value[key]}
    return {**value, key: change(value[key], chance)}


def mutated(files: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    """The files with one or two of them changed."""
    files = dict(files)
    for _ in range(chance.randint(1, 2)):
        name = chance.choice(list(files))
        if name.endswith(".json"):
            files[name] = json.dumps(change(json.loads(files[name]), chance)).encode()
        elif chance.random() < 0.3:
            del files[name]
        elif files[name]:
            place = chance.randrange(len(files[name]))
            files[name] = files[name][:place] + chance.randbytes(chance.randint(0, 9)) + files[name][place + 3 :]
    return files
