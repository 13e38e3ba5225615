"""A session's CSRF token comes in the header; no body is read to look for it."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.multipartparser import MultiPartParser
from django.test import Client

from labelkeep.accounts.models import User


@pytest.fixture
def session(alice: User) -> Client:
    """Logged in as a browser is, with the token that login gave."""
    client = Client(enforce_csrf_checks=True)
    said = client.post(
        "/api/auth/login", {"username": "alice", "password": "correct horse battery"}, "application/json"
    )
    assert said.status_code == 200
    return client


def test_a_form_where_json_is_wanted_is_refused_unread(session: Client) -> None:
    token = session.cookies["csrftoken"].value
    form = {"name": "x", "file": SimpleUploadedFile("big.bin", b"\0" * 2**20)}
    with patch.object(MultiPartParser, "parse", side_effect=AssertionError("the body was read")):
        assert session.post("/api/projects", form, headers={"X-CSRFToken": token}).status_code == 415


def test_a_token_in_a_form_field_counts_for_nothing(session: Client) -> None:
    form = {"name": "x", "csrfmiddlewaretoken": session.cookies["csrftoken"].value}
    assert session.post("/api/projects", form).status_code == 403


def test_assets_still_take_forms_from_a_session(session: Client) -> None:
    token = session.cookies["csrftoken"].value
    file = SimpleUploadedFile("a.png", b"no picture")
    answer = session.post("/api/assets", {"guide_id": "999", "file": file}, headers={"X-CSRFToken": token})
    assert answer.status_code in (400, 404)
