"""Fixtures that every test may use: three people, a moment, and access to the database by folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from labelkeep.accounts.models import User

# How fast a machine is must not decide whether a test passes.
hypothesis.settings.register_profile(
    "labelkeep", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("labelkeep")

DATABASE_FOLDERS = {"domain", "api", "cli", "web"}


def pytest_configure() -> None:
    """Passwords of test users are hashed cheaply: a real hash is slow on purpose, and there are thousands of users."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in the database folders may use the database (and its `capture` alias) without saying so."""
    for item in items:
        if DATABASE_FOLDERS & set(item.path.parts) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(databases="__all__"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL removes no test database that somebody is connected to."""
    yield
    from django.db import connections

    connections["capture"].close()


@pytest.fixture(autouse=True)
def _capture_sees_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test's rows are never committed, so the connection that captures must be the one that wrote them."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or marker.kwargs.get("transaction") or "capture" not in _databases(marker):
        yield
        return
    from django.db import connections

    request.getfixturevalue("db")
    own = connections["capture"]
    connections["capture"] = connections["default"]
    yield
    connections["capture"] = own


def _databases(marker: pytest.Mark) -> Sequence[str]:
    named = marker.kwargs.get("databases") or ()
    return ["default", "capture"] if named == "__all__" else named


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def alice(db: None) -> User:
    """Owns what the test makes."""
    return _user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """A member: in Alice's organization, or assigned by her."""
    return _user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger: must never see anything."""
    return _user("charlie")


def _user(name: str) -> User:
    from labelkeep.accounts.models import User

    return User.objects.create_user(name, f"{name}@example.com", "correct horse battery", first_name=name.title())
