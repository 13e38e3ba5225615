"""The reviewed verdict on every damaged or odd archive that was tried on a real CVAT.

What is wrong with pixels or with manifest.jsonl is judged where media are read, not here: those archives are good as
far as this room can see, and refused later (see `LATER`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import ARCHIVES, bad_archives, judge

from labelkeep.findings import Level

Verdict = list[tuple[Level, str, str, str]]  # level, code, member, place

NOTE, WARNING, ERROR = Level.NOTE, Level.WARNING, Level.ERROR

VERDICTS: dict[str, Verdict] = {
    "baseline_good.tasks.zip": [],
    "deflated_archive.tasks.zip": [],
    "manifest_removed.tasks.zip": [],
    "project_gap_in_numbering.projects.zip": [],
    "wrong_field_name.tasks.zip": [],  # the form field was wrong; the archive is not
    "unknown_key_in_data.tasks.zip": [
        (NOTE, "unknown-key", "task.json", "/data/future"),
        (NOTE, "unknown-key", "task.json", "/data/cloud_storage_id"),
    ],
    # CVAT keeps such a shape, and so do we: dropping it would lose somebody's work
    "shape_label_type_mismatch.tasks.zip": [(WARNING, "label-type", "annotations.json", "/0/shapes/0/label")],
    # CVAT silently makes a job of frames that do not exist; the job is cut to those that do
    "job_range_too_long.tasks.zip": [(WARNING, "range-cut", "task.json", "/jobs/0/stop_frame")],
    "project_zip_to_tasks.tasks.zip": [(ERROR, "wrong-kind", "project.json", "")],
    "task.json_invalid_json.tasks.zip": [(ERROR, "bad-json", "task.json", "9")],
    "no_annotations.json.tasks.zip": [(ERROR, "missing-member", "annotations.json", "")],
    "version_2.0.tasks.zip": [(ERROR, "version", "task.json", "/version")],
    "jobs_missing.tasks.zip": [
        (ERROR, "missing", "task.json", "/jobs"),
        (WARNING, "annotations-without-jobs", "annotations.json", "/0"),
    ],
    "annotation_unknown_attribute.tasks.zip": [
        (ERROR, "unknown-attribute", "annotations.json", "/0/shapes/0/attributes/0/name")
    ],
    "annotation_bad_type.tasks.zip": [(ERROR, "bad-annotation", "annotations.json", "/0/shapes/0/type")],
    "annotations_NaN_points.tasks.zip": [(ERROR, "bad-json", "annotations.json", "/0/shapes/0")],
    "asset_bad_type.tasks.zip": [(ERROR, "asset-type", "assets/x.exe", "")],
    "encrypted_.tasks.zip": [(ERROR, "not-a-zip", "(zip)", "304")],
    "one_image_missing_manifest_.tasks.zip": [],
    "image_replaced_by_text.tasks.zip": [],
}

LATER = {"one_image_missing_manifest_.tasks.zip", "image_replaced_by_text.tasks.zip"}


def test_every_file_has_a_verdict() -> None:
    assert {path.name for path in bad_archives()} == set(VERDICTS)
    assert set(VERDICTS) >= LATER


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict_is_as_reviewed(name: str, tmp_path: Path) -> None:
    expect: Any = name.split(".")[-2].removesuffix("s")
    with (ARCHIVES / "bad" / name).open("rb") as file:
        found = judge(file, tmp_path, expect=expect)
    assert [(item.level, item.code, item.member, item.place) for item in found] == VERDICTS[name]
    assert list(tmp_path.iterdir()) == []
