"""The annotation document of a job, in one place for those who use it: index and parts, building, editing.

parts.py says what the bytes are, trie.py how parts are cut, builder.py makes a document, edits.py changes one.
"""

from __future__ import annotations

from labelkeep.annotations.builder import Builder
from labelkeep.annotations.edits import Edit, edit
from labelkeep.annotations.parts import (
    EMPTY,
    Get,
    Index,
    Part,
    Put,
    Written,
    iterate,
    read_index,
    read_numbered,
    read_part,
    read_records,
    write_index,
)

__all__ = [
    "EMPTY",
    "Builder",
    "Edit",
    "Get",
    "Index",
    "Part",
    "Put",
    "Written",
    "edit",
    "iterate",
    "read_index",
    "read_numbered",
    "read_part",
    "read_records",
    "write_index",
]
