"""What a zip may contain before anybody trusts it: names, kinds of members, sizes, ratios and counts.

An archive is hostile until parsed (design §3, invariant 6). Nothing here is ever extracted to a path, so a bad name
could do no harm in this server; it is refused because the archive that we render from it again might be extracted.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from labelkeep.archive.directory import Record

STORED, DEFLATED = 0, 8

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNIX = 3
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # encrypted, strong encryption, masked headers


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may ask of the server. The defaults are far above real archives and below any harm."""

    members: int = 5_000_000
    total: int = 16 * 2**40  # bytes of all members, unpacked
    ratio: int = 200  # unpacked to packed, of a member that is not small; annotations pack 10 times, masks 60 times
    small: int = 2**20  # members up to this size may have any ratio
    depth: int = 64  # folders above a member
    name: int = 4096  # bytes of a name
    part: int = 255  # bytes of one part of a path: what file systems take
    document: int = 256 * 2**20  # bytes of task.json, project.json, a guide or labelkeep.json
    asset: int = 100 * 2**20  # bytes of a guide's asset; CVAT itself takes 10 MB


def problems_of_name(name: str, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each (code, message) that speaks against a member name. Directories keep their final `/`."""
    path = name.removesuffix("/")
    parts = path.split("/")
    if "\x00" in name:
        yield "name-nul", "the name contains a NUL character"
    elif _CONTROL.search(name):
        yield "name-control", "the name contains a control character"
    if "\\" in name:
        yield "name-backslash", "the name contains a backslash; archives use /"
    if name.startswith("/"):
        yield "name-absolute", "the name is an absolute path"
    elif _DRIVE.match(name):
        yield "name-drive", "the name begins with a drive letter"
    elif "" in parts or "." in parts:
        yield "name-not-plain", "the name has an empty part or a part `.`"
    if ".." in parts:
        yield "name-parent", "the name leads out of the archive (..)"
    if len(parts) - 1 > limits.depth:
        yield "name-deep", f"the name has {len(parts) - 1} folders, at most {limits.depth} are possible"
    if len(name.encode("utf-8", "surrogatepass")) > limits.name:
        yield "name-long", f"the name is longer than {limits.name} bytes"
    elif any(len(part.encode("utf-8", "surrogatepass")) > limits.part for part in parts):
        yield "name-long", f"a part of the name is longer than {limits.part} bytes"


def problems_of_record(record: Record, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each (code, message) that speaks against a member, from its entry in the central directory."""
    kind = stat.S_IFMT(record.attributes >> 16) if record.system == _UNIX else 0
    if kind == stat.S_IFLNK:
        yield "symlink", "is a symbolic link"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield "special-file", "is a device, pipe or socket"
    if record.flags & _ENCRYPTED:
        yield "encrypted", "is encrypted"
    elif record.method not in (STORED, DEFLATED):
        yield "compression", f"is compressed in a way that is not supported (method {record.method})"
    elif record.method == STORED and record.packed != record.size:
        yield "bad-size", f"is stored, but its sizes differ: {record.packed} packed, {record.size} unpacked"
    elif record.size > limits.small and record.size > limits.ratio * record.packed:
        yield "ratio", f"unpacks {record.packed} bytes to {record.size}, more than {limits.ratio} times"
