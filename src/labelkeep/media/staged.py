"""Files that are ready to become data of a task, wherever they lie: in uploads, in an archive, in the share folder."""

from __future__ import annotations

import fnmatch
import functools
import io
import os
import stat
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from labelkeep.archive.contents import Contents
from labelkeep.archive.index import Index
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import Limits, problems_of_name
from labelkeep.errors import BadInput
from labelkeep.media import tree, uploads
from labelkeep.media.models import Upload, UploadChunk

SMALL = 4 * 2**20  # files up to this size are held in memory, one at a time
_BATCH = 500


@dataclass(frozen=True)
class Staged:
    """One file: its path in the task, its size, a way to open it (seekable; may be called more than once)."""

    path: str
    size: int
    open: Callable[[], BinaryIO]
    mtime: int = 0


def of_uploads(upload_ids: Sequence[str]) -> Iterator[Staged]:
    """Uploads, in the order of the ids, named as `tree` says.

    Raises:
        BadInput: an upload is gone or not whole.
    """
    root = tree.root_of(upload.filename for batch in _batches(upload_ids) for upload in batch)
    for batch in _batches(upload_ids):
        pieces: dict[str, list[UploadChunk]] = defaultdict(list)
        for piece in UploadChunk.objects.filter(upload__in=batch).order_by("start"):
            pieces[piece.upload_id].append(piece)
        for upload in batch:
            uploads.check_whole(upload)
            opener = functools.partial(uploads.open_pieces, pieces[upload.pk])
            yield Staged(tree.relative(upload.filename, root), upload.length, opener)


def _batches(upload_ids: Sequence[str]) -> Iterator[list[Upload]]:
    """The rows of the uploads in the order of their ids, some hundred at once."""
    for start in range(0, len(upload_ids), _BATCH):
        wanted = upload_ids[start : start + _BATCH]
        found = Upload.objects.in_bulk(wanted)
        if len(found) != len(set(wanted)):
            raise BadInput("No such file were uploaded")
        yield [found[pk] for pk in wanted]


def of_share(
    share: Path | None, names: Sequence[str], *, exclude: Sequence[str] = (), pattern: str | None = None
) -> Iterator[Staged]:
    """Files of the share folder: `names` are files or folders of it; a folder stands for everything in it.

    Raises:
        BadInput: there is no share, or no such file, or one outside of it.
    """
    if share is None:
        raise BadInput({"server_files": ["No share folder is configured on this server"]})
    root = share.resolve()
    seen: set[str] = set()
    for name in names:
        for path in _walk(root, name.strip("/")):
            if path in seen or _excluded(path, exclude) or (pattern and not _matches(path, pattern)):
                continue
            seen.add(path)
            facts = (root / path).stat()
            yield Staged(tree.checked(path), facts.st_size, file_opener(root / path), int(facts.st_mtime))


def _matches(path: str, pattern: str) -> bool:
    return path.endswith(".jsonl") or fnmatch.fnmatchcase(path, pattern)


def _excluded(path: str, exclude: Sequence[str]) -> bool:
    return any(path == name.strip("/") or path.startswith(name.strip("/") + "/") for name in exclude)


def file_opener(path: Path) -> Callable[[], BinaryIO]:
    """A function that opens the file, for those who take openers."""
    return lambda: path.open("rb")


def inside(root: Path, name: str) -> Path:
    """The file or folder `name` of `root`.

    Raises:
        BadInput: it is not there, or lies outside (links are followed first).
    """
    try:
        path = (root / name).resolve()
        there = path.is_relative_to(root) and path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise BadInput({"server_files": [f"{name} is not in the share folder"]})
    return path


def _walk(root: Path, name: str) -> Iterator[str]:
    path = inside(root, name)
    if not path.is_dir():
        yield name
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        for file in sorted(files):
            found = Path(folder, file)
            if found.resolve().is_relative_to(root) and stat.S_ISREG(found.stat().st_mode):
                yield found.relative_to(root).as_posix()


def of_archive(archive: Staged, spool: Path) -> Iterator[Staged]:
    """The files in a zip or tar, judged as hostile. Each is valid until the next is asked for.

    Raises:
        Refused: a zip holds what no zip should; carries all findings.
        BadInput: neither zip nor tar, or a tar that holds what it should not.
    """
    with archive.open() as file:
        if archive.path.lower().endswith(".zip"):
            yield from _of_zip(file, spool)
        else:
            yield from _of_tar(file, archive.path, spool)


def _of_zip(file: BinaryIO, spool: Path) -> Iterator[Staged]:
    index, report = Index(spool), Report()
    try:
        index.fill(file, Limits(), report)
        report.refuse()
        for member in index.members():
            if not member.name.endswith("/"):
                yield from _spooled(
                    member.name, member.size, member.mtime, cast(BinaryIO, Contents(file, member)), spool
                )
    finally:
        index.close()


def _of_tar(file: BinaryIO, path: str, spool: Path) -> Iterator[Staged]:
    limits, packed = Limits(), file.seek(0, io.SEEK_END)
    file.seek(0)
    total = 0
    try:
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for count, member in enumerate(archive):
                total += member.size
                if count >= limits.members or (total > limits.small * 64 and total > limits.ratio * packed):
                    raise BadInput(f"{path}: unpacks to far more than it should")
                if member.isdir():
                    continue
                name = member.name.removeprefix("./")
                problems = [message for _, message in problems_of_name(name, limits)]
                if not member.isreg():
                    problems.append("is not a regular file")
                if problems:
                    raise BadInput(f"{path}, {name!a}: {'; '.join(problems)}")
                content = cast(BinaryIO, archive.extractfile(member))
                yield from _spooled(name, member.size, int(member.mtime), content, spool)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadInput(f"{path} cannot be read as an archive: {error}") from error


def _spooled(name: str, size: int, mtime: int, content: BinaryIO, spool: Path) -> Iterator[Staged]:
    """A member made seekable: small ones in memory, others in a file of their own that goes with the next member."""
    path = tree.checked(name)
    if size <= SMALL:
        data = content.read()
        yield Staged(path, len(data), lambda: io.BytesIO(data), mtime)
        return
    with tempfile.NamedTemporaryFile(dir=spool, prefix="member-") as copy:
        while data := content.read(2**20):
            copy.write(data)
        copy.flush()
        yield Staged(path, size, file_opener(Path(copy.name)), mtime)
