"""The cyclic garbage collector, asked to look less often while many small objects are made and dropped.

Decoding a part makes tens of thousands of objects at once, none of them in a cycle. With Python's usual thresholds the
collector walks over them dozens of times, which costs more than the decoding. Higher ones keep memory bounded all the
same. They count for the whole process, so this is for workers, which do one thing at a time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (200_000, 20, 100)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Higher thresholds within the block; those from before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
