"""Making an organization."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Membership, Organization, Role
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput

_SLUG = re.compile(r"[-A-Za-z0-9_]{1,16}", re.ASCII)


def create_organization(
    *,
    actor: Actor,
    now: datetime,
    slug: str,
    name: str = "",
    description: str = "",
    contact: dict[str, Any] | None = None,
) -> Organization:
    """Make one; the actor becomes its owner and first member.

    Raises:
        Forbidden: the actor may not.
        BadInput: field errors.
    """
    require(actor, "organization:create", Subject())
    organization = Organization(
        slug=slug,
        name=name or slug,
        description=description,
        contact=contact or {},
        owner=actor.user,
        created_date=now,
        updated_date=now,
    )
    with transaction.atomic():
        save_organization(organization)
        Membership.objects.create(user=actor.user, organization=organization, role=Role.OWNER, joined_date=now)
    return organization


def save_organization(organization: Organization) -> None:
    """Check and save.

    Raises:
        BadInput: field errors.
    """
    if not _SLUG.fullmatch(organization.slug):
        raise BadInput({"slug": ["1 to 16 letters, digits, hyphens or underscores are wanted."]})
    if len(organization.name) > 64:
        raise BadInput({"name": ["Ensure this field has no more than 64 characters."]})
    try:
        with transaction.atomic():
            organization.save(force_update=organization.pk is not None)  # never make anew one that was removed
    except IntegrityError as error:
        raise BadInput({"slug": ["organization with this slug already exists."]}) from error
