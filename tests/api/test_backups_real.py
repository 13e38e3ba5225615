"""Every archive that a real CVAT made: restored through the API, what the API then says is what CVAT's API said of the
original; our own archive of it is accepted again and carries the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.api import client_for
from tests.support.archives import real_archives
from tests.support.backups import backed_up, described, expected, members, restored

from labelkeep.accounts.models import User

WITH_EXPECTATION = [path for path in real_archives() if path.with_suffix("").with_suffix(".expected.json").exists()]


def kind_of(path: Path) -> str:
    return "projects" if path.name.startswith("project") else "tasks"


@pytest.mark.parametrize("path", WITH_EXPECTATION, ids=lambda path: path.stem)
def test_a_real_archive_restores_to_what_cvat_said_of_the_original(path: Path, alice: User) -> None:
    alice_says = client_for(alice)
    id = restored(alice_says, kind_of(path), path.read_bytes())
    found, wanted = described(alice_says, kind_of(path), id), expected(path)
    assert found["labels"] == wanted["labels"]
    assert found["object"] == wanted["object"]
    assert len(found["tasks"]) == len(wanted["tasks"])
    for task, told in zip(found["tasks"], wanted["tasks"], strict=True):
        assert {key: task[key] for key in told} == told
