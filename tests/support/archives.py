"""The archives that a real CVAT server made, which tests read, and the small ones that Labelkeep wrote itself.

Those made for this project are kept in the repository. Others, such as files of CVAT's own repository, may lie beside
the checkout or where TEST_ARCHIVES says (the LABELKEEP_ prefix is for settings of the server), and are tried too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest

from labelkeep.archive.labels import label_table
from labelkeep.archive.reader import Archive, ArchiveKind, Limits, Member, open_archive
from labelkeep.errors import Refused
from labelkeep.findings import Finding

_REPOSITORY = Path(__file__).parents[2]

ARCHIVES = _REPOSITORY / "tests" / "golden" / "cvat"
OTHERS = Path(os.environ.get("TEST_ARCHIVES") or _REPOSITORY.parent / "shared" / "archives")
GOLDEN = _REPOSITORY / "tests" / "golden" / "archives"
HONEYPOTS = "cvat_2.5x_honeypots_consensus.zip"  # a data file of CVAT's repository: not copied into ours


def real_archives() -> list[Path]:
    """Archives of CVAT that must restore."""
    found = {path.name: path for folder in (OTHERS, ARCHIVES) for path in folder.glob("*.zip")}
    return [found[name] for name in sorted(found)]


def bad_archives() -> list[Path]:
    """Damaged and hand-made archives; the reviewed verdicts are in tests/unit/archive/test_archive_bad.py."""
    return sorted((ARCHIVES / "bad").glob("*.zip"))


def golden_archives() -> list[Path]:
    """Archives of every version of our own format. They are kept for ever, and new ones only added."""
    return sorted(GOLDEN.glob("**/*.zip"))


def honeypots() -> Path:
    """The one real archive with honeypots; where it is not at hand, the test says so and is skipped."""
    if not (OTHERS / HONEYPOTS).exists():
        pytest.skip(f"{HONEYPOTS} is not beside the checkout: set TEST_ARCHIVES to the folder that holds it")
    return OTHERS / HONEYPOTS


def judge(
    file: BinaryIO, spool_dir: Path, *, expect: ArchiveKind | None = None, limits: Limits | None = None
) -> list[Finding]:
    """Read everything that an archive holds, as a restore does, and return what was found. Only Refused is foreseen."""
    try:
        with open_archive(file, spool_dir=spool_dir, expect=expect, limits=limits) as archive:
            for task in archive.tasks:
                for _ in archive.annotations(task, label_table(archive.labels(task))):
                    pass
            for member in archive.members():
                read_to_the_end(archive, member)
            return archive.findings
    except Refused as refused:
        return refused.findings


def read_to_the_end(archive: Archive, member: Member) -> None:
    """Read a member; what is wrong with it becomes a finding of the archive."""
    try:
        contents = archive.open(member)
        while contents.read(2**20):
            pass
    except Refused as refused:
        archive.report.take(refused)


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that refuse an archive."""
    return [finding for finding in findings if finding.is_error]
