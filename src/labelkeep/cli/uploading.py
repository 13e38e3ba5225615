"""Uploading an archive to be restored, piece by piece (tus), going on where a line broke."""

from __future__ import annotations

import json
import time
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import BinaryIO, Literal

from labelkeep.cli.doors import Answer, segment
from labelkeep.cli.downloading import PAUSE, TRIES, Progress
from labelkeep.cli.session import Session
from labelkeep.errors import BadInput, Unavailable

PIECE = 8 * 2**20


def kind_of(archive: Path) -> Literal["project", "task"]:
    """What an archive is of.

    Raises:
        BadInput: it is no archive of CVAT or Labelkeep.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = set(opened.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise BadInput(f"{archive} cannot be read as an archive: {error}") from error
    if "project.json" in names:
        return "project"
    if "task.json" in names:
        return "task"
    raise BadInput(f"{archive} is no backup of a project or task: it has neither project.json nor task.json")


def upload(session: Session, archive: Path) -> str:
    """Send an archive and start its restore; the id of its request.

    Raises:
        Unavailable: the line broke too often.
    """
    path = f"/api/{kind_of(archive)}s/backup"
    id = _begin(session, path, archive)
    with archive.open("rb") as source, session.screen.progress(f"uploading {archive.name}") as tell:
        _send_all(session, f"{path}/{segment(id)}", source, archive.stat().st_size, tell)
    finished = session.ask("POST", path, None, {"filename": id}, **{"Upload-Finish": "true"})
    return str(json.loads(finished.read())["rq_id"])


def _begin(session: Session, path: str, archive: Path) -> str:
    """Announce what will come; the id of the upload."""
    name = b64encode(archive.name.encode()).decode()
    told = {"Upload-Length": str(archive.stat().st_size), "Upload-Metadata": f"filename {name}"}
    answer = session.ask("POST", path, None, None, **told)
    answer.read()
    return answer.headers["upload-filename"]


def _send_all(session: Session, path: str, source: BinaryIO, length: int, tell: Progress) -> None:
    failures = offset = 0
    while offset < length:
        try:
            offset = _reached(session, path) if failures else _send(session, path, source, offset)
            failures = 0
        except Unavailable:
            failures += 1
            if failures >= TRIES:
                raise
            time.sleep(PAUSE * 2**failures)
        tell(offset / length, "", None)


def _send(session: Session, path: str, source: BinaryIO, offset: int) -> int:
    """One piece; how far the upload has come then."""
    source.seek(offset)
    piece = source.read(PIECE)
    told = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    answer = session.ask("PATCH", path, piece, None, **told)
    answer.read()
    return _offset(answer)


def _reached(session: Session, path: str) -> int:
    """How far an upload has come that was cut off."""
    return _offset(session.ask("HEAD", path))


def _offset(answer: Answer) -> int:
    """What an answer says; one without it was cut off among its headers."""
    if "upload-offset" not in answer.headers:
        raise Unavailable("the server stopped in the middle of its answer")
    return int(answer.headers["upload-offset"])
