"""Rows that all tests of a module share: written once, in a transaction around those of the tests, then rolled back.

@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    with kept(django_db_blocker):
        yield Site(...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def kept(blocker: Any) -> Iterator[None]:
    """Within the block the database may be written to; what a test changes is undone after it, the rest at the end."""
    with blocker.unblock():
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]  # durable blocks of the code may stand in it
        with around:
            yield
            transaction.set_rollback(True)
