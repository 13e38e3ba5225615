"""The small rules: paths of senders, related images, parameters."""

from __future__ import annotations

from typing import Any

import pytest

from labelkeep.errors import BadInput
from labelkeep.media import parameters, tree
from labelkeep.media.assemble import Settings, assemble, order_of_jobs
from labelkeep.media.documents import Source
from labelkeep.media.kinds import kind_of
from labelkeep.media.manifest_file import Entry


def placed(*names: str) -> list[str]:
    root = tree.root_of(names)
    return [tree.relative(name, root) for name in names]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["/u/a/1.png", "/u/a/2.png"], ["1.png", "2.png"]),
        (["/u/a/1.png", "/u/b/1.png"], ["a/1.png", "b/1.png"]),
        (["/u/a/1.png", "/u/a/b/2.png"], ["1.png", "b/2.png"]),
        (["1.png", "2.png"], ["1.png", "2.png"]),
        (["/u/a/1.png", "big.tif"], ["1.png", "big.tif"]),
        (["C:\\u\\a\\1.png", "C:\\u\\b\\2.png"], ["a/1.png", "b/2.png"]),
        (["./a/1.png", "a//2.png"], ["1.png", "2.png"]),
        (["/u/ab/1.png", "/u/abc/2.png"], ["ab/1.png", "abc/2.png"]),
    ],
)
def test_of_a_senders_path_the_tree_stays(names: list[str], wanted: list[str]) -> None:
    assert placed(*names) == wanted


@pytest.mark.parametrize("name", ["../a.png", "/u/../a.png", "", "a/\x07.png", "x" * 1100, "\ud800.png"])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is not allowed"):
        tree.relative(name, "")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.PNG", "image"), ("a/b.jpeg", "image"), ("v.MP4", "video"), ("x.tar.gz", "archive"), ("x.zip", "archive"),
        ("d.pdf", "pdf"), ("c.pcd", "pcd"), ("c.bin", "bin"), ("manifest.jsonl", "manifest"), ("x", "unknown"),
        ("png", "unknown"), ("a.svg", "unknown"),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def related(*paths: str, manifest: list[Entry] | None = None) -> dict[str, list[str]]:
    sources = [Source(path=path, role="other") for path in paths]
    listed = (lambda _: manifest) if manifest is not None else None
    with assemble(sources, Settings(from_archive=True), read_manifest=listed) as assembly:
        return {frame.path: frame.related for frame in assembly.frames()}


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (["a.png", "related_images/a_png/x.jpg"], {"a.png": ["related_images/a_png/x.jpg"]}),
        (["s/a.png", "s/related_images/a_png/x.jpg"], {"s/a.png": ["s/related_images/a_png/x.jpg"]}),
        (["a.b.png", "related_images/a.b_png/x.jpg"], {"a.b.png": ["related_images/a.b_png/x.jpg"]}),
        (["a.png", "related_images/other_png/x.jpg"], {"a.png": []}),
        (["pointcloud/1.pcd", "related_images/1_pcd/c.png"], {"pointcloud/1.pcd": ["related_images/1_pcd/c.png"]}),
        (["d/1.pcd", "d/1.png", "d/2.png"], {"d/1.pcd": ["d/1.png"]}),
        (["d/1.pcd", "d/1/a.png", "d/1/b.png"], {"d/1.pcd": ["d/1/a.png", "d/1/b.png"]}),
        (
            ["k/velodyne_points/data/7.pcd", "k/image_00/data/7.png", "k/IMAGE_01/data/7.png", "k/image_00/data/8.png"],
            {"k/velodyne_points/data/7.pcd": ["k/IMAGE_01/data/7.png", "k/image_00/data/7.png"]},
        ),
    ],
)
def test_related_images_are_found_by_where_they_lie(paths: list[str], wanted: dict[str, list[str]]) -> None:
    assert related(*paths) == wanted


def test_what_a_manifest_says_of_related_images_counts() -> None:
    files = ["manifest.jsonl", "a.png", "b.png", "related_images/x/c.png"]
    entries = [Entry("a.png", related=("related_images/x/c.png", "gone.png")), Entry("b.png")]
    assert related(*files, manifest=entries) == {"a.png": ["related_images/x/c.png"], "b.png": []}


def test_two_manifests_are_one_too_many() -> None:
    with pytest.raises(BadInput, match="Only one manifest"):
        related("a.png", "x/a.jsonl", "y/b.jsonl")


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="same name"):
        related("a.png", "a.png")


def test_the_order_of_an_archive_is_its_manifests() -> None:
    files = ["manifest.jsonl", "a.png", "b.png"]
    assert list(related(*files, manifest=[Entry("b.png"), Entry("a.png")])) == ["b.png", "a.png"]


def test_a_manifest_that_names_what_is_not_there_gives_way_to_the_sorting() -> None:
    sources = [Source(path=path, role="other") for path in ("manifest.jsonl", "b.png", "a.png")]
    entries = [Entry("b.png"), Entry("c.png"), Entry("a.png")]
    with assemble(sources, Settings(from_archive=True), read_manifest=lambda _: entries) as assembly:
        assert [frame.path for frame in assembly.frames()] == ["a.png", "b.png"]
        assert [(finding.code, finding.member) for finding in assembly.findings] == [("media-missing", "c.png")]


def test_only_the_frames_of_the_range_have_to_be_there() -> None:
    sources = [Source(path=path, role="other") for path in ("manifest.jsonl", "b.png")]
    entries = [Entry("a.png"), Entry("b.png"), Entry("c.png")]
    settings = Settings(start=1, stop=1, from_archive=True)
    with assemble(sources, settings, read_manifest=lambda _: entries) as assembly:
        assert [frame.path for frame in assembly.frames()] == ["b.png"]
        assert not assembly.findings


def test_an_exact_order_with_a_missing_file_is_an_error() -> None:
    sources = [Source(path="a.png", role="other")]
    with assemble(sources, Settings(order=["a.png", "b.png"], from_archive=True)) as assembly:
        assert [finding.is_error for finding in assembly.findings] == [True]


def test_jobs_that_disagree_are_refused() -> None:
    with pytest.raises(BadInput, match="disagree"):
        order_of_jobs([(0, ["a", "b"]), (1, ["c"])])
    with pytest.raises(BadInput, match="do not match segment size"):
        order_of_jobs([(0, ["a"]), (2, ["c"])])


def test_parameters_have_defaults() -> None:
    params = parameters.read({"image_quality": "55", "server_files": "a.png", "unknown": 1, "stop_frame": None})
    assert (params.image_quality, params.server_files, params.stop_frame, params.step) == (55, ["a.png"], None, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"chunk_size": 0},
        {"start_frame": -1},
        {"frame_filter": "every second"},
        {"validation_params": {"mode": "best"}},
        {"validation_params": {"mode": "gt_pool"}, "sorting_method": "natural"},
        {"job_file_mapping": [[]]},
        {"job_file_mapping": [["a"]], "start_frame": 2},
        {"filename_pattern": "*", "server_files_exclude": ["a"]},
        {"image_quality": "high"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        parameters.read(values)
