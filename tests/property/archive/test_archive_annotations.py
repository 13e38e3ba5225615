"""Any objects, rendered and parsed again with the facts beside them, are the same objects."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from labelkeep.annotations.labels import AttributeDef, LabelDef, LabelTable
from labelkeep.annotations.model import Attr, Kind, Object, Shape, Tag, Track, TrackedShape
from labelkeep.annotations.stream import Batch
from labelkeep.archive.annotations import render
from labelkeep.archive.facts import Facts, Recall
from labelkeep.archive.parsing import Parser
from labelkeep.archive.reports import Report

TABLE = LabelTable(
    [
        LabelDef(1, "car", attributes=(AttributeDef(2, "colour"), AttributeDef(3, 'a "b" \\ 标', mutable=True))),
        LabelDef(4, "body", "skeleton"),
        LabelDef(5, "car", "points", parent=4, attributes=(AttributeDef(6, "colour"),)),  # a point named as a label
    ]
)
FRAMES = st.integers(0, 50)
NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: value + 0.0)
GROUPS = st.one_of(st.none(), st.integers(0, 9))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
VALUES = st.lists(st.sampled_from([2, 3]), unique=True).flatmap(
    lambda keys: st.tuples(*[st.builds(Attr, st.just(key), TEXT) for key in keys]).map(list)
)
COMMON = {"number": st.just(0), "frame": FRAMES, "group": GROUPS, "source": st.sampled_from(["manual", "auto", "file"])}
PLACE: dict[str, Any] = {"occluded": st.booleans(), "outside": st.booleans(), "z_order": st.integers(-9, 9)}
PLACE |= {"rotation": st.floats(0, 360)}


def points(count: int) -> st.SearchStrategy[list[float]]:
    return st.lists(NUMBER, min_size=count, max_size=count)


TAGS = st.builds(Tag, label=st.just(1), attributes=VALUES, **COMMON)
BOXES = st.builds(
    Shape,
    **{**COMMON, **PLACE, "label": st.just(1), "type": st.just("rectangle"), "points": points(4)},
    score=st.floats(0, 1),
    attributes=VALUES,
)
DOTS = st.builds(Shape, **{**COMMON, **PLACE, "label": st.just(5), "type": st.just("points"), "points": points(2)})
SKELETONS = st.builds(
    Shape, **COMMON, label=st.just(4), type=st.just("skeleton"), elements=st.lists(DOTS, min_size=1, max_size=3)
)
STEPS = st.builds(TrackedShape, frame=FRAMES, type=st.just("rectangle"), points=points(4), attributes=VALUES, **PLACE)
TRACKS = st.builds(Track, **COMMON, label=st.just(1), attributes=VALUES, shapes=st.lists(STEPS, max_size=3))
SKELETON_TRACKS = st.builds(
    Track, **COMMON, label=st.just(4), elements=st.lists(st.builds(Track, **COMMON, label=st.just(5)), max_size=2)
)


def numbered(objects: list[Object], start: int, step: int) -> list[Object]:
    """Numbers that are all different, in no simple order."""
    number = start
    for item in objects:
        for part in (item, *getattr(item, "elements", [])):
            part.number = number % 9973
            number += step
    return objects


def again(kind: Kind, objects: list[Object]) -> list[Object]:
    facts, report = Facts(), Report()
    text = b"[%b]" % render(kind, objects, TABLE, facts)
    assert json.loads(text) is not None
    recall = Recall(facts.numbers, facts.ungrouped, bytearray())
    found = Parser(TABLE, "annotations.json", report).parse(Batch(0, kind, 0, text), (0, 50), recall)
    assert report.findings == []
    return found


NUMBERING = st.tuples(st.integers(0, 100), st.sampled_from([1, 1, 7, 9000]))


@settings(deadline=None)
@given(st.lists(TAGS, max_size=5), NUMBERING)
def test_tags_are_the_same_again(objects: list[Object], numbering: tuple[int, int]) -> None:
    assert again("tags", numbered(objects, *numbering)) == objects


@settings(deadline=None)
@given(st.lists(st.one_of(BOXES, SKELETONS), max_size=5), NUMBERING)
def test_shapes_are_the_same_again(objects: list[Object], numbering: tuple[int, int]) -> None:
    assert again("shapes", numbered(objects, *numbering)) == objects


@settings(deadline=None)
@given(st.lists(st.one_of(TRACKS, SKELETON_TRACKS), max_size=4), NUMBERING)
def test_tracks_are_the_same_again(objects: list[Object], numbering: tuple[int, int]) -> None:
    assert again("tracks", numbered(objects, *numbering)) == objects


def test_the_json_has_every_key_that_cvat_writes() -> None:
    box = Shape(number=1, frame=0, label=1, type="rectangle", points=[1.0, 2.0, 3.0, 4.0], group=None)
    (written,) = json.loads(b"[%b]" % render("shapes", [box], TABLE))
    assert set(written) == {
        *("type", "occluded", "outside", "z_order", "rotation", "points", "frame", "group", "source", "attributes"),
        *("elements", "score", "label"),
    }
    assert written["group"] == 0


def test_an_attribute_that_its_label_lost_is_left_out() -> None:
    tag = Tag(number=1, frame=0, label=1, attributes=[Attr(2, "red"), Attr(99, "x")])
    (written,) = json.loads(b"[%b]" % render("tags", [tag], TABLE))
    assert written["attributes"] == [{"name": "colour", "value": "red"}]
