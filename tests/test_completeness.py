"""Whoever adds a field says here what becomes of it: a backup carries it, or it is left out with a reason.

`CARRIED` names the manifest's field for each column; everything else of `projects` and `accounts` stands in `EXCLUDED`.
What is carried is proved by the round trips (tests/domain/snapshots/test_round_trips.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from django.apps import apps

from labelkeep.snapshots import manifest

_HOME = "where it stands in the manifest says it"
_HEAD = (
    "id uuid name owner assignee assignee_updated_date organization bug_tracker status status_kept source_storage "
    "target_storage"
)
_DATA = (
    "mode dimension media_type size chunk_size image_quality compressed_chunk_type original_chunk_type start_frame "
    "stop_frame frame_filter storage_method storage sorting_method custom_segments deleted_frames validation_layout "
    "chunks_updated_date"
)


def _same(record: str, names: str) -> dict[str, str]:
    return {name: f"{record}.{name}" for name in names.split()}


CARRIED: dict[str, dict[str, str]] = {
    "projects.Project": _same("ProjectManifest", f"{_HEAD} created_date updated_date"),
    "projects.Task": {
        **_same("TaskManifest", f"{_HEAD} created_date updated_date subset segment_size overlap consensus_replicas"),
        **_same("DataRecord", _DATA),
        "sources_document": "DataRecord.sources",
        "frames_document": "DataRecord.frames",
        "label_keys": "TaskManifest.label_keys",
        "has_data": "TaskManifest.data",
    },
    "projects.Label": {
        **_same("LabelRecord", "id name color type svg deleted_at"),
        "parent": "LabelRecord.sublabels",
    },
    "projects.Attribute": _same("AttributeRecord", "id name mutable input_type default_value values"),
    "projects.Job": _same(
        "JobRecord",
        "id uuid type parent start_frame stop_frame frames stage state status assignee assignee_updated_date "
        "created_date updated_date document revision next_number counts",
    ),
    "projects.Issue": _same("IssueRecord", "id frame position owner assignee resolved created_date updated_date"),
    "projects.Comment": _same("CommentRecord", "id owner message created_date updated_date"),
    "projects.Guide": _same("GuideRecord", "markdown created_date updated_date"),
    "projects.Asset": _same("AssetRecord", "uuid filename blob size media_type owner created_date"),
}
EXCLUDED: dict[str, dict[str, str]] = {
    "projects.Project": {"origin": "says where a copy came from; a copy of the copy has its own"},
    "projects.Task": {
        "origin": "says where a copy came from; a copy of the copy has its own",
        "project": _HOME,
        "media_size": "the sum over the sources document, which is carried",
        "data_started": "follows from has_data; an upload under way is not part of a backup",
        "cloud_storage_id": "cloud storages hold credentials, which are never in a backup (invariant 10)",
    },
    "projects.Label": {"project": _HOME, "task": _HOME},
    "projects.Attribute": {"label": _HOME},
    "projects.Job": {"task": _HOME, "delta_bytes": "a capture folds small edits into the document"},
    "projects.AnnotationDelta": {"*": "a capture folds small edits into the document"},
    "projects.Revision": {"*": "who saved what when is the history of the original; a copy begins with one revision"},
    "projects.Issue": {"job": _HOME},
    "projects.Comment": {"issue": _HOME},
    "projects.Guide": {"id": "nothing refers to it", "project": _HOME, "task": _HOME},
    "projects.Asset": {"guide": _HOME},
    "accounts.User": {"*": "people are named by username; accounts belong to a server, not to a project"},
    "accounts.Organization": {"*": "named by its slug; who restores says where to"},
    "accounts.Quota": {"*": "how much may be kept on a server; another one has its own"},
    "accounts.Membership": {"*": "belongs to the organization"},
    "accounts.Invitation": {"*": "the way into an organization; it belongs to a server"},
    "accounts.LoginAttempts": {"*": "guards a server's door"},
    "accounts.AccessToken": {"*": "a secret is never in a backup (invariant 10)"},
}
DERIVED = {  # fields of records that no column has
    "AssetRecord.crc32": "known to the store",
    "GuideRecord.assets": "rows of their own",
    "IssueRecord.comments": "rows of their own",
    "JobRecord.issues": "rows of their own",
    "LabelRecord.attributes": "rows of their own",
}


def columns() -> Iterator[tuple[str, str]]:
    """(model, field) of both rooms."""
    for app in ("projects", "accounts"):
        for model in apps.get_app_config(app).get_models():
            for field in (*model._meta.concrete_fields, *model._meta.many_to_many):
                yield model._meta.label, field.name


def is_excluded(model: str, field: str) -> bool:
    known = EXCLUDED.get(model, {})
    return "*" in known or field in known


@pytest.mark.parametrize(("model", "field"), sorted(columns()))
def test_every_field_is_carried_or_left_out_by_name(model: str, field: str) -> None:
    carried = field in CARRIED.get(model, {})
    assert carried or is_excluded(model, field), f"{model}.{field}: carry it in a manifest, or say here why not"
    assert not (carried and is_excluded(model, field))


def test_nothing_is_named_that_is_not_there() -> None:
    known = set(columns())
    named = {(model, field) for table in (CARRIED, EXCLUDED) for model in table for field in table[model]}
    assert {pair for pair in named if pair[1] != "*"} <= known
    assert {model for model, _ in named} <= {model for model, _ in known}


def test_every_field_that_is_said_to_carry_something_exists() -> None:
    for fields in CARRIED.values():
        for place in fields.values():
            record, _, field = place.partition(".")
            assert field in getattr(manifest, record).__struct_fields__, place


def test_every_field_of_a_row_record_has_a_column_behind_it() -> None:
    carried = {place for fields in CARRIED.values() for place in fields.values()} | DERIVED.keys()
    for name in ("LabelRecord", "AttributeRecord", "JobRecord", "IssueRecord", "CommentRecord", "AssetRecord"):
        record: type[msgspec.Struct] = getattr(manifest, name)
        assert {f"{name}.{field}" for field in record.__struct_fields__} <= carried
