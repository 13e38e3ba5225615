"""/api/backups/{id}/diff: what has changed between a backup and another one, or between it and now. Ours, not CVAT's.

Objects are counted; with `details` they are told one by one, in pages. `diff/text` tells the same to people.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict, cast, get_args
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.annotations.diff import Match
from labelkeep.api.base import View, base, flag, iso
from labelkeep.api.pagination import envelope
from labelkeep.api.schema import Address, Bytes, Method, Moment, Natural, Parameter, Text
from labelkeep.errors import BadInput
from labelkeep.snapshots.compare_backups import Compared, compare_backups
from labelkeep.snapshots.diff import Options
from labelkeep.snapshots.diff_pictures import picture
from labelkeep.snapshots.diff_text import is_same, lines
from labelkeep.snapshots.diff_types import ObjectChange, Summary
from labelkeep.snapshots.models import Backup

NOW = "now"
_NUMBER = Parameter("With `details`: which page, and how many on one.", Natural)
_WITH = Parameter("The second one: the id of a backup, or `now`, which is also meant where nothing is said.")
_QUERY: dict[str, str | Parameter] = {
    "with": _WITH,
    "match": Parameter("How objects are found again: by number, by overlap, or by whichever tells more.", Match),
    "task": Parameter("Of this task alone: its id or uuid in the backup."),
    "frame": Parameter("Of this frame alone.", Natural),
    "details": Parameter("Tell single objects too.", bool),
}
_PAGED: dict[str, str | Parameter] = {"page": _NUMBER, "page_size": _NUMBER}


class DiffSide(TypedDict):
    """One of the two; `id` null: it is now."""

    id: str | None
    created_date: Moment | None


class DiffRead(Summary):
    """What has changed. `count`: objects that did; `next`, `previous`, `results`: those of one page, with `details`."""

    url: Address
    backup: DiffSide
    other: DiffSide
    is_same: bool
    next: Address | None
    previous: Address | None
    results: list[ObjectChange]


class DiffView(View):
    """A comparison."""

    methods = {
        "GET": Method(gives=DiffRead, also={410: Text()}, query={**_QUERY, "page": _NUMBER, "page_size": _NUMBER})
    }

    def get(self, request: Request, pk: UUID) -> Response:
        """Compare."""
        compared = compare_backups(self.actor, pk, other(request), options(request))
        return Response(_told(request, compared, compared.summary(), flag(request, "details")))


class DiffTextView(View):
    """A comparison for people to read."""

    methods = {"GET": Method(gives=Text(), also={410: Text()}, query=_QUERY)}

    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Compare; objects as they are found."""
        compared = compare_backups(self.actor, pk, other(request), options(request))
        objects = compared.comparison.objects() if flag(request, "details") else iter(())
        return StreamingHttpResponse(_text(compared.summary(), objects), content_type="text/plain; charset=utf-8")


class PictureView(View):
    """One frame before and after."""

    methods = {
        "GET": Method(
            gives=Bytes("image/png"),
            also={410: Text()},
            query={
                "with": _WITH,
                "task": Parameter("Which task: its id or uuid in the backup.", required=True),
                "frame": Parameter("Which frame.", Natural, required=True),
                "match": _QUERY["match"],
            },
        )
    }

    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """A PNG. It shows media, so it is for those who may download the backup."""
        chosen = options(request)
        if chosen.frame is None or not chosen.task:
            raise BadInput({name: ["This field is required."] for name in ("task", "frame")})
        compared = compare_backups(self.actor, pk, other(request), chosen, "backup:download")
        return HttpResponse(picture(compared.comparison, chosen.frame), content_type="image/png")


def _told(request: Request, compared: Compared, summary: Summary, details: bool) -> DiffRead:
    def some(start: int, stop: int | None) -> list[ObjectChange]:
        return list(islice(compared.comparison.objects(), start, stop))

    page = envelope(request, summary["count"], cast(Any, some)) if details else {}
    return {
        **summary,
        "url": f"{base(request)}/api/backups/{compared.backup.pk}/diff",
        "backup": _side(compared.backup),
        "other": _side(compared.other),
        "is_same": is_same(summary),
        "next": page.get("next"),
        "previous": page.get("previous"),
        "results": page.get("results", []),
    }


def _side(backup: Backup | None) -> DiffSide:
    if backup is None:
        return {"id": None, "created_date": None}
    return {"id": str(backup.pk), "created_date": iso(backup.created_date)}


def _text(summary: Summary, objects: Iterator[ObjectChange]) -> Iterator[bytes]:
    return (f"{line}\n".encode() for line in lines(summary, objects))


def other(request: Request) -> UUID | None:
    """The second backup that a request names; None: now.

    Raises:
        BadInput: it is no id.
    """
    text = request.query_params.get("with", "") or NOW
    try:
        return None if text == NOW else UUID(text)
    except ValueError as error:
        raise BadInput({"with": ["Must be the id of a backup, or `now`."]}) from error


def options(request: Request) -> Options:
    """How to compare.

    Raises:
        BadInput: a parameter cannot be understood.
    """
    return Options(
        match=cast(Match, _choice(request, "match", get_args(Match))),
        task=request.query_params.get("task", ""),
        frame=natural(request, "frame"),
        spool_dir=_temporary(),
    )


def natural(request: Request, name: str) -> int | None:
    """A number of the query string, where it is there.

    Raises:
        BadInput: it is none.
    """
    text = request.query_params.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput({name: ["A valid integer is required."]})
    return int(text) if text else None


def _choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    text = request.query_params.get(name, "") or choices[0]
    if text not in choices:
        raise BadInput({name: [f"Must be one of: {', '.join(choices)}."]})
    return text


def _temporary() -> Path:
    directory = Path(settings.DATA_DIR) / "tmp"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


urlpatterns = [
    path("api/backups/<uuid:pk>/diff", DiffView.as_view()),
    path("api/backups/<uuid:pk>/diff/text", DiffTextView.as_view()),
    path("api/backups/<uuid:pk>/diff/picture", PictureView.as_view()),
]
