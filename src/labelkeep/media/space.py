"""Room on the disk: a reserve, so that what frees space works on a full disk, and refusals before what will not fit.

The reserve is a file of `LABELKEEP_RESERVE` bytes in the data directory. When the disk is nearly full it is given up
for deleting and pruning, which write a little before they free much; a chore makes it again when there is room.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from labelkeep.errors import StoreFull

LOW = 32 * 2**20  # free bytes below which the reserve is given up
MARGIN = 16 * 2**20  # what writing rows and documents may take besides


@dataclass(frozen=True)
class Room:
    """The disk that the data directory is on, in bytes. `available` is what anybody may fill: the reserve left out."""

    total: int
    free: int
    reserve: int  # that is held now
    available: int


def room() -> Room:
    """What there is."""
    usage, held = shutil.disk_usage(_data_dir()), _held()
    lacking = max(0, _wanted() - held)
    return Room(usage.total, usage.free, held, max(0, usage.free - lacking))


def require(needed: int, what: str) -> None:
    """Let pass what will fit.

    Raises:
        StoreFull: it will not; the sentence says how much is needed and how much there is.
    """
    available = room().available
    if needed + MARGIN > available:
        raise StoreFull(
            f"{what} needs {needed + MARGIN} bytes on the disk, and {available} are free for it. "
            "Remove backups or projects that are not needed and prune, or use a larger disk."
        )


def give_up_reserve() -> bool:
    """Free the reserve when the disk is nearly full; returns whether it was freed. Call before deleting anything."""
    if not _held() or shutil.disk_usage(_data_dir()).free >= LOW:
        return False
    _file().unlink(missing_ok=True)
    return True


def keep_reserve(now: datetime) -> bool:
    """Make the reserve where it is missing and there is room for it twice; returns whether it was made."""
    wanted = _wanted()
    if _held() >= wanted or shutil.disk_usage(_data_dir()).free < 2 * wanted:
        return False
    with suppress(OSError), _file().open("wb") as file:  # somebody was quicker than we in filling the disk
        os.posix_fallocate(file.fileno(), 0, wanted)
        return True
    return False


def _held() -> int:
    try:
        return _file().stat().st_size
    except FileNotFoundError:
        return 0


def _file() -> Path:
    return _data_dir() / "reserve"


def _data_dir() -> Path:
    return Path(settings.DATA_DIR)


def _wanted() -> int:
    return int(settings.CONFIGURATION.reserve)
