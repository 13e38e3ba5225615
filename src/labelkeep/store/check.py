"""Check: read content back and hash it. What cannot be read or is not what it was becomes a finding with its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from labelkeep.errors import Damaged, Missing, StoreError
from labelkeep.findings import Finding, Level

if TYPE_CHECKING:
    from labelkeep.store.store import Store


def check(store: Store, names: Iterable[str]) -> Iterator[Finding]:
    """Verify content by name; findings as they are found, none where all is well."""
    for name in names:
        try:
            for _ in store.stream_blob(name):
                pass
        except StoreError as error:
            yield _finding(name, error)


def check_manifests(store: Store, group: str | None = None) -> Iterator[Finding]:
    """Verify that manifests can be read; what they name is the business of those who understand them."""
    for key in store.list_manifests(group):
        try:
            store.get_manifest(key)
        except StoreError as error:
            yield _finding(key, error)


def _finding(member: str, error: StoreError) -> Finding:
    code = error.code if isinstance(error, Missing | Damaged) else "unreadable"
    return Finding(Level.ERROR, code, str(error), member)
