"""`/api/server/share`: the folder whose files tasks may be made from, listed one level at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.accounts.actor import Privilege
from labelkeep.api.base import View
from labelkeep.errors import BadInput, Forbidden
from labelkeep.media.kinds import wire_kind
from labelkeep.media.staged import inside


class Share(View):
    """One folder of the share."""

    def get(self, request: Request) -> Response:
        """Folders first, then files, each in order of name; `search` is the beginning of a name."""
        if self.actor.privilege < Privilege.USER:
            raise Forbidden()
        folder = request.query_params.get("directory", "/")
        return Response(listing(settings.CONFIGURATION.share_dir, folder, request.query_params.get("search", "")))


def listing(share: Path | None, folder: str, search: str = "") -> list[dict[str, str]]:
    """What is in a folder of the share.

    Raises:
        BadInput: it is no folder of the share, or there is no share.
    """
    wrong = BadInput(f"{folder} is an invalid directory")
    if share is None:
        raise wrong
    root = share.resolve()
    try:
        place = inside(root, folder.strip("/"))
    except BadInput as error:
        raise wrong from error
    if not place.is_dir():
        raise wrong
    found = [_entry(entry) for entry in os.scandir(place) if entry.name.startswith(search) and _within(entry, root)]
    return sorted(found, key=lambda entry: (entry["type"] != "DIR", entry["name"]))


def _within(entry: os.DirEntry[str], root: Path) -> bool:
    return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root)


def _entry(entry: os.DirEntry[str]) -> dict[str, str]:
    if entry.is_dir():
        return {"name": entry.name, "type": "DIR", "mime_type": "DIR"}
    return {"name": entry.name, "type": "REG", "mime_type": wire_kind(entry.name)}


urlpatterns: list[Any] = [path("api/server/share", Share.as_view()), path("api/server/share/", Share.as_view())]
