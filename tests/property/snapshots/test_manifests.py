"""Manifests of any content: written and read they are the same, equal content is equal bytes, comparing sees it all."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from labelkeep.snapshots import codec, facts
from labelkeep.snapshots.accept import overlay
from labelkeep.snapshots.compare import EXPECTED, compare
from labelkeep.snapshots.manifest import (
    AttributeRecord,
    CommentRecord,
    DataRecord,
    GuideRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    TaskManifest,
)
from labelkeep.store import name_of

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.integers(0, 2**31 - 1)
moment = st.datetimes(timezones=st.timezones()).map(lambda value: value.isoformat())
attribute = st.builds(
    AttributeRecord, id=number, name=text, mutable=st.booleans(), input_type=text, values=st.lists(text, max_size=3)
)
label = st.builds(LabelRecord, id=number, name=text, color=text, attributes=st.lists(attribute, max_size=2))
comment = st.builds(CommentRecord, id=number, message=text, created_date=moment, updated_date=moment)
issue = st.builds(
    IssueRecord,
    id=number,
    frame=number,
    position=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    created_date=moment,
    updated_date=moment,
    comments=st.lists(comment, max_size=2),
)
job = st.builds(
    JobRecord,
    id=number,
    uuid=text,
    type=text,
    start_frame=number,
    stop_frame=number,
    frames=st.none() | st.lists(number, max_size=3),
    created_date=moment,
    updated_date=moment,
    issues=st.lists(issue, max_size=2),
    counts=st.dictionaries(text, st.dictionaries(text, number, max_size=2), max_size=2),
)
data = st.builds(
    DataRecord,
    mode=text,
    dimension=text,
    media_type=text,
    size=number,
    chunk_size=st.none() | number,
    image_quality=number,
    compressed_chunk_type=text,
    original_chunk_type=text,
    start_frame=number,
    stop_frame=number,
    deleted_frames=st.lists(number, max_size=3),
    sources=text,
    frames=text,
)
task = st.builds(
    TaskManifest,
    format=st.just(1),
    id=number,
    uuid=text,
    name=text,
    created_date=moment,
    updated_date=moment,
    labels=st.lists(label, max_size=2),
    label_keys=st.builds(LabelKeys, labels=st.dictionaries(number, number, max_size=3), next=number),
    guide=st.none() | st.builds(GuideRecord, markdown=text, created_date=moment, updated_date=moment),
    data=st.none() | data,
    jobs=st.lists(job, max_size=2),
)


@given(task)
def test_a_manifest_is_the_same_after_writing_and_reading(made: TaskManifest) -> None:
    written = codec.encode(made)
    read = codec.decode(written, TaskManifest)
    assert read == made
    assert codec.encode(read) == written


@given(task)
def test_facts_travel_without_the_name_of_any_document_or_blob(made: TaskManifest) -> None:
    found = overlay.decode(msgspec.json.decode(msgspec.json.encode(facts.of_task(made, "none"))), TaskManifest)
    assert found.data is None or (found.data.sources, found.data.frames) == ("", "")
    assert [job.document for job in found.jobs] == ["" for _ in made.jobs]
    assert found.name == made.name
    assert found.label_keys == made.label_keys


@settings(max_examples=50)
@given(task, st.data())
def test_comparing_sees_a_change_of_any_field_that_may_not_differ(made: TaskManifest, draw: Any) -> None:
    fields = [name for name in made.__struct_fields__ if isinstance(getattr(made, name), str)]
    field = draw.draw(st.sampled_from(fields))
    other = msgspec.structs.replace(made, **{field: getattr(made, field) + "x"})
    documents = {name_of(codec.encode(value)): codec.encode(value) for value in (made, other)}
    first, second = documents
    found = compare(first, second, documents.__getitem__)
    assert [finding.place for finding in found] == ([] if field in EXPECTED[TaskManifest] else [f"/{field}"])
