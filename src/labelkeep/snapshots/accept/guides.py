"""The guide of an archive with its assets: what a guide may show is decided by the bytes, as for an upload."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from isal.isal_zlib import crc32

from labelkeep.archive.guide import Asset
from labelkeep.archive.index import Member
from labelkeep.archive.reader import Archive
from labelkeep.errors import BadInput, Refused
from labelkeep.projects import asset_files
from labelkeep.snapshots.manifest import AssetRecord, GuideRecord
from labelkeep.snapshots.records import moment
from labelkeep.snapshots.render.tasks import asset_names
from labelkeep.store import name_of


@dataclass(frozen=True)
class Found:
    """A guide, and where in the archive the bytes of each of its assets are."""

    record: GuideRecord
    members: tuple[Member, ...]


def read(archive: Archive, prefix: str, facts: GuideRecord | None, now: datetime) -> Found | None:
    """The guide with this prefix; None where there is none. Problems go into the archive's report.

    `facts`: the record that it was written from, where the text was not edited since.
    """
    try:
        found = archive.guide(prefix)
    except Refused:  # the reader has said why
        return None
    if found is None:
        return None
    known = _known(facts)
    pairs = [(_asset(archive, asset, known.get(asset.filename), now), asset) for asset in found.assets]
    kept = _in_order([(made, asset) for made, asset in pairs if made is not None], facts)
    record = GuideRecord(
        markdown=found.markdown({asset.filename: f"/api/assets/{made.uuid}" for made, asset in kept}),
        created_date=_date(facts.created_date if facts else "", now),
        updated_date=_date(facts.updated_date if facts else "", now),
        assets=[made for made, _ in kept],
    )
    return Found(record, tuple(asset.member for _, asset in kept))


def _in_order(pairs: list[tuple[AssetRecord, Asset]], facts: GuideRecord | None) -> list[tuple[AssetRecord, Asset]]:
    """In the order of the facts; no uuid twice, whatever they say."""
    place = {asset.uuid: position for position, asset in enumerate(facts.assets if facts else ())}
    seen: set[str] = set()
    for made, _ in pairs:
        if made.uuid in seen:
            made.uuid = str(uuid4())
        seen.add(made.uuid)
    return sorted(pairs, key=lambda pair: place.get(pair[0].uuid, len(place)))


def _date(text: str, now: datetime) -> str:
    try:
        return text if datetime.fromisoformat(text).utcoffset() is not None else moment(now)
    except ValueError:
        return moment(now)


def _known(facts: GuideRecord | None) -> dict[str, AssetRecord]:
    """Asset facts by the file name that the asset has in the archive."""
    if facts is None:
        return {}
    names = asset_names(facts)
    return {names[asset.uuid]: asset for asset in facts.assets}


def _asset(archive: Archive, asset: Asset, facts: AssetRecord | None, now: datetime) -> AssetRecord | None:
    try:
        content = archive.read(asset.member, asset_files.LIMIT)
        media_type = asset_files.kind(content)
    except Refused as refused:
        archive.report.take(refused)
        return None
    except BadInput as error:
        detail = error.detail[0] if isinstance(error.detail, list) else str(error.detail)
        archive.report.error("bad-asset", detail, asset.member.name)
        return None
    made = AssetRecord(
        uuid=str(uuid4()),
        filename=asset.filename,
        blob=name_of(content),
        size=len(content),
        crc32=crc32(content),
        media_type=media_type,
        created_date=moment(now),
    )
    return _with_facts(made, facts) if facts else made


def _with_facts(made: AssetRecord, facts: AssetRecord) -> AssetRecord:
    try:
        made.uuid = str(UUID(facts.uuid))
    except ValueError:
        return made
    made.created_date = _date(facts.created_date, datetime.fromisoformat(made.created_date))
    if len(facts.owner) <= 150 and len(facts.filename) <= 1024 and "\x00" not in facts.owner + facts.filename:
        made.owner, made.filename = facts.owner, facts.filename
    return made
