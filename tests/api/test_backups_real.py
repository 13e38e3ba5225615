"""Every archive that a real CVAT made: restored through the API, what the API then says is what CVAT's API said of the
original; our own archive of it is accepted again and carries the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.support.api import client_for
from tests.support.archives import honeypots, real_archives
from tests.support.backups import backed_up, described, expected, members, restored, send

from labelkeep.accounts.models import User
from labelkeep.projects.models import Asset, Attribute, Job, Label, Project, Task

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


@pytest.mark.parametrize("path", real_archives(), ids=lambda path: path.stem)
def test_our_own_archive_of_it_restores_to_the_same(path: Path, alice: User) -> None:
    alice_says, kind = client_for(alice), kind_of(path)
    first = restored(alice_says, kind, path.read_bytes())
    archive = backed_up(alice_says, kind, first)
    second = restored(alice_says, kind, archive)
    assert described(alice_says, kind, second) == described(alice_says, kind, first)
    assert backed_up(alice_says, kind, first) == archive, "the same bytes every time"


@pytest.mark.parametrize("path", real_archives(), ids=lambda path: path.stem)
def test_our_own_archive_has_the_media_of_the_original_and_nothing_that_cvat_does_not_know(
    path: Path, alice: User
) -> None:
    alice_says, kind = client_for(alice), kind_of(path)
    theirs = members(path.read_bytes())
    ours = members(backed_up(alice_says, kind, restored(alice_says, kind, path.read_bytes())))
    for name, data in theirs.items():
        if "data/" in name and not name.endswith(("index.json", ".jsonl")):
            assert ours[name] == data
    known = {"project.json", "annotation_guide.md", "labelkeep.json"}
    for name in ours.keys() - theirs.keys() - known:
        assert name.endswith("data/manifest.jsonl")


def test_the_honeypots_archive_restores_to_what_its_own_members_say(alice: User) -> None:
    alice_says = client_for(alice)
    path = honeypots()
    files = members(path.read_bytes())
    told, annotations = json.loads(files["task.json"]), json.loads(files["annotations.json"])
    found = described(alice_says, "tasks", restored(alice_says, "tasks", path.read_bytes()))
    task = found["tasks"][0]
    types = {"consensus_replica": "replica"}  # CVAT 2.80 has another word for it
    wanted = [(types.get(job["type"], job["type"]), job["start_frame"], job["stop_frame"]) for job in told["jobs"]]
    assert [(job["type"], job["start_frame"], job["stop_frame"]) for job in task["jobs"]] == wanted
    order = [path for job in told["jobs"] if job["type"] != "consensus_replica" for path in job["files"]]
    assert [frame[0] for frame in task["meta"]["frames"]] == order
    assert task["frames"] == [hashlib.sha256(files[f"data/{name}"]).hexdigest() for name in order]
    for job, saved in zip(task["job_annotations"], annotations, strict=True):
        counts = {kind: sum(job[kind].values()) for kind in job}
        assert counts == {kind: len(saved[kind]) for kind in counts}


def test_the_report_says_what_became_of_every_object(alice: User) -> None:
    path = next(path for path in real_archives() if path.name == "project_shapes.zip")
    operation = send(client_for(alice), "projects", path.read_bytes())
    made = {"projects": Project, "tasks": Task, "jobs": Job, "labels": Label, "attributes": Attribute}
    for kind, model in made.items():
        assert sorted(operation.result["ids"][kind].values()) == sorted(model.objects.values_list("pk", flat=True))
    assert set(operation.result["ids"]["assets"].values()) == {str(asset.pk) for asset in Asset.objects.all()}
