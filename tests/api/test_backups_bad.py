"""Every damaged or odd archive, sent through the API: restored with its oddities listed, or refused without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from tests.support.api import client_for
from tests.support.archives import ARCHIVES, bad_archives
from tests.support.backups import send

from labelkeep.accounts.models import User
from labelkeep.findings import Level
from labelkeep.media import vault
from labelkeep.media.models import StoredObject, Upload, UploadChunk
from labelkeep.projects.models import Asset, Guide, Job, Label, Project, Task
from labelkeep.snapshots.models import Backup

# What is accepted, with the codes of what is found; all others are refused, with the code of the first error, the
# member and the place that the message names. Reviewed by hand against what a real CVAT answered.
RESTORED: dict[str, list[str]] = {
    "baseline_good.tasks.zip": [],
    "deflated_archive.tasks.zip": [],
    "manifest_removed.tasks.zip": [],
    "project_gap_in_numbering.projects.zip": [],
    "wrong_field_name.tasks.zip": [],
    "unknown_key_in_data.tasks.zip": ["unknown-key", "unknown-key"],
    "shape_label_type_mismatch.tasks.zip": ["label-type"],
    "job_range_too_long.tasks.zip": ["range-cut"],
}
REFUSED: dict[str, tuple[str, str, str]] = {
    "project_zip_to_tasks.tasks.zip": ("wrong-kind", "project.json", ""),
    "task.json_invalid_json.tasks.zip": ("bad-json", "task.json", "9"),
    "no_annotations.json.tasks.zip": ("missing-member", "annotations.json", ""),
    "version_2.0.tasks.zip": ("version", "task.json", "/version"),
    "jobs_missing.tasks.zip": ("missing", "task.json", "/jobs"),
    "annotation_unknown_attribute.tasks.zip": (
        "unknown-attribute",
        "annotations.json",
        "/0/shapes/0/attributes/0/name",
    ),
    "annotation_bad_type.tasks.zip": ("bad-annotation", "annotations.json", "/0/shapes/0/type"),
    "annotations_NaN_points.tasks.zip": ("bad-json", "annotations.json", "/0/shapes/0"),
    "asset_bad_type.tasks.zip": ("asset-type", "assets/x.exe", ""),
    "encrypted_.tasks.zip": ("not-a-zip", "(zip)", "304"),
    # which of the images is missing is known from the manifest alone; restored without it, all that follow would shift
    "one_image_missing_manifest_.tasks.zip": ("media-missing", "data/one_0002.jpg", ""),
    "image_replaced_by_text.tasks.zip": ("bad-media", "data/shape_0001.jpg", ""),
}


def everything() -> tuple[object, ...]:
    """All rows that a restore could leave, all objects of the store, all temporary files."""
    models = (Project, Task, Job, Label, Guide, Asset, Backup, Upload, UploadChunk)
    rows = tuple(model.objects.count() for model in models)
    stored = sorted(StoredObject.objects.values_list("name", flat=True))
    objects = sorted(entry.key for entry in vault.live().backend.list(""))
    temporary = [path for path in (Path(settings.DATA_DIR) / "tmp").rglob("*") if path.is_file()]
    return rows, stored, objects, temporary


def test_every_file_has_a_verdict() -> None:
    assert {path.name for path in bad_archives()} == RESTORED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", RESTORED)
def test_an_odd_archive_is_restored_and_its_oddities_are_listed(name: str, alice: User) -> None:
    kind = name.split(".")[-2]
    operation = send(client_for(alice), kind, (ARCHIVES / "bad" / name).read_bytes())
    assert operation.status == "finished", operation.message
    assert [found["code"] for found in operation.result["findings"]] == RESTORED[name]
    assert (Project if kind == "projects" else Task).objects.filter(pk=operation.result["id"], owner=alice).exists()
    assert not Upload.objects.exists()


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_archive_is_refused_by_name_and_place_and_leaves_nothing(name: str, alice: User) -> None:
    before = everything()
    operation = send(client_for(alice), name.split(".")[-2], (ARCHIVES / "bad" / name).read_bytes())
    assert operation.status == "failed"
    errors = [found for found in operation.result["findings"] if found["level"] == Level.ERROR]
    code, member, place = REFUSED[name]
    assert (errors[0]["code"], errors[0]["member"], errors[0]["place"]) == (code, member, place)
    assert member in operation.message
    assert place in operation.message
    assert everything() == before


def test_the_form_field_may_have_any_name_when_there_is_one_file(alice: User) -> None:
    data = (ARCHIVES / "bad" / "wrong_field_name.tasks.zip").read_bytes()
    assert send(client_for(alice), "tasks", data, field="something").status == "finished"
