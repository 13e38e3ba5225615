"""Changing and removing an organization."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labelkeep import transactions
from labelkeep.accounts.actions.create_organization import save_organization
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.invitations import remove_placeholder
from labelkeep.accounts.models import Organization, User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.accounts.queries import get_organization
from labelkeep.transactions import hold


def update_organization(*, actor: Actor, now: datetime, pk: int, **changes: Any) -> Organization:
    """Set slug, name, description or contact.

    Raises:
        NotFound, Forbidden: not an organization that the actor may change.
        BadInput: field errors.
    """
    organization = get_organization(actor, pk)
    require(actor, "organization:update", Subject(organization_id=pk, owner=organization.owner_id))
    for name, value in changes.items():
        setattr(organization, name, value)
    organization.updated_date = now
    save_organization(organization)
    return organization


def delete_organization(*, actor: Actor, pk: int) -> None:
    """Remove it with everything that belongs to it: projects and tasks, too.

    Raises:
        NotFound, Forbidden: not an organization that the actor may remove.
    """
    organization = get_organization(actor, pk)
    require(actor, "organization:delete", Subject(organization_id=pk, owner=organization.owner_id))

    def carry_out() -> None:
        hold(Organization.objects.filter(pk=pk), to_remove=True)
        invited = list(User.objects.filter(memberships__organization=pk, memberships__is_active=False))
        Organization.objects.filter(pk=pk).delete()
        for user in invited:
            remove_placeholder(user)

    transactions.remove(carry_out)
