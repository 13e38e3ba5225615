"""Request ids, as the protocol writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelkeep.errors import BadInput
from labelkeep.operations import keys
from labelkeep.operations.keys import Key

UUID = "3a1cf0f2-5f0e-4b0b-9c76-0a2f2f0a6f11"
WRITTEN = [
    (Key("create", "task", 7), "action=create&target=task&target_id=7"),
    (
        Key("export", "task", 7, user_id=1, format="COCO 1.0", subresource="dataset"),
        "action=export&target=task&target_id=7&user_id=1&format=COCO_1~0&subresource=dataset",
    ),
    (
        Key("export", "project", 3, user_id=1, subresource="backup"),
        "action=export&target=project&target_id=3&user_id=1&subresource=backup",
    ),
    (
        Key("export", "project", 3, user_id=1, lightweight=True, subresource="backup"),
        "action=export&target=project&target_id=3&user_id=1&lightweight=True&subresource=backup",
    ),
    (
        Key("import", "task", id=UUID, subresource="backup"),
        f"action=import&target=task&id={UUID}&subresource=backup",
    ),
    (
        Key("import", "job", 9, subresource="annotations"),
        "action=import&target=job&target_id=9&subresource=annotations",
    ),
]
LEGACY = [
    ("create:task-7", Key("create", "task", 7)),
    ("import:task-7-annotations", Key("import", "task", 7, subresource="annotations")),
    ("export:task-7-backup-by-1", Key("export", "task", 7, user_id=1, subresource="backup")),
    (
        "export:task-7-dataset-in-COCO_1@0-format-by-1",
        Key("export", "task", 7, user_id=1, format="COCO 1.0", subresource="dataset"),
    ),
    (f"import:project-{UUID}-backup", Key("import", "project", id=UUID, subresource="backup")),
]


@pytest.mark.parametrize(("key", "text"), WRITTEN)
def test_an_id_is_written_and_read_as_the_protocol_says(key: Key, text: str) -> None:
    assert str(key) == text
    assert keys.parse(text) == key


@pytest.mark.parametrize(("text", "key"), LEGACY)
def test_the_spelling_of_old_clients_is_understood(text: str, key: Key) -> None:
    assert keys.parse(text) == key


def test_the_ready_made_ids_are_those_of_the_protocol() -> None:
    assert keys.create_task(7) == WRITTEN[0][1]
    assert keys.export_backup("project", 3, 1) == WRITTEN[2][1]
    assert keys.export_backup("project", 3, 1, lightweight=True) == WRITTEN[3][1]
    assert keys.import_backup("task", UUID) == WRITTEN[4][1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "action=export",
        "action=export&target=planet&target_id=7",
        "action=export&target=task&target_id=seven",
        "action=export&target=task&target_id=",
        "action=export&target=task&lightweight=maybe",
        "action=export&target=task&colour=blue",
        "export:planet-7-backup",
        "export:task-7-lunch",
        "import:project-not-a-uuid-backup",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        keys.parse(text)


@given(st.text())
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        key = keys.parse(text)
    except BadInput:
        return
    assert isinstance(key, Key)


@given(
    st.builds(
        Key,
        st.sampled_from(["create", "export", "import"]),
        st.sampled_from(["project", "task", "job"]),
        target_id=st.none() | st.integers(1),
        user_id=st.none() | st.integers(1),
        lightweight=st.sampled_from([None, True]),
        format=st.none() | st.sampled_from(["COCO 1.0", "CVAT for images 1.1", "YOLO 1.1"]),
        subresource=st.sampled_from([None, "backup", "dataset", "annotations"]),
    )
)
def test_what_is_written_is_read_back(key: Key) -> None:
    assert keys.parse(str(key)) == key
