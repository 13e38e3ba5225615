"""Related (context) images: which images belong to which frame, by where they lie (spec/cvat-backup-format.md §9).

2D: `<dir>/related_images/<image name with '.' → '_'>/*`. 3D: the same beside the clouds' directory, images of the
cloud's name beside it or in a directory of that name, and KITTI's `image_0x/data/<name>` beside `velodyne_points/data`.
"""

from __future__ import annotations

import posixpath
import re
import sqlite3
from typing import NamedTuple

FOLDER = "related_images"
_RELATED = (
    "INSERT OR IGNORE INTO relation SELECT ?, path FROM file WHERE kind = 'image' AND role <> 'frame' AND dir = ?"
)
_KITTI = re.compile(r"^(?P<root>.*/)?velodyne_points/data$")
_KITTI_IMAGES = re.compile(r"^(?P<root>.*/)?image_\d+/data$", re.IGNORECASE)


class Candidates(NamedTuple):
    """Where to look for one frame's images: everything in `folders`, and files called `stem` in `beside`."""

    folders: tuple[str, ...]
    beside: tuple[str, ...]
    stem: str


def is_related(path: str) -> bool:
    """Whether an image of a 2D task lies where only context images lie, so that it is never a frame."""
    return FOLDER in path.split("/")[:-1]


def stem_of(path: str) -> str:
    """The file name without its last extension."""
    return posixpath.splitext(posixpath.basename(path))[0]


def candidates_2d(path: str) -> Candidates:
    """Where the context images of the image at `path` may lie."""
    folder, name = posixpath.split(path)
    return Candidates(_underscored(folder, name), (), "")


def candidates_3d(path: str, kitti_folders: tuple[str, ...] = ()) -> Candidates:
    """Where the context images of the cloud at `path` may lie; `kitti_folders`: those for which `is_kitti_images`."""
    folder, name = posixpath.split(path)
    stem = stem_of(path)
    folders = (
        *_underscored(posixpath.dirname(folder), name),
        *_underscored(folder, name),
        posixpath.join(folder, stem),
    )
    beside = [folder]
    if match := _KITTI.match(folder):
        root = match["root"] or ""
        beside += [other for other in kitti_folders if other.startswith(root) and other.count("/") == folder.count("/")]
    return Candidates(tuple(dict.fromkeys(folders)), tuple(beside), stem)


def is_kitti_images(folder: str) -> bool:
    """Whether a folder is one of KITTI's camera folders."""
    return _KITTI_IMAGES.match(folder) is not None


def _underscored(folder: str, name: str) -> tuple[str, ...]:
    """`name`'s folder of context images; CVAT replaced the last dot only, its documents say all dots: both are read."""
    stem, dot, extension = name.rpartition(".")
    last_only = f"{stem}_{extension}" if dot else name
    return tuple(dict.fromkeys(posixpath.join(folder, FOLDER, each) for each in (last_only, name.replace(".", "_"))))


def relate(database: sqlite3.Connection, *, clouds: bool) -> None:
    """Find related images by where they lie, for frames whose relations the manifest did not state.

    `database` is the spool of `assemble`: files in, relations and the role `related` out.
    """
    if database.execute("SELECT 1 FROM file WHERE kind = 'image' AND role <> 'frame' LIMIT 1").fetchone() is None:
        database.execute("DELETE FROM relation")
        return
    database.execute("CREATE INDEX file_dir ON file (dir)")
    folders = (
        [row[0] for row in database.execute("SELECT DISTINCT dir FROM file WHERE kind = 'image'")] if clouds else []
    )
    kitti = tuple(folder for folder in folders if is_kitti_images(folder))
    database.execute("BEGIN")
    frames = database.execute("SELECT path FROM file WHERE role = 'frame' AND path NOT IN (SELECT frame FROM relation)")
    for (path,) in frames:
        where = candidates_3d(path, kitti) if clouds else candidates_2d(path)
        database.executemany(_RELATED, [(path, folder) for folder in where.folders])
        database.executemany(_RELATED + " AND stem = ?", [(path, folder, where.stem) for folder in where.beside])
    database.execute("COMMIT")
    database.execute("UPDATE file SET role = 'related' WHERE role = 'other' AND path IN (SELECT path FROM relation)")
