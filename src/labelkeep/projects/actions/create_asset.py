"""Add a picture or PDF to a guide."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.media import vault
from labelkeep.projects import asset_files
from labelkeep.projects.holding import hold_home
from labelkeep.projects.models import Asset, Guide
from labelkeep.projects.queries.subjects import home_of_guide, subject_of_guide

MAX_ASSETS = 150


def create_asset(*, actor: Actor, now: datetime, guide: Guide, filename: str, content: bytes) -> Asset:
    """Keep a file that the guide shows. What kind it is, its bytes say; large pictures are made smaller.

    Raises:
        Forbidden: the actor may not write this guide.
        BadInput: the guide has MAX_ASSETS assets, or the file is too large, of no allowed kind, or cannot be read.
    """
    require(actor, "asset:create", subject_of_guide(home_of_guide(guide)))
    _check_count(guide)
    name = PurePosixPath(filename.replace("\\", "/")).name.replace("\x00", "")[:1024]
    if not name:
        raise BadInput({"file": ["The file has no name"]})
    media_type = asset_files.kind(content)
    kept = asset_files.shrunk(content, media_type)
    with vault.live().ingest() as ingest:
        stored = ingest.add_bytes(kept)
    with transaction.atomic():
        hold_home(home_of_guide(guide))
        _check_count(guide)
        return Asset.objects.create(
            guide=guide,
            filename=name,
            blob=stored.name,
            size=stored.size,
            media_type=media_type,
            owner=actor.user,
            created_date=now,
        )


def _check_count(guide: Guide) -> None:
    if Asset.objects.filter(guide=guide).count() >= MAX_ASSETS:
        raise BadInput("Maximum number of assets per guide reached")
