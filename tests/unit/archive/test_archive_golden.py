"""Every archive that any version of Labelkeep ever wrote opens without an error, for ever (design: golden archives).

They lie in tests/golden/archives/format-<n>/. None is ever removed or written again; a new format adds a folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.archives import GOLDEN, errors, golden_archives, judge

from labelkeep.archive.extra import FORMAT
from labelkeep.archive.reader import open_archive


@pytest.mark.parametrize("path", golden_archives(), ids=lambda path: str(path.relative_to(GOLDEN)))
def test_it_opens_without_an_error(path: Path, tmp_path: Path) -> None:
    with path.open("rb") as file:
        assert errors(judge(file, tmp_path)) == []


@pytest.mark.parametrize("path", golden_archives(), ids=lambda path: str(path.relative_to(GOLDEN)))
def test_nobody_has_edited_it_and_its_format_is_that_of_its_folder(path: Path, tmp_path: Path) -> None:
    with path.open("rb") as file, open_archive(file, spool_dir=tmp_path) as archive:
        assert archive.edited == frozenset()
        assert archive.extra is not None
        assert f"format-{archive.extra.format}" == path.relative_to(GOLDEN).parts[0]


def test_no_folder_is_of_a_format_that_does_not_exist() -> None:
    known = {f"format-{number}" for number in range(1, FORMAT + 1)}
    assert {path.relative_to(GOLDEN).parts[0] for path in golden_archives()} <= known
