"""Exact frames of videos, however they were encoded."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from tests.support import media

from labelkeep.errors import BadInput
from labelkeep.media import video


@pytest.mark.parametrize("form", ["mp4", "webm", "avi"])
@pytest.mark.parametrize("keyframe_every", [1, 5, 100])
def test_every_single_frame_can_be_had(form: str, keyframe_every: int) -> None:
    data = media.video_bytes(20, form=form, keyframe_every=keyframe_every)
    index = video.index(io.BytesIO(data))
    assert index.length == 20
    for number in (0, 1, 4, 5, 6, 11, 19):
        (image,) = video.frames(io.BytesIO(data), [index.pts[number]])
        assert media.number_of(image) == number


def test_several_frames_come_in_one_pass() -> None:
    data = media.video_bytes(24, keyframe_every=6)
    index = video.index(io.BytesIO(data))
    wanted = [3, 7, 8, 20]
    images = video.frames(io.BytesIO(data), [index.pts[number] for number in wanted])
    assert [media.number_of(image) for image in images] == wanted


def test_key_frames_are_listed_for_seeking() -> None:
    index = video.index(io.BytesIO(media.video_bytes(20, keyframe_every=5)))
    assert index.keyframes[0][0] == 0
    assert len(index.keyframes) >= 4
    assert all(index.pts[number] == pts for number, pts in index.keyframes)


def test_stamps_ascend_without_repeating() -> None:
    stamps = list(video.index(io.BytesIO(media.video_bytes(20))).pts)
    assert stamps == sorted(set(stamps))


def test_an_encoded_video_shows_its_pictures() -> None:
    greys = [Image.new("RGB", (64, 48), (media.level(n),) * 3) for n in (5, 2, 9)]
    assert media.numbers_of(video.encode(greys, quality=90)) == [5, 2, 9]


def test_odd_sides_are_made_even() -> None:
    assert video.index(io.BytesIO(video.encode([media.image(0, (33, 21))]))).width == 32


@pytest.mark.parametrize("data", [b"", b"text", b"\0" * 5000, media.image_bytes(0, "jpg")[:100]])
def test_what_is_not_a_video_is_said_so(data: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be read as a video"):
        video.index(io.BytesIO(data))


def test_a_video_without_pictures_is_said_so() -> None:
    with pytest.raises(BadInput, match="cannot be read as a video"):
        video.index(io.BytesIO(media.video_bytes(3)[:200]))


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_chapters_are_told_in_frames(form: str) -> None:
    chapters = [("Begin", 0, 5), ("Über die Brücke", 5, 12), ("", 12, 20)]
    found = video.index(io.BytesIO(media.video_bytes(20, form=form, chapters=chapters))).chapters
    assert [(chapter.first, chapter.last, chapter.title) for chapter in found] == [
        (0, 4, "Begin"),
        (5, 11, "Über die Brücke"),
        (12, 19, ""),
    ]


def test_a_chapter_that_no_frame_is_in_is_left_out() -> None:
    data = media.video_bytes(10, form="webm", chapters=[("all", 0, 99), ("behind the end", 50, 99)])
    assert [(chapter.first, chapter.last) for chapter in video.index(io.BytesIO(data)).chapters] == [(0, 9)]


def test_a_video_without_chapters_has_none() -> None:
    assert video.index(io.BytesIO(media.video_bytes(3))).chapters == []
