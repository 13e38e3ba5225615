"""Multipart bodies, streamed: file parts go to the store while they arrive, only plain fields are held in memory.

Django's parser strips directories from file names. The stock client sends a file's full local path there, and from a
directory tree these paths are all that tells `a/1.png` from `b/1.png`; so our parser keeps them, and `tree.py` decides
what of them becomes part of a frame's name.
"""

from __future__ import annotations

import html
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from labelkeep.errors import BadInput, TooLarge
from labelkeep.media.models import Upload
from labelkeep.media.uploads import Incoming, check_length

CHUNK = 2**20


class StoreHandler(FileUploadHandler):
    """Django's upload handler that hands every byte on to an `Incoming` and keeps none."""

    chunk_size = CHUNK

    def __init__(self, incoming: Incoming) -> None:
        super().__init__()
        self.incoming = incoming
        self.fields: list[str] = []  # the form name of each file part, in order

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file part begins."""
        super().new_file(*args, **kwargs)
        self.fields.append(self.field_name or "")
        self.incoming.begin(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Bytes of the present part; returning None keeps them from further handlers."""
        self.incoming.receive(raw_data)

    def file_complete(self, file_size: int) -> None:
        """The part is over. There is no file object: `Incoming` has the upload."""
        self.incoming.end()


class PathKeepingParser(MultiPartParser):
    """Django's parser, except that a part's file name keeps its directories."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        """The name as sent, with entities resolved; characters that cannot be printed are dropped."""
        name = "".join(char for char in html.unescape(file_name) if char.isprintable())
        return name or None


class _Counted:
    """Counts what is read, to tell a body that ended from one that was cut."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.count = 0

    def read(self, size: int | None = None) -> bytes:
        data = self.request.read(size) if size is not None else self.request.read()
        self.count += len(data)
        return data


def receive(request: HttpRequest, incoming: Incoming) -> tuple[QueryDict, list[tuple[str, Upload]]]:
    """Read a whole multipart body: its plain fields, and `(form name, upload)` of each file part.

    Nothing stays behind when this raises.

    Raises:
        BadInput: the body is malformed or was cut.
        TooLarge: a part or the fields are over their limit.
    """
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    check_length(length)
    stream = _Counted(request)
    handler = StoreHandler(incoming)
    with incoming:
        try:
            fields, _ = PathKeepingParser(request.META, stream, [handler], request.encoding).parse()  # type: ignore[arg-type]
        except MultiPartParserError as error:
            raise BadInput(f"Multipart form parse error - {error}") from error
        except (RequestDataTooBig, TooManyFieldsSent) as error:
            raise TooLarge(str(error)) from error
        if stream.count < length:
            raise BadInput(f"The body was cut: {stream.count} of {length} bytes came")
        return fields, list(zip(handler.fields, incoming.keep(), strict=True))
