"""The pure parts of the projects room: status, colours, pictures of skeletons, label input."""

from __future__ import annotations

import pytest
from tests.support.projects import a_skeleton, an_attribute, picture

from labelkeep.errors import BadInput
from labelkeep.projects import asset_files, colors, status, svg
from labelkeep.projects.label_input import AttributeInput, LabelInput, SublabelInput, check


@pytest.mark.parametrize(
    ("stage", "state", "expected"),
    [
        ("annotation", "new", "annotation"),
        ("annotation", "completed", "annotation"),
        ("validation", "completed", "validation"),
        ("acceptance", "in progress", "validation"),
        ("acceptance", "completed", "completed"),
    ],
)
def test_a_job_has_the_status_of_its_stage_and_state(stage, state, expected):
    assert status.of_job(stage, state) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], "annotation"),
        (["completed", "completed"], "completed"),
        (["completed", "annotation"], "annotation"),
        (["completed", "validation", "annotation"], "validation"),
    ],
)
def test_a_whole_has_the_status_of_its_parts(parts, expected):
    assert status.of_parts(parts) == expected


def test_colours_are_stable_and_differ_among_siblings():
    first: set[str] = set()
    for number in range(200):
        first.add(colors.color_for(f"label {number}", first))
    again: set[str] = set()
    for number in range(200):
        again.add(colors.color_for(f"label {number}", again))
    assert first == again
    assert len(first) == 200
    assert all(colors.is_color(color) for color in first)


@pytest.mark.parametrize("text", ["red", "#12345", "#1234567", "#12345g", "#123456\n", ""])
def test_what_is_no_colour_is_not_taken_for_one(text):
    assert not colors.is_color(text)


def test_a_picture_shows_ids_and_keeps_names():
    stored = '<circle data-label-name="left &quot;eye&quot;"></circle><circle data-label-name="nose"></circle>'
    shown = svg.with_ids(stored, {'left "eye"': 7, "nose": 8})
    assert shown == '<circle data-label-id="7"></circle><circle data-label-id="8"></circle>'
    assert svg.with_names(shown, {7: 'left "eye"', 8: "nose"}) == stored


def test_a_picture_follows_a_renamed_point_alone():
    stored = '<circle data-label-name="1"></circle><circle data-label-name="10"></circle>'
    assert svg.renamed(stored, "1", "ear") == stored.replace('name="1"', 'name="ear"')


def test_a_name_that_no_point_has_stays_in_the_picture():
    assert svg.with_ids('<circle data-label-name="x"></circle>', {}) == '<circle data-label-name="x"></circle>'


@pytest.mark.parametrize(
    ("labels", "detail"),
    [
        ([LabelInput(name=" ")], {"labels": [{"name": ["This field may not be blank."]}]}),
        (
            [LabelInput(name="ok"), LabelInput(name="x" * 65)],
            {"labels": [{}, {"name": ["Ensure this field has no more than 64 characters."]}]},
        ),
        ([LabelInput(name="a", type="blob")], {"labels": [{"type": ['"blob" is not a valid choice.']}]}),
        ([LabelInput(name="a", color="red")], {"labels": [{"color": ["A color must look like #rrggbb."]}]}),
        (
            [LabelInput(name="a", attributes=[AttributeInput(name="b")])],
            {"labels": [{"attributes": [{"input_type": ["This field is required."]}]}]},
        ),
        (
            [LabelInput(name="a", attributes=[an_attribute("b", "x" * 129)])],
            {"labels": [{"attributes": [{"default_value": ["Ensure this field has no more than 128 characters."]}]}]},
        ),
        (
            [LabelInput(name="a", sublabels=[SublabelInput(name="p")])],
            {"labels": [{"sublabels": ["Only skeletons may have sublabels and an svg."]}]},
        ),
        ([a_skeleton("s", "1", "1")], {"labels": [{"sublabels": ["All label names must be unique"]}]}),
        (
            [LabelInput(name="a", deleted=True)],
            {"labels": [{"non_field_errors": ["A label that is to be deleted must have an id"]}]},
        ),
        ([LabelInput(name="a"), LabelInput(name=" a ")], ["All label names must be unique"]),
        (
            [LabelInput(name="a", attributes=[an_attribute("x"), an_attribute("x")])],
            "Duplicate attribute with name 'x' exists",
        ),
    ],
)
def test_a_label_that_cannot_be_used_says_why(labels, detail):
    with pytest.raises(BadInput) as raised:
        check(labels)
    found = raised.value.detail
    assert found == detail or [found] == detail


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (picture(format="JPEG"), "image/jpeg"),
        (picture(format="PNG"), "image/png"),
        (picture(format="WEBP"), "image/webp"),
        (picture(format="GIF"), "image/gif"),
        (b"%PDF-1.7 and so on", "application/pdf"),
    ],
)
def test_the_bytes_say_what_an_asset_is(content, media_type):
    assert asset_files.kind(content) == media_type
    assert asset_files.shrunk(content, media_type) == content


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload='alert(1)'></svg>", b"<html>", b"MZ\x90", picture(format="BMP")]
)
def test_anything_else_is_no_asset(content):
    with pytest.raises(BadInput, match="File is not supported as an asset"):
        asset_files.kind(content)


def test_an_asset_has_at_most_ten_megabytes():
    with pytest.raises(BadInput, match="Maximum size of asset is 10 MB"):
        asset_files.kind(b"%PDF-" + bytes(10 * 2**20))


def test_a_cut_picture_is_refused():
    with pytest.raises(BadInput, match="cannot be read"):
        asset_files.shrunk(picture(size=(3000, 20))[:-200], "image/png")


def test_a_large_picture_of_16_bits_is_made_smaller_and_keeps_its_values():
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("I;16", (3840, 100), 40_000).save(file, "PNG")
    with Image.open(io.BytesIO(asset_files.shrunk(file.getvalue(), "image/png"))) as image:
        assert (image.size, image.mode, image.getpixel((7, 7))) == ((1920, 50), "I;16", 40_000)


def test_a_large_picture_is_made_smaller_and_keeps_its_shape():
    import io

    from PIL import Image

    smaller = asset_files.shrunk(picture(size=(3840, 1080), format="JPEG"), "image/jpeg")
    with Image.open(io.BytesIO(smaller)) as image:
        assert image.size == (1920, 540)
        assert image.format == "JPEG"
