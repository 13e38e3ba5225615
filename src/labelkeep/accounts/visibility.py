"""The permission table as a condition in SQL, for lists that a rule of the table narrows.

`permissions.allowed` asks about one subject; this asks the database for all subjects of which the answer is yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Grant, Who, rule_of


@dataclass(frozen=True)
class Lookups:
    """Where a row has what `Subject` has: lookups of user ids, and of the organization's id. All must be to-one."""

    organization: str
    owner: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    above_owner: tuple[str, ...] = ()


def where(actor: Actor, action: str, lookups: Lookups) -> Q:
    """The rows on which the actor may do `action`, each in its own organization."""
    rule = rule_of(action)
    if actor.read_only and not rule.reads:
        return _NOTHING
    if actor.is_admin:
        return Q()
    condition = Q(**{f"{lookups.organization}__isnull": True}) & _any(actor, rule.sandbox, lookups)
    for grant in rule.organization:
        ruled = [pk for pk, role in actor.roles.items() if role >= grant.role]
        condition |= Q(**{f"{lookups.organization}__in": ruled}) & _any(actor, (grant,), lookups)
    return condition


def _any(actor: Actor, grants: Iterable[Grant], lookups: Lookups) -> Q:
    condition = _NOTHING
    for grant in grants:
        if actor.privilege < grant.privilege:
            continue
        if grant.who & Who.ANYONE:
            return Q()
        for who, names in (
            (Who.OWNER, lookups.owner),
            (Who.ASSIGNEE, lookups.assignee),
            (Who.ABOVE, lookups.above),
            (Who.ABOVE_OWNER, lookups.above_owner),
        ):
            if grant.who & who:
                for name in names:
                    condition |= Q(**{name: actor.id})
    return condition


_NOTHING = Q(pk__in=())
