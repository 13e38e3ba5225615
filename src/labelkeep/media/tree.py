"""Paths of files that were sent one by one: what of a sender's path becomes part of a frame's name.

The stock client sends no directories, it sends files, each with its full local path as its name. CVAT keeps the base
name only, so `a/1.png` and `b/1.png` of one tree end up in one file. Here the tree stays: the directory that all files
share is cut off, the rest is kept. Files of one directory keep their base names, as in CVAT; a large file comes by
tus, with its base name alone, and lies at the root.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from labelkeep.errors import BadInput

LONGEST = 1024
_WINDOWS = re.compile(r"^[A-Za-z]:[\\/]|^[^/]*\\")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def normal(name: str) -> str:
    """A sender's path with `/` between its parts and without drive, `.` and empty parts."""
    if _WINDOWS.match(name):
        name = re.sub(r"^[A-Za-z]:", "", name).replace("\\", "/")
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def root_of(names: Iterable[str]) -> str:
    """The directory that all names with a directory share; empty where there is none."""
    shared: list[str] | None = None
    for name in names:
        folder = posixpath.dirname(normal(name))
        if not folder:
            continue
        parts = folder.split("/")
        shared = parts if shared is None else _common(shared, parts)
    return "/".join(shared or [])


def _common(one: list[str], other: list[str]) -> list[str]:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return one[:count]


def relative(name: str, root: str) -> str:
    """The path of a file below `root`.

    Raises:
        BadInput: the name cannot be kept.
    """
    path = normal(name)
    if root and path.startswith(root + "/"):
        path = path[len(root) + 1 :]
    return checked(path)


def checked(path: str) -> str:
    """A relative path that may stand in the store's documents and in archives.

    Raises:
        BadInput: it leads elsewhere, is too long, or holds what no path should.
    """
    parts = path.split("/")
    if (
        ".." in parts
        or "" in parts
        or "." in parts
        or len(path) > LONGEST
        or _CONTROL.search(path)
        or any("\ud800" <= char <= "\udfff" for char in path)
    ):
        raise BadInput(f"File name {path[:100]!a} is not allowed")
    return path
