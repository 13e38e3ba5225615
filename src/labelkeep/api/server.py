"""/api/server: what this server is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypedDict

from django.conf import settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

import labelkeep
from labelkeep.accounts.permissions import Subject, require
from labelkeep.api.base import View
from labelkeep.api.schema import Address, Method
from labelkeep.errors import BadInput
from labelkeep.media.kinds import kind_of

# The API that is spoken here. CVAT's client looks at it and warns when it is another than its own.
CVAT_VERSION = "2.80.0"
_LOGO = (
    "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0%200%2016%2016'%3E"
    "%3Cpath%20fill='%2317bebb'%20d='M2%202h9l3%206-3%206H2z'/%3E%3C/svg%3E"
)


class AboutRead(TypedDict):
    """What this server is called and speaks."""

    name: str
    description: str
    version: str
    logo_url: Address
    subtitle: str


class DatasetFormat(TypedDict):
    """A format of data sets."""

    name: str
    ext: str
    version: str
    enabled: bool
    dimension: str


class DatasetFormats(TypedDict):
    """The formats that can be read, and those that can be written."""

    importers: list[DatasetFormat]
    exporters: list[DatasetFormat]


class PluginsRead(TypedDict):
    """Which of CVAT's plugins are there."""

    ANALYTICS: bool
    MODELS: bool
    GIT_INTEGRATION: bool
    PREDICT: bool


class FileInfo(TypedDict):
    """A file or folder of the share."""

    name: str
    type: Literal["REG", "DIR"]
    mime_type: str


class About(View):
    """This server."""

    methods = {"GET": Method(gives=AboutRead)}
    authentication_classes = []
    anonymous = True

    def get(self, request: Request) -> Response:
        """Name and version; strangers may know."""
        return Response(
            {
                "name": "Labelkeep",
                "description": f"Labelkeep {labelkeep.__version__}, which speaks the API of CVAT {CVAT_VERSION}.",
                "version": CVAT_VERSION,
                "logo_url": _LOGO,
                "subtitle": "Backups that always restore",
            }
        )


class Formats(View):
    """Formats of data sets."""

    methods = {"GET": Method(gives=DatasetFormats)}

    def get(self, request: Request) -> Response:
        """None: data sets are neither read nor written by this version; projects and tasks travel as backups."""
        return Response({"importers": [], "exporters": []})


class Plugins(View):
    """Plugins."""

    methods = {"GET": Method(gives=PluginsRead)}

    def get(self, request: Request) -> Response:
        """None of CVAT's."""
        answer: PluginsRead = {"ANALYTICS": False, "MODELS": False, "GIT_INTEGRATION": False, "PREDICT": False}
        return Response(answer)  # clients want the first two, those up to 2.63 the others as well


class Share(View):
    """What lies in the folder that tasks may be made from."""

    methods = {
        "GET": Method(
            gives=list[FileInfo],
            query={"directory": "Which folder, from the share's root.", "search": "How names begin."},
        )
    }

    def get(self, request: Request) -> Response:
        """The files and folders of one folder, by name.

        Raises:
            BadInput: not a folder of the share.
        """
        require(self.actor, "share:view", Subject())
        directory = request.query_params.get("directory", "/")
        prefix = request.query_params.get("search", "")
        return Response(list(_entries(directory, prefix)))


def _entries(directory: str, prefix: str) -> Iterator[FileInfo]:
    share: Path | None = settings.CONFIGURATION.share_dir
    if share is None:
        if directory.strip("/"):
            raise BadInput(f"{directory} is an invalid directory")
        return
    root = share.resolve()
    folder = _folder(root, directory)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(prefix) and entry.resolve().is_relative_to(root):
            is_folder = entry.is_dir()
            yield {
                "name": entry.name,
                "type": "DIR" if is_folder else "REG",
                "mime_type": "DIR" if is_folder else _media_kind(entry.name),
            }


def _folder(root: Path, directory: str) -> Path:
    try:
        folder = (root / directory.lstrip("/")).resolve()
        if folder.is_relative_to(root) and folder.is_dir():
            return folder
    except (OSError, ValueError):  # names that no file can have
        pass
    raise BadInput(f"{directory} is an invalid directory")


def _media_kind(name: str) -> str:
    kind = kind_of(name)
    return kind if kind in ("image", "video", "archive", "pdf") else "unknown"


urlpatterns = [
    path("api/server/about", About.as_view()),
    path("api/server/annotation/formats", Formats.as_view()),
    path("api/server/plugins", Plugins.as_view()),
    path("api/server/share", Share.as_view()),
]
