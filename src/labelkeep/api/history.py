"""/api/jobs/{id}/history, blame and revert: what one object was, who changed it, and back to an earlier version.

Our own; CVAT keeps no versions of objects.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict
from uuid import UUID

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.annotations.changes import Change, changes
from labelkeep.annotations.model import Kind, Object, ShapeType
from labelkeep.annotations.wire import Ids, Writer, id_of, job_and_number
from labelkeep.api.base import BasicUser, View, base, iso, user_in
from labelkeep.api.compare import natural
from labelkeep.api.labeled_data import LabeledImage, TrackedShape
from labelkeep.api.schema import Detail, Method, Moment, Natural, Parameter
from labelkeep.errors import BadInput, NotFound
from labelkeep.projects import saved
from labelkeep.projects.models import Job
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.versions import Version
from labelkeep.snapshots.history import Past, backups_of, before_restore


class AnyObject(LabeledImage):
    """A tag, a shape or a track, as the annotations of the job have it; the kind says which of the rest is there."""

    type: NotRequired[ShapeType]
    points: NotRequired[list[float]]
    occluded: NotRequired[bool]
    outside: NotRequired[bool]
    z_order: NotRequired[int]
    rotation: NotRequired[float]
    score: NotRequired[float]
    shapes: NotRequired[list[TrackedShape]]
    elements: NotRequired[list[dict[str, Any]]]


class VersionRead(TypedDict):
    """An object after one save. `object` null: that save removed it. `since` is less than `revision` where it may have
    been an earlier save whose content is not known. Without a revision: what a backup of the origin says."""

    kind: Kind
    revision: int | None
    since: int | None
    actor: BasicUser | None
    created_date: Moment | None
    changes: list[Change]
    object: AnyObject | None
    backups: list[str]


class HistoryRead(TypedDict):
    """All versions of an object, the first one first."""

    id: int
    versions: list[VersionRead]


class BlameLine(TypedDict):
    """An object on a frame, and the save that changed it last."""

    id: int
    kind: Kind
    revision: int
    since: int
    actor: BasicUser | None
    created_date: Moment | None
    object: AnyObject | None


class BlameRead(TypedDict):
    """The objects of a frame."""

    frame: int
    objects: list[BlameLine]


class Revert(msgspec.Struct, kw_only=True):
    """Which object, by its id, and after which revision it was as it shall be again."""

    object: int
    revision: int


class HistoryView(View):
    """The versions of one object."""

    methods = {
        "GET": Method(gives=HistoryRead, query={"object": Parameter("The object's id.", Natural, required=True)})
    }

    def get(self, request: Request, pk: int) -> Response:
        """Through the saves of the job, and through backups."""
        job = get_job(self.actor, pk, "job:view-annotations")
        number = _number(job, natural(request, "object"))
        found = saved.versions(job.pk, [number])[number]
        if not found:
            raise NotFound("There is no such object in the job, and there never was.")
        older, kept = before_restore(self.actor, job, number), backups_of(self.actor, job)
        return Response({"id": id_of(job.pk, number), "versions": _told(request, job, found, older, kept)})


class BlameView(View):
    """Who changed what stands on a frame."""

    methods = {"GET": Method(gives=BlameRead, query={"frame": Parameter("Which frame.", Natural, required=True)})}

    def get(self, request: Request, pk: int) -> Response:
        """The last version of each object there."""
        job = get_job(self.actor, pk, "job:view-annotations")
        frame = natural(request, "frame")
        if frame is None:
            raise BadInput({"frame": ["This field is required."]})
        render, address = _Renderer(job), base(request)
        lines: list[BlameLine] = [
            {
                "id": id_of(job.pk, version.item.number),
                "kind": version.kind,
                "revision": version.revision,
                "since": version.since,
                "actor": user_in(version.save, "actor", address),
                "created_date": iso(version.date),
                "object": render(version.item),
            }
            for version in saved.blame(job.pk, frame)
            if version.item is not None
        ]
        return Response({"frame": frame, "objects": lines})


class RevertView(View):
    """One object as it was."""

    methods = {"POST": Method(takes=Revert, gives=HistoryRead, also={409: Detail})}

    def post(self, request: Request, pk: int) -> Response:
        """Put it back; all its versions then."""
        job = get_job(self.actor, pk, "job:update-annotations")
        body = self.body(Revert)
        number = _number(job, body.object)
        found = saved.revert(self.actor, job, number, body.revision, now=clock.now())
        told = _told(request, job, found, before_restore(self.actor, job, number), backups_of(self.actor, job))
        return Response({"id": body.object, "versions": told})


def _number(job: Job, id: int | None) -> int:
    if id is None:
        raise BadInput({"object": ["This field is required."]})
    owner, number = job_and_number(id)
    if owner != job.pk:
        raise NotFound("There is no such object in the job, and there never was.")
    return number


def _told(
    request: Request, job: Job, found: list[Version], older: list[Past], kept: list[tuple[int, UUID]]
) -> list[VersionRead]:
    render, address = _Renderer(job), base(request)
    told: list[VersionRead] = []
    before: Object | None = None
    for past in older:
        told.append(
            {
                "kind": past.kind,
                "revision": None,
                "since": None,
                "actor": None,
                "created_date": iso(past.date),
                "changes": changes(before, past.item),
                "object": render(past.item),
                "backups": [str(id) for id in past.backups],
            }
        )
        before = past.item
    for position, version in enumerate(found):
        end = found[position + 1].revision if position + 1 < len(found) else None
        told.append(
            {
                "kind": version.kind,
                "revision": version.revision,
                "since": version.since,
                "actor": user_in(version.save, "actor", address),
                "created_date": iso(version.date),
                "changes": changes(before, version.item),
                "object": render(version.item),
                "backups": [str(id) for at, id in kept if version.revision <= at and (end is None or at < end)],
            }
        )
        before = version.item
    return told


class _Renderer:
    """Objects as the wire has them; None also for one whose label is gone for good, as it cannot be told."""

    def __init__(self, job: Job) -> None:
        self._ids: Ids = table_for(job.task)
        self._writer = Writer(self._ids, job.pk)

    def __call__(self, item: Object | None) -> Any:
        return None if item is None or item.label not in self._ids.label_ids else self._writer.value(item)


urlpatterns = [
    path("api/jobs/<int:pk>/history", HistoryView.as_view()),
    path("api/jobs/<int:pk>/blame", BlameView.as_view()),
    path("api/jobs/<int:pk>/revert", RevertView.as_view()),
]
