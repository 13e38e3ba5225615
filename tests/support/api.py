"""Talking to the API in tests: a client that is logged in as somebody.

alice_says = client_for(alice)
answer = alice_says.post("/api/projects", {"name": "cats"})
assert answer.status_code == 201 and answer.json()["name"] == "cats"
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, Membership, Organization, Role, User
from tests.support import openapi


class Client(APIClient):
    """REST framework's client; bodies are JSON unless `format="multipart"` is said. Each answer is checked."""

    default_format = "json"

    def request(self, **kwargs: Any) -> Any:
        """The answer, when it is as the OpenAPI document says."""
        response = super().request(**kwargs)
        openapi.check(kwargs["REQUEST_METHOD"], response)
        return response


def client_for(user: User | None = None, *, personal: bool = False, read_only: bool = False) -> Client:
    """A client that speaks as this user with a login key, or with a personal token; nobody: as a stranger."""
    client = Client()
    if user is not None:
        kind = AccessToken.Kind.PERSONAL if personal or read_only else AccessToken.Kind.LOGIN
        _, secret = tokens.issue(user, "test", kind, clock.now(), read_only=read_only)
        client.credentials(HTTP_AUTHORIZATION=f"{'Bearer' if kind == 'personal' else 'Token'} {secret}")
    return client


def organization_of(owner: User, slug: str = "acme", **members: User) -> Organization:
    """An organization and its people: organization_of(alice, worker=bob)."""
    now = clock.now() - timedelta(days=1)
    organization = Organization.objects.create(
        slug=slug, name=slug.title(), owner=owner, created_date=now, updated_date=now
    )
    for role, user in {"owner": owner, **members}.items():
        Membership.objects.create(user=user, organization=organization, role=Role(role), joined_date=now)
    return organization
