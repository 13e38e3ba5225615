"""A disk that fails on purpose: stands in for `os` in the local backend and counts the calls that change something.

    Disk()                          counts only
    Disk(stop=5, act=raising(EIO))  the fifth call raises, later ones work again
    Disk(stop=5, act=..., for_ever=True)   so do all later ones: the disk is gone
    Disk(stop=5, act=killing)       the process dies there
    Disk.lose_what_was_not_synced() what a power cut leaves: only what fsync has promised

`power_cut` is raised as a BaseException, so no handler of ours takes it for an ordinary error.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn


class PowerCut(BaseException):
    """Nothing runs after this."""


def raising(number: int) -> Callable[[], NoReturn]:
    """Fail as the kernel does."""

    def act() -> NoReturn:
        raise OSError(number, os.strerror(number))

    return act


def killing() -> None:
    """Die at once, as with kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def power_cut() -> NoReturn:
    """Stop the world."""
    raise PowerCut


class Disk:
    """See the module."""

    def __init__(self, *, stop: int = 0, act: Callable[[], None] | None = None, for_ever: bool = False) -> None:
        self.calls: list[str] = []
        self._stop, self._act, self._for_ever = stop, act or raising(errno.EIO), for_ever
        self._dirty: set[int] = set()  # inodes written to since their last fsync
        self._pending: list[tuple[Path, Callable[[], None]]] = []  # (folder, how to undo a change of it)
        self._kept = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        if not flags & os.O_CREAT:
            return os.open(path, flags)
        self._called("create")
        self._pending.append((path.parent, lambda: path.unlink(missing_ok=True)))
        return os.open(path, flags, mode)

    def writev(self, descriptor: int, pieces: Any) -> int:
        self._called("writev")
        self._dirty.add(os.fstat(descriptor).st_ino)
        return os.writev(descriptor, pieces)

    def fsync(self, descriptor: int) -> None:
        self._called("fsync")
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            self._pending = [(f, undo) for f, undo in self._pending if f.stat().st_ino != facts.st_ino]
        self._dirty.discard(facts.st_ino)

    def rename(self, source: Path, target: Path) -> None:
        self._called("rename")
        os.rename(source, target)
        # A renamed file is named by its new folder; the old name may come back too, but only as a temporary.
        self._pending = [(folder, undo) for folder, undo in self._pending if folder != source.parent]
        self._pending.append((target.parent, lambda: os.rename(target, source) if target.exists() else None))

    def link(self, source: Path, target: Path) -> None:
        self._called("link")
        os.link(source, target)
        self._pending.append((target.parent, lambda: target.unlink(missing_ok=True)))

    def unlink(self, path: Path) -> None:
        self._called("unlink")
        if not path.exists():
            os.unlink(path)
            return
        self._kept += 1
        grave = path.parent / f".grave{self._kept}"
        os.rename(path, grave)  # so that a power cut can bring it back
        self._pending.append((path.parent, lambda: os.rename(grave, path) if grave.exists() else None))

    def mkdir(self, path: Path) -> None:
        self._called("mkdir")
        os.mkdir(path)

    def lose_what_was_not_synced(self, root: Path) -> None:
        """Make the folder what it would be after the power came back."""
        for _, undo in reversed(self._pending):
            undo()
        for path in [path for path in root.rglob("*") if path.is_file()]:
            if path.name.startswith(".grave"):
                path.unlink()
            elif path.stat().st_ino in self._dirty:
                os.truncate(path, 0)

    def bury(self, root: Path) -> None:
        """Remove what was kept for a power cut that did not come."""
        for path in list(root.rglob(".grave*")):
            path.unlink()

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self._stop or (self._for_ever and self._stop and len(self.calls) > self._stop):
            self._act()
