"""The annotation guide of an archive: Markdown that names its assets by their place in the archive.

In the archive a reference is the text `<prefix>assets/<file name>`; in the server it is `/api/assets/<uuid>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labelkeep.archive.index import Member
from labelkeep.archive.members import Members
from labelkeep.archive.reports import Report
from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level

NAME = "annotation_guide.md"
FOLDER = "assets/"
MOST_ASSETS = 150
LONGEST_NAME = 255 - 10  # room for a number that tells equal names apart
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the guide shows."""

    filename: str
    media_type: str
    member: Member


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide as it stands in the archive. `prefix` is that of its task, empty for a project's or a lone task's."""

    prefix: str
    text: str
    assets: list[Asset] = field(default_factory=list)

    def markdown(self, references: Mapping[str, str]) -> str:
        """The text with the new reference (`/api/assets/<uuid>`) of each file name put in."""
        return _replace(self.text, {f"{self.prefix}{FOLDER}{name}": new for name, new in references.items()})


def media_type(filename: str) -> str | None:
    """The media type of an asset by its name; None for what a guide may not show."""
    dot = filename.rfind(".")
    return MEDIA_TYPES.get(filename[dot:].lower()) if dot >= 0 else None


def read(members: Members, prefix: str = "") -> Guide | None:
    """The guide with this prefix, with those of its assets that may be shown; None where there is none.

    Raises:
        Refused: it is damaged or not UTF-8; `judge` has said so before.
    """
    member = members.find(prefix + NAME)
    if member is None:
        return None
    try:
        text = members.read(member, members.limits.document).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused([Finding(Level.ERROR, "bad-text", "is not UTF-8", member.name, str(error.start))]) from error
    found = []
    for asset in members.members(prefix + FOLDER):
        filename = asset.name.removeprefix(prefix + FOLDER)
        if kind := media_type(filename):
            found.append(Asset(filename, kind, asset))
    return Guide(prefix, text, sorted(found, key=lambda asset: asset.filename))


def judge(members: Members, prefix: str, report: Report) -> None:
    """Findings about the guide with this prefix and its assets."""
    try:
        there = read(members, prefix) is not None
    except Refused as refused:
        report.take(refused)
        there = True
    count = 0
    for asset in members.members(prefix + FOLDER):
        count += 1
        if not there:
            message = "is an asset of a guide that is not in the archive; it was left out"
            report.add(Level.WARNING, "asset-without-guide", message, asset.name)
        elif media_type(asset.name) is None:
            allowed = ", ".join(sorted(set(MEDIA_TYPES.values())))
            report.error("asset-type", f"cannot be an asset of a guide; possible are {allowed}", asset.name)
        elif asset.size > members.limits.asset:
            message = f"has {asset.size} bytes, an asset at most {members.limits.asset}"
            report.error("too-large", message, asset.name)
    if there and count > MOST_ASSETS:
        report.error("too-many-assets", f"has {count} assets, at most {MOST_ASSETS} are possible", prefix + NAME)


def render(markdown: str, names: Mapping[str, str], prefix: str = "") -> str:
    """The text as it stands in an archive: references to the uuids in `names` become places in the archive."""
    return _replace(markdown, {f"/api/assets/{uuid}": f"{prefix}{FOLDER}{name}" for uuid, name in names.items()})


def _replace(text: str, new: Mapping[str, str]) -> str:
    if not new:
        return text
    # the longest first: one name may begin another
    pattern = "|".join(re.escape(old) for old in sorted(new, key=len, reverse=True))
    return re.sub(pattern, lambda found: new[found[0]], text)


def file_names(assets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each (uuid, file name) a name that is safe and unique in the archive, also where case does not count."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for uuid, filename in assets:
        plain = re.sub(r"[\x00-\x1f\x7f/\\]", "_", filename).strip(". ") or "asset"
        stem, dot, suffix = plain.rpartition(".")
        stem, suffix = (stem, dot + suffix) if stem else (plain, "")
        stem = _shorten(stem, LONGEST_NAME - len(suffix.encode()))
        name, number = stem + suffix, 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number}){suffix}", number + 1
        taken.add(name.casefold())
        names[uuid] = name
    return names


def _shorten(text: str, size: int) -> str:
    return text.encode()[: max(1, size)].decode(errors="ignore") or "asset"
