"""Upload URLs: the five kinds of request that CVAT's clients send to one address (spec/cvat-protocol.md §6.1).

A subclass says what the files are for and what happens at the end; tus, multipart and their limits live here once.
A subclass's `urlpatterns` name it twice: at its URL, and at `<its URL>/<file_id>` for tus chunks.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import View, absolute
from labelkeep.api.bodies import JSONParser, VndParser
from labelkeep.api.schema import FORM, JSON, AnyOf, Bytes, Detail, Method, Natural, Parameter, RqId
from labelkeep.errors import BadInput, Conflict, TooLarge
from labelkeep.media import uploads
from labelkeep.media.models import Upload
from labelkeep.media.multipart import receive
from labelkeep.projects.quotas import FREE, Room

TUS_HEADERS = {
    "Tus-Resumable": "1.0.0",
    "Tus-Version": "1.0.0",
    "Tus-Extension": "",
    "Access-Control-Allow-Methods": "PATCH,HEAD,GET,POST,OPTIONS",
    "Access-Control-Allow-Headers": "Tus-Resumable,upload-length,upload-metadata,Location,Upload-Offset,content-type",
    "Access-Control-Expose-Headers": "Tus-Resumable,upload-length,upload-metadata,Location,Upload-Offset",
    "Cache-Control": "no-store",
}


_KIND = "Its presence, with any value, says which of the five kinds of request this is."
_OFFSET = Parameter("How many bytes have come before these.", Natural, required=True, place="header")
_REFUSED = {400: str, 409: str, 413: str}
PIECES = ("head", "patch", "options")  # what is done with one upload, at `<the URL>/<file_id>`


def upload_methods(form: Any, body: Any, query: Mapping[str, str | Parameter] | None = None) -> dict[str, Method]:
    """What an upload URL and those of its pieces take and give. 200, 201 and 202 may be empty (tus, Upload-Start)."""
    kinds = {name: Parameter(_KIND, place="header") for name in ("Upload-Start", "Upload-Multiple", "Upload-Finish")}
    length = {
        "Upload-Length": Parameter("Makes this a tus creation: the bytes that will come.", Natural, place="header"),
        "Upload-Metadata": Parameter("tus: `filename` and the name in base64.", place="header"),
    }
    post = Method(
        takes={FORM: form, JSON: body},
        gives=RqId,
        status=202,
        also={200: None, 201: None, 400: str, 409: AnyOf(RqId, Detail, str), 413: str},
        query={**(query or {}), **kinds, **length},
    )
    patch = Method(
        takes=Bytes("application/offset+octet-stream"), status=204, also=_REFUSED, query={"Upload-Offset": _OFFSET}
    )
    return {"POST": post, "PATCH": patch, "HEAD": Method(also=_REFUSED), "OPTIONS": Method(status=204, also=_REFUSED)}


class UploadView(View):
    """Base of all upload URLs.

    Subclasses set `purpose`, and `file_fields` (form names that are looked for first), and write `finish`; where
    something must be allowed or prepared before bytes come, also `allow` and `start`.
    """

    purpose: ClassVar[str]
    file_fields: ClassVar[tuple[str, ...]] = ()

    # ---- for subclasses -------------------------------------------------------------------------------------------

    def allow(self, request: Request, **kwargs: Any) -> None:
        """Raise unless the actor may upload here. Called before anything is read, on every kind of request."""

    def start(self, request: Request, **kwargs: Any) -> None:
        """`Upload-Start` came."""

    def finish(self, request: Request, uploads: list[Upload], params: dict[str, Any], **kwargs: Any) -> str | Response:
        """All files are here, whole and the actor's own: begin the work and return its request id.

        `params`: query parameters, then fields of the body (JSON or multipart), the body winning.
        """
        raise NotImplementedError

    def target_id(self, **kwargs: Any) -> int | None:
        """The object that the files are for, where the URL names one."""
        return kwargs.get("pk")

    def wire_name(self, upload: Upload) -> str:
        """What `Upload-Filename` says: the id, by which `finish` finds the upload again."""
        return upload.pk

    def announce(self, filename: str, **kwargs: Any) -> None:
        """Raise where a file of this name cannot come by tus."""

    def room(self, **kwargs: Any) -> Room:
        """What a quota leaves for the files. An archive itself is not kept, what is in it is judged later."""
        return FREE

    def gathered(self, request: Request, received: list[Upload], **kwargs: Any) -> list[Upload]:
        """The uploads that a finish is about: those in its body, else the one that the query's `filename` names.

        Raises:
            BadInput: there is none of that name, or not all of it has come.
        """
        name = str(request.query_params.get("filename") or "")
        if received or not name:
            return received
        found = Upload.objects.filter(pk=name, owner_id=request.actor.user.pk, purpose=self.purpose).first()  # type: ignore[attr-defined]
        if found is None:
            raise BadInput(["No such file were uploaded"])
        return [found]

    # ---- requests -------------------------------------------------------------------------------------------------

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Keep everybody else from parsing the body: the CSRF check would read it for a form field, into memory and
        files. So `request.data` is empty in these views; `finish` is given the parameters."""
        request._post, request._files = QueryDict(), MultiValueDict()  # type: ignore[attr-defined]
        wrapped = super().initialize_request(request, *args, **kwargs)
        wrapped._data, wrapped._files = QueryDict(), MultiValueDict()  # type: ignore[attr-defined]
        return wrapped

    def handle_exception(self, exc: Exception) -> Any:
        """A refusal is a JSON string here, where others answer with a list or `detail` (cvat-protocol §6.2)."""
        response = super().handle_exception(exc)
        sentence = getattr(exc, "detail", None) if type(exc) in (BadInput, Conflict, TooLarge) else None
        if isinstance(sentence, str) and self.request.method != "GET":
            response.data = sentence
        return response

    def post(self, request: Request, **kwargs: Any) -> Response:
        """One of the five kinds, told apart by the presence of headers."""
        self.allow(request, **kwargs)
        if "Upload-Finish" in request.headers:
            return self._finish(request, **kwargs)
        if "Upload-Start" in request.headers:
            self.start(request, **kwargs)
            return Response(status=202)
        if "Upload-Length" in request.headers:
            return self._create(request, **kwargs)
        if "Upload-Multiple" in request.headers:
            self._receive(request, **kwargs)
            return Response(status=200)
        return self._finish(request, **kwargs)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """What this server's tus can do."""
        return Response(status=204, headers={**TUS_HEADERS, "Tus-Max-Size": str(uploads.limit())})

    def head(self, request: Request, file_id: str = "", **kwargs: Any) -> Response:
        """How far an upload has come."""
        self.allow(request, **kwargs)
        upload = uploads.find(request.actor, file_id, purpose=self.purpose)  # type: ignore[attr-defined]
        return Response(headers=_progress(upload.offset, upload.length))

    def patch(self, request: Request, file_id: str = "", **kwargs: Any) -> Response:
        """The next bytes of an upload."""
        self.allow(request, **kwargs)
        upload = uploads.find(request.actor, file_id, purpose=self.purpose)  # type: ignore[attr-defined]
        offset, length = _number(request, "Upload-Offset"), _body_length(request)
        try:
            reached = uploads.append(
                request.actor,  # type: ignore[attr-defined]
                file_id,
                offset=offset,
                body=request._request,
                length=length,
                now=clock.now(),
            )
        except uploads.WrongOffset as error:
            return Response(str(error), status=409, headers=_progress(error.offset, upload.length))
        whole = reached == offset + length
        return Response(status=204 if whole else 400, headers=_progress(reached, upload.length))

    # ---- inside ---------------------------------------------------------------------------------------------------

    def _create(self, request: Request, **kwargs: Any) -> Response:
        length = _number(request, "Upload-Length")
        metadata = _metadata(request.headers.get("Upload-Metadata", ""))
        if "filename" not in metadata:
            raise BadInput("Metadata is expected to contain 'filename' key")
        self.announce(metadata["filename"], **kwargs)
        self.room(**kwargs).require(bytes=length)
        upload = uploads.create(
            request.actor,  # type: ignore[attr-defined]
            purpose=self.purpose,
            filename=metadata["filename"],
            length=length,
            now=clock.now(),
            target_id=self.target_id(**kwargs),
        )
        location = absolute(request, f"{request.path.rstrip('/')}/{upload.pk}")
        headers = {**TUS_HEADERS, "Location": location, "Upload-Filename": self.wire_name(upload)}
        return Response(status=201, headers=headers)

    def _receive(self, request: Request, **kwargs: Any) -> tuple[QueryDict, list[tuple[str, Upload]]]:
        if not (request.content_type or "").lower().startswith("multipart/form-data"):
            raise BadInput("A multipart/form-data body was expected")
        left = self.room(**kwargs)
        incoming = uploads.Incoming(
            self.actor,
            self.purpose,
            clock.now(),
            self.target_id(**kwargs),
            permit=lambda size: left.require(bytes=size),
        )
        return receive(request._request, incoming)

    def _finish(self, request: Request, **kwargs: Any) -> Response:
        params: dict[str, Any] = {key: request.query_params[key] for key in request.query_params}
        received: list[Upload] = []
        if (request.content_type or "").lower().startswith("multipart/form-data"):
            fields, parts = self._receive(request, **kwargs)
            params |= _fields(fields)
            received = self._chosen(parts)
        else:
            params |= _json(request)
        files = self.gathered(request, received, **kwargs)
        for upload in files:
            uploads.check_whole(upload)
        answer = self.finish(request, files, params, **kwargs)
        return Response({"rq_id": answer}, status=202) if isinstance(answer, str) else answer

    def _chosen(self, parts: list[tuple[str, Upload]]) -> list[Upload]:
        """Where one file is expected: the one under a known form name, else the only one, whatever its name."""
        named = [upload for name, upload in parts if name in self.file_fields]
        if not self.file_fields or (len(parts) == 1 and not named):
            return [upload for _, upload in parts]
        spare = [upload.pk for name, upload in parts if upload not in named[:1]]
        uploads.discard(spare)
        if not named and parts:
            raise BadInput({self.file_fields[0]: ["No file was submitted."]})
        return named[:1]


def _progress(offset: int, length: int) -> dict[str, str]:
    return {**TUS_HEADERS, "Upload-Offset": str(offset), "Upload-Length": str(length)}


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdigit():
        raise BadInput(f"{header} must be a whole number")
    return int(text)


def _body_length(request: Request) -> int:
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise BadInput("Content-Length is required")
    return _number(request, "Content-Length") if request.headers.get("Content-Length") else 0


def _metadata(header: str) -> dict[str, str]:
    """tus metadata: `key base64`, separated by commas; a key may lack a value."""
    values: dict[str, str] = {}
    for item in header.split(","):
        key, _, encoded = item.strip().partition(" ")
        if key:
            try:
                values[key] = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise BadInput(f"Upload-Metadata: {key} is not base64 of UTF-8") from error
    return values


def _json(request: Request) -> dict[str, Any]:
    try:
        body = request._request.body
    except Exception as error:
        raise TooLarge("The request body is too large") from error
    if not body.strip():
        return {}
    kind = (request.content_type or "").lower().partition(";")[0].strip()
    if kind == "application/x-www-form-urlencoded":
        return _fields(QueryDict(body))
    if kind not in ("", JSONParser.media_type, VndParser.media_type):
        raise UnsupportedMediaType(kind)
    value = JSONParser().parse(io.BytesIO(body))
    if not isinstance(value, dict):
        raise BadInput({"non_field_errors": ["Invalid data. Expected a dictionary."]})
    return value


def _fields(fields: QueryDict) -> dict[str, Any]:
    """Form fields as JSON would have them: `name[0]`, `name[1]` … make a list, objects and lists are JSON text."""
    values: dict[str, Any] = {}
    for key, given in fields.lists():
        name, bracket, _ = key.partition("[")
        items = [_field(text) for text in given]
        if bracket:
            values.setdefault(name, []).extend(items)
        else:
            values[name] = items[0] if len(items) == 1 else items
    return values


def _field(text: Any) -> Any:
    if isinstance(text, str) and text[:1] in "[{" and text[:1]:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text
