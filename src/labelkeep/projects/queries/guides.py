"""Guides and their assets, for those who may read them."""

from __future__ import annotations

from uuid import UUID

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import NotFound
from labelkeep.projects.models import Asset, Guide
from labelkeep.projects.queries.subjects import home_of_guide, subject_of_guide

_HOMES = ("project", "task__project")


def get_guide(actor: Actor, id: int, action: str = "guide:view") -> Guide:
    """The guide, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    guide = Guide.objects.select_related(*_HOMES).filter(pk=id).first()
    if guide is None:
        raise NotFound("No AnnotationGuide matches the given query.")
    require(actor, action, subject_of_guide(home_of_guide(guide)))
    return guide


def get_asset(actor: Actor, uuid: UUID, action: str = "asset:view") -> Asset:
    """The asset, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this uuid.
        Forbidden: the actor may not.
    """
    homes = ("owner", *(f"guide__{home}" for home in _HOMES))
    asset = Asset.objects.select_related(*homes).filter(pk=uuid).first()
    if asset is None:
        raise NotFound("No Asset matches the given query.")
    require(actor, action, subject_of_guide(home_of_guide(asset.guide)))
    return asset
