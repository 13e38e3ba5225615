"""Manifests to bytes and back. Canonical: the same content is the same bytes, so an unchanged task is one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from labelkeep.errors import BadInput, Damaged
from labelkeep.snapshots.manifest import FORMAT, ProjectManifest, Root, TaskManifest

Get = Callable[[str], bytes]
Subject = ProjectManifest | TaskManifest
T = TypeVar("T", ProjectManifest, TaskManifest, Root)


def encode(value: Root | Subject) -> bytes:
    """The bytes that a manifest is named by."""
    return msgspec.json.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """Read a manifest.

    Raises:
        BadInput: a newer server wrote it; the message says which format is needed.
        Damaged: it is not a manifest of that kind.
    """
    try:
        stamp = msgspec.json.decode(data, type=_Stamp)
        if stamp.format > FORMAT:
            message = f"this backup has format {stamp.format}; this server reads up to format {FORMAT}: update it first"
            raise BadInput(message)
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise Damaged(f"a manifest cannot be read: {error}") from error


class _Stamp(msgspec.Struct):
    kind: str
    format: int


def read_subject(name: str, get: Get) -> Subject:
    """The manifest of a project or task, whichever `name` is. Raises as `decode`."""
    data = get(name)
    is_project = data.startswith(b'{"kind":"project"')
    return decode(data, ProjectManifest) if is_project else decode(data, TaskManifest)


def read_tasks(subject: Subject, get: Get) -> Iterator[TaskManifest]:
    """The task manifests of a subject, one in memory at a time; a task is its own."""
    if isinstance(subject, TaskManifest):
        yield subject
    else:
        for name in subject.tasks:
            yield decode(get(name), TaskManifest)
