"""Files of every kind become the frames that a client then sees."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from tests.support import media

from labelkeep.errors import BadInput, Refused
from labelkeep.media import documents
from labelkeep.media.cache import DiskCache
from labelkeep.media.frames import Frames
from labelkeep.media.ingest import DataParams, Ingested, Staged, ingest
from labelkeep.store import Store, open_backend
from labelkeep.store.catalog import MemoryCatalog


@pytest.fixture
def store() -> Store:
    return Store.create(open_backend("memory://"), server="test", catalog=MemoryCatalog())


def staged(files: Mapping[str, bytes]) -> Iterator[Staged]:
    for name, data in files.items():
        yield Staged(name, len(data), lambda data=data: io.BytesIO(data))  # type: ignore[misc]


def take(store: Store, files: Mapping[str, bytes], **params: Any) -> Ingested:
    return ingest(staged(files), DataParams(**params), store=store, seed=7)


def names(store: Store, done: Ingested) -> list[str]:
    index = documents.read_index(done.frames_document, store.get_document)
    return [frame.path for frame in documents.read_frames(index, store.get_document)]


def only(store: Store, done: Ingested) -> documents.Frame:
    index = documents.read_index(done.frames_document, store.get_document)
    return next(documents.read_frames(index, store.get_document))


@pytest.mark.parametrize("extension", sorted(media.FORMATS))
def test_an_image_of_every_format_becomes_a_frame(store: Store, extension: str) -> None:
    data = media.image_bytes(3, extension)
    done = take(store, {f"a.{extension}": data})
    frame = only(store, done)
    assert (done.mode, done.media_type, done.dimension, done.size) == ("annotation", "image", "2d", 1)
    assert (frame.width, frame.height, frame.size) == (64, 48, len(data))
    assert store.read_blob(frame.blob) == data


def test_an_image_on_its_side_is_as_wide_as_it_is_shown(store: Store) -> None:
    frame = only(store, take(store, {"a.jpg": media.image_bytes(0, "jpg", orientation=6)}))
    assert (frame.width, frame.height) == (48, 64)


def test_sixteen_bits_are_an_image(store: Store) -> None:
    frame = only(store, take(store, {"a.png": media.deep_bytes()}))
    assert (frame.width, frame.height) == (32, 24)


def test_what_is_not_an_image_is_refused_by_name_and_nothing_stays(store: Store) -> None:
    with pytest.raises(BadInput, match=r"b\.png: cannot be read as an image"):
        take(store, {"a.png": media.image_bytes(), "b.png": b"hello"})
    assert not list(store.backend.list("packs/"))


@pytest.mark.parametrize(
    ("method", "order"),
    [
        ("lexicographical", ["1.png", "10.png", "2.png"]),
        ("natural", ["1.png", "2.png", "10.png"]),
    ],
)
def test_frames_stand_in_the_order_of_the_sorting_method(store: Store, method: str, order: list[str]) -> None:
    files = {name: media.image_bytes(at) for at, name in enumerate(["10.png", "2.png", "1.png"])}
    assert names(store, take(store, files, sorting_method=method)) == order


def test_a_predefined_order_is_the_one_of_upload_file_order(store: Store) -> None:
    files = {name: media.image_bytes(at) for at, name in enumerate(["a.png", "b.png", "c.png"])}
    order = ["c.png", "a.png", "b.png"]
    assert names(store, take(store, files, sorting_method="predefined", upload_file_order=order)) == order


def test_an_order_that_names_other_files_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="upload_file_order"):
        take(store, {"a.png": media.image_bytes()}, sorting_method="predefined", upload_file_order=["b.png"])


def test_a_manifest_tells_the_predefined_order(store: Store) -> None:
    files = {name: media.image_bytes(at) for at, name in enumerate(["a.png", "b.png"])}
    files["manifest.jsonl"] = media.manifest_bytes([("b", ".png"), ("a", ".png")])
    assert names(store, take(store, files, sorting_method="predefined")) == ["b.png", "a.png"]


def test_start_stop_and_step_choose_frames_and_keep_all_sources(store: Store) -> None:
    files = {f"{number}.png": media.image_bytes(number) for number in range(8)}
    done = take(store, files, start_frame=1, stop_frame=6, frame_filter="step=2")
    assert names(store, done) == ["1.png", "3.png", "5.png"]
    assert (done.size, done.start_frame, done.stop_frame, done.frame_filter) == (3, 1, 5, "step=2")
    assert documents.read_index(done.sources_document, store.get_document).count == 8


@pytest.mark.parametrize("pack", [media.zip_bytes, media.tar_bytes])
def test_an_archive_is_a_tree_of_images(store: Store, pack: Any) -> None:
    data = pack({"b/1.png": media.image_bytes(1), "a/c/2.png": media.image_bytes(2), "notes.txt": b"x"})
    name = "set.zip" if pack is media.zip_bytes else "set.tar"
    assert names(store, take(store, {name: data})) == ["a/c/2.png", "b/1.png"]


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a\\b.png"])
def test_a_zip_with_a_name_that_leads_elsewhere_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused):
        take(store, {"set.zip": media.zip_bytes({name: media.image_bytes()})})


def test_a_tar_with_a_name_that_leads_elsewhere_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="leads out"):
        take(store, {"set.tar": media.tar_bytes({"../evil.png": media.image_bytes()})})


def test_the_pages_of_a_pdf_are_frames(store: Store) -> None:
    done = take(store, {"doc.pdf": media.pdf_bytes(3)})
    assert names(store, done) == ["doc-01.jpg", "doc-02.jpg", "doc-03.jpg"]


def test_a_file_that_only_calls_itself_pdf_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="PDF"):
        take(store, {"doc.pdf": b"nothing"})


@pytest.mark.parametrize("form", ["mp4", "webm", "avi"])
def test_a_video_has_the_frames_of_its_stream(store: Store, form: str) -> None:
    done = take(store, {f"clip.{form}": media.video_bytes(20, form=form)})
    assert (done.mode, done.size, done.chunk_size, done.compressed_chunk_type) == ("interpolation", 20, 36, "video")
    index = documents.read_index(done.frames_document, store.get_document)
    assert index.video is not None
    assert (index.video.width, index.video.height, index.video.length) == (64, 48, 20)


def test_a_video_is_cut_by_start_stop_and_step(store: Store) -> None:
    done = take(store, {"clip.mp4": media.video_bytes(20)}, start_frame=5, stop_frame=18, frame_filter="step=3")
    assert (done.size, done.start_frame, done.stop_frame) == (5, 5, 17)


def test_zip_chunks_of_a_video_are_asked_for(store: Store) -> None:
    done = take(store, {"clip.mp4": media.video_bytes(5)}, use_zip_chunks=True)
    assert (done.compressed_chunk_type, done.original_chunk_type) == ("imageset", "video")


def test_a_broken_video_is_refused_by_name(store: Store) -> None:
    with pytest.raises(BadInput, match="cannot be read as a video"):
        take(store, {"clip.mp4": b"\0" * 1000})


def test_point_clouds_make_a_3d_task_with_their_pictures_beside_them(store: Store) -> None:
    files = {"pointcloud/000.pcd": media.pcd_bytes(60), "related_images/000_pcd/cam.png": media.image_bytes()}
    done = take(store, {"clouds.zip": media.zip_bytes(files)})
    frame = only(store, done)
    assert (done.dimension, done.media_type, frame.width, frame.height) == ("3d", "point_cloud", 60, 1)
    assert frame.related == ["related_images/000_pcd/cam.png"]


def test_a_kitti_cloud_becomes_a_pcd(store: Store) -> None:
    frame = only(store, take(store, {"velodyne_points/data/0.bin": media.bin_bytes(50)}))
    assert (frame.path, frame.width) == ("velodyne_points/data/0.pcd", 50)
    assert store.read_blob(frame.blob).startswith(b"# .PCD")


def test_context_images_are_not_frames(store: Store) -> None:
    files = {"a.png": media.image_bytes(0), "related_images/a_png/side.png": media.image_bytes(1)}
    done = take(store, files)
    assert names(store, done) == ["a.png"]
    assert only(store, done).related == ["related_images/a_png/side.png"]


def test_video_and_images_do_not_go_together(store: Store) -> None:
    with pytest.raises(BadInput, match="Only one video"):
        take(store, {"a.png": media.image_bytes(), "clip.mp4": media.video_bytes(3)})


def test_files_of_no_kind_are_no_media(store: Store) -> None:
    with pytest.raises(BadInput, match="No media data found"):
        take(store, {"notes.txt": b"hello"})


def test_jobs_file_by_file_order_the_frames(store: Store) -> None:
    files = {f"{number}.png": media.image_bytes(number) for number in range(3)}
    done = take(store, files, job_file_mapping=[["2.png"], ["0.png", "1.png"]])
    assert names(store, done) == ["2.png", "0.png", "1.png"]
    assert done.job_files == [["2.png"], ["0.png", "1.png"]]


def test_honeypots_put_the_pool_at_the_end_and_show_it_in_every_job(store: Store) -> None:
    files = {f"{number}.png": media.image_bytes(number) for number in range(10)}
    params = {
        "mode": "gt_pool",
        "frame_selection_method": "manual",
        "frames": ["3.png", "4.png"],
        "frames_per_job_count": 1,
    }
    done = ingest(
        staged(files),
        DataParams(sorting_method="random", validation_params=params),
        store=store,
        segment_size=4,
        seed=1,
    )
    assert done.pool is not None
    order = names(store, done)
    assert order[-2:] == ["3.png", "4.png"]
    assert done.size == 8 + 2 + 2
    for start, stop in done.pool.jobs:
        assert len({"3.png", "4.png"} & set(order[start : stop + 1])) == 1


def test_the_same_images_again_cost_no_space(store: Store) -> None:
    files = {f"{number}.png": media.image_bytes(number) for number in range(5)}
    first = take(store, files)
    before = list(store.backend.list("packs/"))
    assert take(store, files).frames_document == first.frames_document
    assert list(store.backend.list("packs/")) == before


def test_a_chunk_size_follows_the_size_of_the_images(store: Store) -> None:
    assert take(store, {"a.png": media.image_bytes(0, size=(4000, 3000))}).chunk_size == 6


def facts(done: Ingested) -> Any:
    return SimpleNamespace(**{name: getattr(done, name) for name in done.__dataclass_fields__})


def test_what_came_in_goes_out_again(store: Store, tmp_path: Any) -> None:
    data = media.image_bytes(4)
    frames = Frames(facts(take(store, {"a.png": data})), store, DiskCache(tmp_path))
    assert b"".join(frames.frame(0, original=True).body) == data
    shown = Image.open(io.BytesIO(b"".join(frames.frame(0, original=False).body)))
    assert (shown.format, shown.size) == ("JPEG", (64, 48))
