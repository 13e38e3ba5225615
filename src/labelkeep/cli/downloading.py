"""Downloading a file so that it is whole or not there: into a part beside it first, which a later try goes on with."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from labelkeep.cli.session import Session
from labelkeep.errors import StoreError, Unavailable

TRIES = 5  # in a row without a byte more
PAUSE = 0.5  # seconds before the second try; doubled each time

Progress = Callable[[float, str, float | None], None]


def name_of(session: Session, path: str) -> str:
    """What the file is called, as who offers it says."""
    told = session.ask("HEAD", path).headers.get("content-disposition", "")
    _, _, quoted = told.partition('filename="')
    return Path(quoted.partition('"')[0]).name or "archive.zip"


def download(session: Session, path: str, target: Path) -> int:
    """Download what lies at a path of the API and return its size. An existing file is replaced.

    Raises:
        Unavailable: the line broke too often; the next try goes on from there. StoreError: no room, or a short file.
    """
    head = session.ask("HEAD", path).headers
    size, etag = int(head["content-length"]), head["etag"]
    part = target.with_name(f".{target.name}.{hashlib.sha256(etag.encode()).hexdigest()[:12]}.part")
    try:
        with part.open("ab") as out, session.screen.progress(f"downloading {target.name}") as tell:
            _fill(session, path, out, size, etag, tell)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error}") from error
    return size


def _fill(session: Session, path: str, out: BinaryIO, size: int, etag: str, tell: Progress) -> None:
    failures = 0
    while (have := out.tell()) < size:
        try:
            _take(session, path, out, size, etag, tell)
        except Unavailable:
            failures = 0 if out.tell() > have else failures + 1
            if failures >= TRIES:
                raise
            time.sleep(PAUSE * 2**failures)
    if have > size:
        raise StoreError(f"the part has {have} bytes of {size}: remove {out.name} and try again")


def _take(session: Session, path: str, out: BinaryIO, size: int, etag: str, tell: Progress) -> None:
    """What is missing, until the end or until the line breaks."""
    have = out.tell()
    wanted = {"Range": f"bytes={have}-", "If-Range": etag} if have else {}
    answer = session.ask("GET", path, None, None, **wanted)
    if have and answer.status != 206:  # it has changed: from the beginning
        out.truncate(0)
    for piece in answer.pieces:
        out.write(piece)
        tell(out.tell() / size, "", None)
    out.flush()
