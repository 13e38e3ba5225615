"""Pages as a browser gets them: with cookies and CSRF protection, and read as HTML."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings
from tests.support.configuration import configured
from tests.support.mail import Mailbox, mailbox


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    with mailbox() as box:
        configured(settings, smtp_url=box.url, public_url="https://keep.example.org")
        yield box


@pytest.fixture
def browser(db: None) -> Client:
    return Client(enforce_csrf_checks=True)
