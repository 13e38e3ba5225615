"""Archives from strangers: what they say of themselves is taken only where it fits, and a hash opens nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.annotations import a_box
from tests.support.backups import members, repacked
from tests.support.kinds import KINDS, LATER, annotate, ids_of
from tests.support.projects import a_task, picture, pictures

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Refused
from labelkeep.media import documents, vault
from labelkeep.media.models import StoredObject
from labelkeep.projects.models import Job, Project, Task
from labelkeep.snapshots import codec
from labelkeep.snapshots.accept.accept import Accepted, accept
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.manifest import ProjectManifest, TaskManifest
from labelkeep.snapshots.named import named
from labelkeep.snapshots.render import archive

Json = dict[str, Any]


def archive_of(owner: User, thing: Project | Task) -> dict[str, bytes]:
    kind = "project" if isinstance(thing, Project) else "task"
    backup = capture(actor=Actor.of(owner), kind=kind, id=thing.pk, now=LATER)  # type: ignore[arg-type]
    return members(b"".join(archive.plan(backup.manifest, vault.live(), LATER).stream()))


def taken(files: dict[str, bytes], spool: Path, kind: str = "task") -> Accepted:
    file = io.BytesIO(repacked(files))
    return accept(file, kind=kind, store=vault.live(), spool_dir=spool, now=LATER)  # type: ignore[arg-type]


def manifest_of(found: Accepted) -> TaskManifest:
    subject = codec.read_subject(found.manifest, vault.live().get_document)
    assert isinstance(subject, TaskManifest)
    return subject


def codes(found: Accepted) -> list[str]:
    return [finding.code for finding in found.findings]


@pytest.fixture
def task(alice: User, bob: User) -> Task:
    made = KINDS["issues_stages_and_people"](alice, bob)
    assert isinstance(made, Task)
    annotate(alice, made, shapes=[a_box(ids_of(made)["cat"], frame) for frame in range(4)])
    return made


# ---- knowing a hash grants nothing ----------------------------------------------------------------------------------


def test_a_stranger_who_knows_a_hash_gets_nothing_by_naming_it(alice: User, charlie: User, tmp_path: Path) -> None:
    secret = StoredObject.objects.get(name=_blob_of(a_task(alice, files={"secret.png": picture(99)})))
    files = archive_of(charlie, a_task(charlie, files=pictures(2)))
    extra = json.loads(files["labelkeep.json"])
    data = extra["tasks"][0]["manifest"]["data"]
    data["sources"] = data["frames"] = secret.name
    extra["tasks"][0]["manifest"]["jobs"][0]["document"] = secret.name
    asset = {"uuid": "0" * 36, "filename": "x.png", "blob": secret.name, "size": 5, "crc32": 1}
    asset |= {"media_type": "image/png", "created_date": LATER.isoformat()}
    extra["tasks"][0]["manifest"]["guide"] = {
        "markdown": "![](/api/assets/x)", "created_date": "", "updated_date": "", "assets": [asset]
    }  # fmt: skip
    files["labelkeep.json"] = json.dumps(extra).encode()
    files["data/manifest.jsonl"] = b""
    del files["data/manifest.jsonl"]
    found = taken(files, tmp_path)
    get = vault.live().get_document
    assert secret.name not in {item.name for item in named(found.manifest, manifest_of(found), get)}


def test_bytes_that_are_in_the_store_already_must_still_be_brought(alice: User, charlie: User, tmp_path: Path) -> None:
    mine = a_task(alice, files={"secret.png": picture(99)})
    files = archive_of(alice, mine)
    files["data/secret.png"] = b""  # the manifest, the hash and the size are known, the bytes are not
    with pytest.raises(Refused):
        taken(files, tmp_path)


def _blob_of(task: Task) -> str:
    get = vault.live().get_document
    return next(documents.read_sources(documents.read_index(task.sources_document, get), get)).blob


# ---- edited by hand -------------------------------------------------------------------------------------------------


def test_a_member_that_was_edited_wins_and_is_named(alice: User, task: Task, tmp_path: Path) -> None:
    files = archive_of(alice, task)
    told = json.loads(files["task.json"])
    told["name"] = "renamed by hand"
    files["task.json"] = json.dumps(told).encode()
    found = taken(files, tmp_path)
    made = manifest_of(found)
    assert made.name == "renamed by hand"
    assert "edited-member" in codes(found)
    assert made.jobs[0].issues == [], "facts about an edited member are left aside"
    assert made.jobs[0].stage == "validation", "as its status says"


def test_edited_annotations_are_numbered_anew(alice: User, task: Task, tmp_path: Path) -> None:
    files = archive_of(alice, task)
    told = json.loads(files["annotations.json"])
    told[0]["shapes"] = told[0]["shapes"][:1]
    files["annotations.json"] = json.dumps(told).encode()
    made = manifest_of(taken(files, tmp_path))
    assert made.jobs[0].counts["1"] == {"shapes": 1}
    assert made.jobs[0].issues, "facts about task.json still hold"


def test_our_archive_without_our_member_is_one_of_cvat(alice: User, task: Task, tmp_path: Path) -> None:
    files = archive_of(alice, task)
    del files["labelkeep.json"]
    made = manifest_of(taken(files, tmp_path))
    assert [job.counts for job in made.jobs] == [{"1": {"shapes": 2}}, {"1": {"shapes": 2}}]
    assert made.assignee == ""


# ---- facts that do not fit ------------------------------------------------------------------------------------------

Spoil = Callable[[Json], Any]
SPOILED: dict[str, Spoil] = {
    "a stage that there is not": lambda it: it["jobs"][0].update(stage="finished"),
    "a job too few": lambda it: it["jobs"].pop(),
    "another range": lambda it: it["jobs"][0].update(stop_frame=3),
    "an issue outside its job": lambda it: it["jobs"][0]["issues"][0].update(frame=3),
    "a date that is none": lambda it: it["jobs"][0].update(updated_date="yesterday"),
    "a date without a zone": lambda it: it.update(created_date="2026-01-01T00:00:00"),
    "a uuid that is none": lambda it: it.update(uuid="x"),
    "a number too large": lambda it: it.update(segment_size=2**70),
    "a name too long": lambda it: it.update(assignee="x" * 151),
    "a text for a number": lambda it: it.update(overlap="many"),
    "another label": lambda it: it["labels"][0].update(name="lion"),
    "a key twice": lambda it: it["label_keys"]["labels"].update(dict.fromkeys(it["label_keys"]["labels"], 1)),
    "a key out of range": lambda it: it["label_keys"].update(next=1),
    "an id twice": lambda it: it["labels"][1].update(id=it["labels"][0]["id"]),
    "a layout of another kind": lambda it: it["data"].update(validation_layout={"mode": "gt_pool"}),
    "a storage of another kind": lambda it: it.update(source_storage={"location": "moon"}),
    "no data": lambda it: it.pop("data"),
    "a wrong kind": lambda it: it.update(kind="project"),
    "a chunk type that there is not": lambda it: it["data"].update(compressed_chunk_type="tape"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_facts_that_do_not_fit_are_left_aside_with_a_warning(
    what: str, alice: User, task: Task, tmp_path: Path
) -> None:
    files = archive_of(alice, task)
    extra = json.loads(files["labelkeep.json"])
    SPOILED[what](extra["tasks"][0]["manifest"])
    files["labelkeep.json"] = json.dumps(extra).encode()
    found = taken(files, tmp_path)
    assert codes(found) == ["unfit-facts"]
    made = manifest_of(found)
    assert made.assignee == ""
    assert [job.counts for job in made.jobs] == [{"1": {"shapes": 2}}, {"1": {"shapes": 2}}]


def test_an_archive_of_a_newer_server_is_refused(alice: User, task: Task, tmp_path: Path) -> None:
    files = archive_of(alice, task)
    extra = json.loads(files["labelkeep.json"])
    files["labelkeep.json"] = json.dumps({**extra, "format": 99}).encode()
    before = StoredObject.objects.count()
    with pytest.raises(Refused, match="99"):
        taken(files, tmp_path)
    assert StoredObject.objects.count() == before


def test_facts_of_a_project_that_do_not_fit_cost_its_tasks_nothing(alice: User, bob: User, tmp_path: Path) -> None:
    files = archive_of(alice, KINDS["project_of_images"](alice, bob))
    extra = json.loads(files["labelkeep.json"])
    extra["project"]["uuid"] = "x"
    files["labelkeep.json"] = json.dumps(extra).encode()
    found = taken(files, tmp_path, "project")
    assert "unfit-facts" in codes(found)
    subject = codec.read_subject(found.manifest, vault.live().get_document)
    assert isinstance(subject, ProjectManifest)
    tasks = list(codec.read_tasks(subject, vault.live().get_document))
    assert [task.name for task in tasks] == ["pictures", "without data", "second"]
    assert tasks[0].assignee == "bob"
    assert tasks[0].jobs[0].counts


# ---- frames ---------------------------------------------------------------------------------------------------------


def test_a_missing_image_is_an_error_and_never_shifts_the_others(alice: User, tmp_path: Path) -> None:
    files = archive_of(alice, a_task(alice, frames=3))
    del files["data/frame_0001.png"]
    with pytest.raises(Refused, match="3"):
        taken(files, tmp_path)


def test_a_lightweight_archive_is_refused_because_its_media_are_elsewhere(alice: User, tmp_path: Path) -> None:
    files = archive_of(alice, a_task(alice, files=pictures(1)))
    told = json.loads(files["task.json"])
    told["data"]["storage"] = "cloud_storage"
    line = b'{"name":"frame_0000","extension":".png","width":64,"height":48}'
    files = {"annotations.json": files["annotations.json"], "task.json": json.dumps(told).encode()}
    files["data/manifest.jsonl"] = b'{"version":"1.1"}\n{"type":"images"}\n' + line
    with pytest.raises(Refused, match="cloud storage"):
        taken(files, tmp_path)


def test_a_manifest_that_came_with_the_files_and_says_otherwise_is_replaced(alice: User, tmp_path: Path) -> None:
    from tests.support.media import manifest_bytes

    names = [(f"frame_{number:04}", ".png") for number in (2, 0, 1)]
    task = a_task(alice, files={**pictures(3), "manifest.jsonl": manifest_bytes(names)})
    get = vault.live().get_document
    before = [frame.path for frame in _frames(task.frames_document)]
    found = taken(archive_of(alice, task), tmp_path)
    made = manifest_of(found)
    assert made.data is not None
    assert [frame.path for frame in _frames(made.data.frames)] == before == sorted(before)
    assert get(made.data.frames) == get(task.frames_document)


def _frames(name: str) -> list[documents.Frame]:
    get = vault.live().get_document
    return list(documents.read_frames(documents.read_index(name, get), get))


def test_a_broken_job_link_is_not_followed(alice: User, bob: User, now: datetime, tmp_path: Path) -> None:
    files = archive_of(alice, KINDS["replicas"](alice, bob))
    found = taken(files, tmp_path)
    parents = [job.parent for job in manifest_of(found).jobs]
    assert parents == [None, 0, 0, None, 3, 3]
    assert Job.objects.filter(parent=None).exists()
