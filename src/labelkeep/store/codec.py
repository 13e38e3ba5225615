"""How documents, indexes and manifests are compressed: one zstd frame with its content's size and a checksum."""

from __future__ import annotations

from typing import Any

from backports import zstd

from labelkeep.errors import Damaged

_OPTIONS: dict[Any, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
    zstd.CompressionParameter.content_size_flag: 1,
}
LARGEST = 512 * 2**20  # what may be unpacked into memory; the largest we write is about 1 MiB


def compress(data: bytes) -> bytes:
    """Pack."""
    return zstd.compress(data, options=_OPTIONS)


def decompress(data: bytes, what: str) -> bytes:
    """Unpack; `what` is named in the error.

    Raises:
        Damaged: the frame is broken, or says that it unpacks to more than LARGEST bytes.
    """
    try:
        size = zstd.get_frame_info(data).decompressed_size
        if size is None or size > LARGEST:
            raise Damaged(f"{what} does not say how large it is, or is too large")
        return zstd.decompress(data)
    except (zstd.ZstdError, EOFError, ValueError) as error:
        raise Damaged(f"{what} cannot be unpacked: {error}") from error
