"""Which organization a request names (cvat-protocol §3.1): a header, `org=<slug>` or `org_id=<number>`."""

from __future__ import annotations

from rest_framework.request import Request

from labelkeep.accounts.actor import ANY, SANDBOX, OrganizationContext
from labelkeep.accounts.models import Organization
from labelkeep.errors import BadInput, NotFound

_HEADER = "HTTP_X_ORGANIZATION"


def of(request: Request) -> OrganizationContext:
    """ANY where nothing is named, SANDBOX for the empty name, else the organization, whoever belongs to it.

    Raises:
        BadInput: two ways of naming it that do not go together.
        NotFound: no such organization.
    """
    header, slug, number = (
        request.META.get(_HEADER),
        request.query_params.get("org"),
        request.query_params.get("org_id"),
    )
    if number is not None and (header is not None or slug is not None):
        raise BadInput(
            'You cannot specify "org_id" query parameter with "org" query parameter or '
            '"X-Organization" HTTP header at the same time.'
        )
    if header is not None and slug is not None and header != slug:
        raise BadInput('"org" query parameter and "X-Organization" HTTP header name different organizations.')
    if number is not None:
        return _numbered(number)
    named = slug if slug is not None else header
    if named is None:
        return ANY
    return _found(named, slug=named) if named else SANDBOX


def _numbered(text: str) -> OrganizationContext:
    if text == "":
        return SANDBOX
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput({"org_id": ["A valid integer is required."]})
    return _found(text, pk=int(text))


def _found(named: str, **wanted: str | int) -> Organization:
    organization = Organization.objects.filter(**wanted).first()
    if organization is None:
        raise NotFound(f"{named} organization does not exist.")
    return organization
