"""The rules that turn raw files into frames: one set for a new task and for an archive that is restored.

Files come in any number and any order, so they are spooled to a private SQLite database on disk (which sorts there)
and come out again as streams: memory does not grow with them (invariant 7). Pure: no store, no Django.

    with assemble(sources, Settings(sorting="natural"), read_manifest=...) as assembly:
        sources_document = documents.write("sources", assembly.sources(), put)
        frames_document = documents.write("frames", assembly.frames(), put)
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal

import msgspec

from labelkeep.errors import BadInput
from labelkeep.findings import Finding, Level
from labelkeep.media import manifest_file
from labelkeep.media.documents import Frame, Source
from labelkeep.media.kinds import kind_of
from labelkeep.media.related import is_related, relate, stem_of
from labelkeep.media.selection import order_of_jobs, select
from labelkeep.media.sorting import sort_key

__all__ = ["Assembly", "Settings", "assemble", "order_of_jobs", "select"]

ReadManifest = Callable[[Source], Iterable[manifest_file.Entry]]
MediaType = Literal["image", "video", "point_cloud"]

_SCHEMA = """
CREATE TABLE file (path TEXT PRIMARY KEY, name TEXT, dir TEXT, stem TEXT, kind TEXT, role TEXT, key BLOB, data BLOB);
CREATE TABLE position (number INTEGER PRIMARY KEY, path TEXT);
CREATE TABLE relation (frame TEXT, path TEXT, PRIMARY KEY (frame, path)) WITHOUT ROWID;
"""
_BATCH = 1000


@dataclass(frozen=True)
class Settings:
    """How files become frames. Numbers count frames of the source; `stop` is inclusive, None is the last.

    `order` is the exact list of frames, where there is one: jobs given file by file, honeypots (a path may come twice).
    `file_order` is `upload_file_order`. An archive's own manifest.jsonl tells the order in which its frames were.
    """

    sorting: str = "lexicographical"
    start: int = 0
    stop: int | None = None
    step: int = 1
    order: Sequence[str] | None = None
    file_order: Sequence[str] | None = None
    seed: int = 0
    from_archive: bool = False


@dataclass
class Assembly:
    """Files put in order. `size`, `start`, `stop` and `step` are of the task (of a video: unknown, see video.py).

    `findings` hold what is wrong without being fatal to say; an error among them means: these are not all the frames.
    Use as a context manager: it removes the spool.
    """

    settings: Settings
    media_type: MediaType = "image"
    count: int = 0
    size: int = 0
    start: int = 0
    stop: int = 0
    step: int = 1
    video: Source | None = None
    findings: list[Finding] = field(default_factory=list)
    _database: sqlite3.Connection = field(default_factory=lambda: _spool())

    def __enter__(self) -> Assembly:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the spool."""
        self._database.close()

    @property
    def dimension(self) -> str:
        """`2d` or `3d`."""
        return "3d" if self.media_type == "point_cloud" else "2d"

    @property
    def mode(self) -> str:
        """The task's mode: `interpolation` for a video, else `annotation`."""
        return "interpolation" if self.media_type == "video" else "annotation"

    def sources(self) -> Iterator[Source]:
        """Every file with its role, in order of path."""
        for data, role in self._database.execute("SELECT data, role FROM file ORDER BY path"):
            source = msgspec.msgpack.decode(data, type=Source)
            source.role = role
            yield source

    def frames(self) -> Iterator[Frame]:
        """The task's frames, in order; nothing for a video."""
        related = bool(self._one("SELECT 1 FROM relation LIMIT 1"))
        rows = self._database.execute(
            "SELECT f.data FROM position p JOIN file f USING (path) WHERE p.number BETWEEN ? AND ?"
            " AND (p.number - ?) % ? = 0 ORDER BY p.number",
            (self.start, self.stop, self.start, self.step),
        )
        for (data,) in rows:
            source = msgspec.msgpack.decode(data, type=Source)
            yield Frame(
                path=source.path,
                blob=source.blob,
                size=source.size,
                crc32=source.crc32,
                width=source.width,
                height=source.height,
                related=self._related(source.path) if related else [],
            )

    def _related(self, path: str) -> list[str]:
        rows = self._database.execute("SELECT path FROM relation WHERE frame = ? ORDER BY path", (path,))
        return [row[0] for row in rows]

    def _one(self, sql: str, values: tuple[object, ...] = ()) -> object:
        row = self._database.execute(sql, values).fetchone()
        return row[0] if row else None


def assemble(sources: Iterable[Source], settings: Settings, *, read_manifest: ReadManifest | None = None) -> Assembly:
    """Put files into order by the rules of `settings`. Their roles are decided here, whatever `sources` say.

    Raises:
        BadInput: there are no media, media that do not go together, or an order that names what is not there.
    """
    assembly = Assembly(settings)
    try:
        _take(assembly, sources)
        _decide_roles(assembly)
        manifest = _manifest_source(assembly)
        if assembly.media_type != "video":
            listed = (
                read_manifest is not None and manifest is not None and _list_manifest(assembly, read_manifest(manifest))
            )
            _put_in_order(assembly, listed)
            relate(assembly._database, clouds=assembly.media_type == "point_cloud")
    except BaseException:
        assembly.close()
        raise
    return assembly


def _spool() -> sqlite3.Connection:
    database = sqlite3.connect(
        "", isolation_level=None, check_same_thread=False
    )  # "": private, on disk, removed on close
    database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
    return database


def _take(assembly: Assembly, sources: Iterable[Source]) -> None:
    settings = assembly.settings
    batch: list[tuple[object, ...]] = []
    for source in sources:
        folder, name = posixpath.split(source.path)
        key = sort_key(source.path, settings.sorting, seed=settings.seed)
        data = msgspec.msgpack.encode(source)
        kind = kind_of(source.path)
        batch.append((source.path, name, folder, stem_of(name), kind, "other", key, data))
        if len(batch) == _BATCH:
            _insert(assembly, batch)
            batch = []
    _insert(assembly, batch)


def _insert(assembly: Assembly, batch: list[tuple[object, ...]]) -> None:
    try:
        assembly._database.execute("BEGIN")
        assembly._database.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
        assembly._database.execute("COMMIT")
    except sqlite3.IntegrityError as error:
        raise BadInput("two files have the same name") from error


def _decide_roles(assembly: Assembly) -> None:
    database = assembly._database
    counts: dict[str, int] = dict(database.execute("SELECT kind, count(*) FROM file GROUP BY kind").fetchall())
    clouds, videos, images = counts.get("pcd", 0), counts.get("video", 0), counts.get("image", 0)
    if clouds:
        assembly.media_type = "point_cloud"
        database.execute("UPDATE file SET role = 'frame' WHERE kind = 'pcd'")
    elif videos:
        if videos > 1 or images:
            raise BadInput(_only_one(counts))
        assembly.media_type = "video"
        database.execute("UPDATE file SET role = 'video' WHERE kind = 'video'")
        row = database.execute("SELECT data FROM file WHERE kind = 'video'").fetchone()
        assembly.video = msgspec.msgpack.decode(row[0], type=Source)
    else:
        database.create_function("is_related", 1, is_related, deterministic=True)
        database.execute("UPDATE file SET role = 'frame' WHERE kind = 'image' AND NOT is_related(path)")
        if not assembly._one("SELECT 1 FROM file WHERE role = 'frame' LIMIT 1"):
            raise BadInput("No media data found")
    database.execute("UPDATE file SET role = 'manifest' WHERE kind = 'manifest'")


def _only_one(counts: dict[str, int]) -> str:
    found = ", ".join(f"{number} {kind}(s)" for kind, number in sorted(counts.items()) if kind in ("video", "image"))
    return f"Only one video, archive, pdf, zip or many image, directory can be used simultaneously, but {found} found."


def _manifest_source(assembly: Assembly) -> Source | None:
    rows = assembly._database.execute("SELECT data FROM file WHERE kind = 'manifest' LIMIT 2").fetchall()
    if len(rows) > 1:
        raise BadInput("Only one manifest file can be attached to data")
    return msgspec.msgpack.decode(rows[0][0], type=Source) if rows else None


def _list_manifest(assembly: Assembly, entries: Iterable[manifest_file.Entry]) -> bool:
    """Note the manifest's order, and the relations it states. False where it lists nothing."""
    database = assembly._database
    database.execute("BEGIN")
    count = 0
    for entry in entries:
        database.execute("INSERT INTO position VALUES (?, ?)", (count, entry.path))
        count += 1
        if entry.related:
            pairs = [(entry.path, path) for path in entry.related]
            database.executemany("INSERT OR IGNORE INTO relation VALUES (?, ?)", pairs)
    database.execute("COMMIT")
    return count > 0


def _put_in_order(assembly: Assembly, listed: bool) -> None:
    """Fill `position`: an exact order, else the manifest's where it counts, else the order of the sorting method."""
    settings, database = assembly.settings, assembly._database
    if settings.order is not None:
        _number(assembly, settings.order)
        _finish(assembly, start=0, stop=None, step=1)
    elif listed and (settings.from_archive or settings.sorting in ("predefined", "random")):
        _finish(assembly, settings.start, settings.stop, settings.step)
    elif settings.file_order and settings.sorting == "predefined":
        _check_file_order(assembly, settings.file_order)
        _number(assembly, settings.file_order)
        _finish(assembly, settings.start, settings.stop, settings.step)
    else:
        _sort(assembly)
        _finish(assembly, settings.start, settings.stop, settings.step)
    if missing := _missing(assembly):
        if settings.order is None and settings.from_archive and settings.sorting in ("lexicographical", "natural"):
            _note_missing(assembly, missing, Level.WARNING)
            _sort(assembly)
            _finish(assembly, settings.start, settings.stop, settings.step)
        else:
            _note_missing(assembly, missing, Level.ERROR)
            if not settings.from_archive:
                raise BadInput(f"Incorrect file mapping to manifest content. Not found: {', '.join(missing)}")
    database.execute("DELETE FROM relation WHERE path NOT IN (SELECT path FROM file)")


def _sort(assembly: Assembly) -> None:
    assembly._database.executescript(
        "DELETE FROM position;"
        "INSERT INTO position SELECT row_number() OVER (ORDER BY key, path) - 1, path FROM file WHERE role = 'frame';"
    )


def _number(assembly: Assembly, order: Sequence[str]) -> None:
    database = assembly._database
    database.execute("DELETE FROM position")
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO position VALUES (?, ?)", ((n, _resolve(assembly, p)) for n, p in enumerate(order))
    )
    database.execute("COMMIT")


def _resolve(assembly: Assembly, path: str) -> str:
    """Orders name files by path, or (the stock client) by base name, where only one file has it."""
    if assembly._one("SELECT 1 FROM file WHERE path = ?", (path,)):
        return path
    found = assembly._database.execute(
        "SELECT path FROM file WHERE name = ? AND role = 'frame' LIMIT 2", (path,)
    ).fetchall()
    return str(found[0][0]) if len(found) == 1 else path


def _check_file_order(assembly: Assembly, order: Sequence[str]) -> None:
    frames = assembly._one("SELECT count(*) FROM file WHERE role = 'frame'")
    resolved = {_resolve(assembly, path) for path in order}
    is_frame = "SELECT 1 FROM file WHERE path = ? AND role = 'frame'"
    known = sum(assembly._one(is_frame, (path,)) is not None for path in resolved)
    if not known == len(order) == frames:
        raise BadInput(
            "Uploaded files do not match the 'upload_file_order' field contents. "
            f"{frames} media files were uploaded, {len(order)} are named."
        )


def _finish(assembly: Assembly, start: int, stop: int | None, step: int) -> None:
    count = assembly._one("SELECT count(*) FROM position")
    assembly.count = count if isinstance(count, int) else 0
    assembly.start, assembly.step = start, step
    assembly.size, assembly.stop = select(assembly.count, start, stop, step)


def _missing(assembly: Assembly) -> list[str]:
    rows = assembly._database.execute(
        "SELECT p.path FROM position p LEFT JOIN file f ON f.path = p.path AND f.role = 'frame'"
        " WHERE f.path IS NULL AND p.number BETWEEN ? AND ? AND (p.number - ?) % ? = 0 ORDER BY p.number LIMIT 5",
        (assembly.start, assembly.stop, assembly.start, assembly.step),
    )
    return [row[0] for row in rows]


def _note_missing(assembly: Assembly, missing: list[str], level: Level) -> None:
    for path in missing:
        message = "a frame names this file, which is not among the media"
        assembly.findings.append(Finding(level, "media-missing", message, member=path))
