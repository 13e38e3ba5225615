"""Small media for tests, drawn and not random: images of every format, videos, point clouds, trees, archives, PDFs."""

from __future__ import annotations

import io
import math
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

COLOURS = ("#c0392b", "#27ae60", "#2980b9", "#8e44ad", "#f39c12", "#16a085")
FORMATS = {
    "png": "PNG",
    "jpg": "JPEG",
    "webp": "WEBP",
    "bmp": "BMP",
    "gif": "GIF",
    "tif": "TIFF",
    "jp2": "JPEG2000",
    "avif": "AVIF",
}


def image(number: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """An image that differs from that of every other number: a shape in a place of its own."""
    picture = Image.new("RGB", size, "#f4f4f4")
    draw = ImageDraw.Draw(picture)
    colour = COLOURS[number % len(COLOURS)]
    left, top = (number * 7) % (size[0] // 2), (number * 5) % (size[1] // 2)
    box = (left, top, left + size[0] // 3, top + size[1] // 3)
    (draw.rectangle if number % 2 == 0 else draw.ellipse)(box, fill=colour, outline="black")
    for bit in range(10):  # the number itself, in pixels
        if number >> bit & 1:
            draw.point((bit, size[1] - 1), fill="black")
    return picture


def image_bytes(
    number: int = 0, extension: str = "png", size: tuple[int, int] = (64, 48), orientation: int = 0, **options: Any
) -> bytes:
    """The bytes of an image file; `orientation` is written as EXIF."""
    buffer = io.BytesIO()
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif.tobytes()
    image(number, size).save(buffer, FORMATS[extension], **options)
    return buffer.getvalue()


def png_bytes(count: int, size: tuple[int, int] = (64, 48)) -> list[bytes]:
    """Several PNG files, each different."""
    return [image_bytes(number, "png", size) for number in range(count)]


def deep_bytes(extension: str = "png", size: tuple[int, int] = (32, 24)) -> bytes:
    """A grey image of sixteen bits: a ramp that ends at 4095, as cameras make them."""
    width, height = size
    values = [column * 4095 // (width - 1) for _ in range(height) for column in range(width)]
    picture = Image.frombytes("I;16", size, struct.pack(f"<{len(values)}H", *values))
    buffer = io.BytesIO()
    picture.save(buffer, FORMATS[extension])
    return buffer.getvalue()


def pictures(folder: Path, count: int, extension: str = "png", size: tuple[int, int] = (64, 48)) -> list[Path]:
    """`count` image files in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"picture_{number:04d}.{extension}" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(image_bytes(number, extension, size))
    return paths


def tree(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Files below a folder, by relative path."""
    paths = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    return paths


def zip_bytes(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_bytes(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar of these files; mode `w:gz` packs it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def video_bytes(
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    form: str = "mp4",
    keyframe_every: int = 8,
    fps: int = 25,
    chapters: Sequence[tuple[str, int, int]] = (),
) -> bytes:
    """A video whose frame n is grey of level `level(n)`: a decoded frame tells its number.

    `chapters`: title, first frame and the frame behind the last.
    """
    import av

    codec = {"mp4": "libx264", "webm": "libvpx", "avi": "mpeg4"}[form]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = keyframe_every
        if chapters:
            unit = Fraction(1, fps)
            container.set_chapters(
                [
                    {"id": at, "start": first, "end": end, "time_base": unit, "metadata": {"title": title}}
                    for at, (title, first, end) in enumerate(chapters)
                ]
            )
        for number in range(frames):
            value = level(number)
            grey = Image.new("RGB", size, (value, value, value))
            frame = av.VideoFrame.from_image(grey)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def level(number: int) -> int:
    """The grey of a video's frame."""
    return 16 + number * 9 % 224


def number_of(picture: Image.Image) -> int:
    """Which frame of `video_bytes` this is, among the first 24."""
    middle = picture.convert("L").getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(middle, (int, float))
    return min(range(24), key=lambda number: abs(level(number) - middle))


def numbers_of(data: bytes) -> list[int]:
    """Which frames a video shows, one after the other."""
    import av

    with av.open(io.BytesIO(data)) as container:
        return [number_of(frame.to_image()) for frame in container.decode(video=0)]


def video(path: Path, frames: int = 20, **options: Any) -> Path:
    """A video file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(video_bytes(frames, form=path.suffix[1:], **options))
    return path


def points(count: int = 60) -> list[tuple[float, float, float]]:
    """A spiral."""
    return [(math.cos(n / 5) * n, math.sin(n / 5) * n, n / 10) for n in range(count)]


def pcd_bytes(count: int = 60, data: str = "binary") -> bytes:
    """A point cloud."""
    header = (
        "# .PCD v.7 - Point Cloud Data file format\nVERSION .7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
        f"WIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA {data}\n"
    ).encode()
    if data == "ascii":
        return header + "".join(f"{x} {y} {z}\n" for x, y, z in points(count)).encode()
    return header + b"".join(struct.pack("<3f", *point) for point in points(count))


def bin_bytes(count: int = 60) -> bytes:
    """A KITTI point cloud."""
    return b"".join(struct.pack("<4f", *point, 0.5) for point in points(count))


def pdf_bytes(pages: int = 2, size: tuple[int, int] = (200, 120)) -> bytes:
    """A PDF of pictures."""
    buffer = io.BytesIO()
    first, *others = [image(number, size) for number in range(pages)]
    first.save(buffer, "PDF", save_all=True, append_images=others)
    return buffer.getvalue()


def manifest_bytes(names: Sequence[tuple[str, str]], width: int = 64, height: int = 48) -> bytes:
    """A manifest.jsonl of images: (name without extension, extension) in order."""
    lines = ['{"version":"1.1"}', '{"type":"images"}']
    lines += [f'{{"name":"{n}","extension":"{e}","width":{width},"height":{height}}}' for n, e in names]
    return "\n".join(lines).encode() + b"\n"
