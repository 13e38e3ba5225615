"""/invitation: the page that the link of an invitation leads to. Who has the link is the invited."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from labelkeep import clock
from labelkeep.accounts.actions.accept_invitation import (
    NewAccount,
    accept_with_account,
    accept_with_password,
    refuse_late,
)
from labelkeep.accounts.actions.end_invitation import decline_by_link
from labelkeep.accounts.invitations import is_placeholder
from labelkeep.accounts.models import Invitation
from labelkeep.accounts.queries import invitation_by_link
from labelkeep.errors import BadInput, NotFound, TooOften
from labelkeep.web.page import failed, problems, shown, told

TITLE = "Invitation"
_CHOSEN = ("username", "first_name", "last_name")


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Show the invitation with its form, or do what that says."""
    try:
        found = invitation_by_link(request.GET.get("key", ""), request.GET.get("proof", ""))
        refuse_late(found, clock.now())
    except (NotFound, BadInput) as error:
        return failed(request, TITLE, error)
    if request.method != "POST":
        return shown(request, "invitation.html", _context(found))
    try:
        return _answered(request, found)
    except BadInput as error:
        typed = {name: request.POST.get(name, "") for name in _CHOSEN}
        return shown(request, "invitation.html", _context(found) | {"typed": typed, "problems": problems(error)}, 400)
    except (NotFound, TooOften) as error:
        return failed(request, TITLE, error)


def _context(found: Invitation) -> dict[str, Any]:
    membership = found.membership
    user, organization = membership.user, membership.organization
    return {
        "title": TITLE,
        "inviter": (found.owner.get_full_name() or found.owner.username) if found.owner else "",
        "organization": organization.name or organization.slug,
        "role": membership.role,
        "email": user.email,
        "username": user.username,
        "is_new": is_placeholder(user),
    }


def _answered(request: HttpRequest, found: Invitation) -> HttpResponse:
    where, now = str(_context(found)["organization"]), clock.now()
    if "decline" in request.POST:
        decline_by_link(now=now, invitation=found)
        return told(request, "Invitation declined", f"You have declined the invitation to {where}.")
    sent = request.POST
    if is_placeholder(found.membership.user):
        account = NewAccount(**{name: sent.get(name, "") for name in (*_CHOSEN, "password", "again")})
        accepted = accept_with_account(now=now, key=found.key, account=account)
    else:
        asked_from = request.META.get("REMOTE_ADDR", "")
        accepted = accept_with_password(
            now=now, invitation=found, password=sent.get("password", ""), asked_from=asked_from
        )
    name = accepted.membership.user.username
    return told(request, "Welcome", f"You are a member of {where} now. Log in as {name} with your password.")


urlpatterns = [path("invitation", invitation)]
