"""/api/guides and /api/assets."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.urls import path
from django.utils.http import content_disposition_header
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import BasicUser, View, basic_user, iso
from labelkeep.api.schema import FORM, Bytes, File, Method, Moment, Uuid
from labelkeep.api.shapes import UNSET, Unset
from labelkeep.errors import BadInput
from labelkeep.media import vault
from labelkeep.projects.actions.create_asset import create_asset
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.actions.delete_asset import delete_asset
from labelkeep.projects.actions.delete_guide import delete_guide
from labelkeep.projects.actions.update_guide import update_guide
from labelkeep.projects.asset_files import KINDS, LIMIT
from labelkeep.projects.models import Asset, Guide
from labelkeep.projects.queries.guides import get_asset, get_guide
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task

_FORM = 2**16  # what a multipart body may have around the file


class GuideBody(msgspec.Struct, kw_only=True):
    """What makes a guide: exactly one of the ids."""

    task_id: int | None = None
    project_id: int | None = None
    markdown: str = ""


class GuidePatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    markdown: str | Unset = UNSET


class AssetForm(TypedDict):
    """A file for a guide: an image or a PDF, up to 10 MB."""

    file: File
    guide_id: int


class AnnotationGuideRead(TypedDict):
    """A guide (cvat-protocol §8.9)."""

    id: int
    task_id: int | None
    project_id: int | None
    created_date: Moment
    updated_date: Moment
    markdown: str


class AssetRead(TypedDict):
    """A file that a guide shows."""

    uuid: Uuid
    filename: str
    created_date: Moment
    owner: NotRequired[BasicUser]
    guide_id: int


def guide_json(guide: Guide) -> AnnotationGuideRead:
    """AnnotationGuideRead."""
    return {
        "id": guide.pk,
        "task_id": guide.task_id,
        "project_id": guide.project_id,
        "created_date": iso(guide.created_date),
        "updated_date": iso(guide.updated_date),
        "markdown": guide.markdown,
    }


def asset_json(asset: Asset, request: Request) -> AssetRead:
    """AssetRead. `owner` must not be null there, so it is left out where the person is gone."""
    owner = basic_user(asset.owner, request)
    answer: AssetRead = {
        "uuid": str(asset.pk),
        "filename": asset.filename,
        "created_date": iso(asset.created_date),
        "guide_id": asset.guide_id,
    }
    if owner is not None:
        answer["owner"] = owner
    return answer


class Guides(View):
    """A new guide."""

    methods = {"POST": Method(takes=GuideBody, gives=AnnotationGuideRead, status=201)}

    def post(self, request: Request) -> Response:
        """Make the guide of a project or of a task that stands alone."""
        body = self.body(GuideBody)
        if body.task_id is None and body.project_id is None:
            raise BadInput("One of project_id or task_id must be specified")
        if body.task_id is not None and body.project_id is not None:
            raise BadInput("Both project_id and task_id must not be specified")
        if body.project_id is not None:
            home = get_project(self.actor, body.project_id, "guide:create")
            guide = create_guide(actor=self.actor, now=clock.now(), home=home, markdown=body.markdown)
        else:
            task = get_task(self.actor, body.task_id or 0, "guide:create")
            guide = create_guide(actor=self.actor, now=clock.now(), home=task, markdown=body.markdown)
        return Response(guide_json(guide), status=201)


class OneGuide(View):
    """One guide."""

    methods = {
        "GET": Method(gives=AnnotationGuideRead),
        "PATCH": Method(takes=GuidePatch, gives=AnnotationGuideRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The guide."""
        return Response(guide_json(get_guide(self.actor, pk)))

    def patch(self, request: Request, pk: int) -> Response:
        """Rewrite it."""
        guide = get_guide(self.actor, pk, "guide:update")
        markdown = self.body(GuidePatch).markdown
        return Response(guide_json(update_guide(actor=self.actor, now=clock.now(), guide=guide, markdown=markdown)))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it with its assets."""
        delete_guide(actor=self.actor, guide=get_guide(self.actor, pk, "guide:delete"))
        return Response(status=204)


class Assets(View):
    """A new asset."""

    parser_classes = [MultiPartParser]
    methods = {"POST": Method(takes={FORM: AssetForm}, gives=AssetRead, status=201)}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is far too large before anything of it is read."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > LIMIT + _FORM:
            raise BadInput("Maximum size of asset is 10 MB")
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> Response:
        """Keep a file for a guide."""
        file = request.FILES.get("file")
        guide_id = str(cast(QueryDict, request.data).get("guide_id", ""))
        if not isinstance(file, UploadedFile):
            raise BadInput({"file": ["No file was submitted."]})
        if not (guide_id.isascii() and guide_id.isdigit() and len(guide_id) < 19):
            raise BadInput({"guide_id": ["A valid integer is required."]})
        if (file.size or 0) > LIMIT:
            raise BadInput("Maximum size of asset is 10 MB")
        guide = get_guide(self.actor, int(guide_id), "asset:create")
        asset = create_asset(
            actor=self.actor, now=clock.now(), guide=guide, filename=file.name or "", content=file.read()
        )
        return Response(asset_json(asset, request), status=201)


class OneAsset(View):
    """One asset: its bytes."""

    methods = {"GET": Method(gives=Bytes(*KINDS)), "DELETE": Method(status=204)}

    def get(self, request: Request, uuid: UUID) -> HttpResponse:
        """The file. A browser shall take it for what it is and run nothing that is in it."""
        asset = get_asset(self.actor, uuid)
        headers = {
            "Content-Disposition": content_disposition_header(asset.media_type == "application/pdf", asset.filename)
            or "inline",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
        }
        return HttpResponse(vault.live().read_blob(asset.blob), content_type=asset.media_type, headers=headers)

    def delete(self, request: Request, uuid: UUID) -> Response:
        """Remove it."""
        delete_asset(actor=self.actor, asset=get_asset(self.actor, uuid, "asset:delete"))
        return Response(status=204)


urlpatterns: list[Any] = [
    path("api/guides", Guides.as_view()),
    path("api/guides/<int:pk>", OneGuide.as_view()),
    path("api/assets", Assets.as_view()),
    path("api/assets/<uuid:uuid>", OneAsset.as_view()),
]
