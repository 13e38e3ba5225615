"""/api/server, /api/schema, and the table of routes."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from pytest_django import Settings
from tests.support.api import Client, client_for
from tests.support.configuration import configured

from labelkeep.accounts.models import User
from labelkeep.api.base import View
from labelkeep.server import urls


def test_a_stranger_may_know_what_this_is(db: None) -> None:
    told = Client().get("/api/server/about").json()
    assert set(told) == {"name", "description", "version", "logo_url", "subtitle"}
    assert told["name"] == "Labelkeep"
    assert Version(told["version"]) in SpecifierSet("~=2.80.0")


def test_a_wrong_token_does_not_keep_anybody_from_knowing(db: None) -> None:
    assert Client().get("/api/server/about", HTTP_AUTHORIZATION="Token nonsense").status_code == 200


def test_there_are_no_formats_and_plugins(alice: User) -> None:
    client = client_for(alice)
    assert client.get("/api/server/annotation/formats").json() == {"importers": [], "exporters": []}
    plugins = client.get("/api/server/plugins").json()
    assert plugins == {"ANALYTICS": False, "MODELS": False, "GIT_INTEGRATION": False, "PREDICT": False}
    assert Client().get("/api/server/plugins").status_code == 401


class TestShare:
    @pytest.fixture
    def share(self, tmp_path: Path, settings: Settings) -> Path:
        root = tmp_path / "share"
        (root / "deep").mkdir(parents=True)
        for name in ("a.jpg", "b.mp4", "c.zip", "d.txt", "deep/e.png"):
            (root / name).touch()
        (tmp_path / "private").mkdir()
        (root / "out").symlink_to(tmp_path / "private")
        configured(settings, share_dir=root)
        return root

    def seen(self, user: User, **query: str) -> tuple[int, Any]:
        answer = client_for(user).get("/api/server/share", query)
        told = answer.json()
        if answer.status_code != 200:
            return answer.status_code, told
        return 200, [(entry["name"], entry["type"], entry["mime_type"]) for entry in told]

    def test_lists_one_folder(self, share: Path, alice: User) -> None:
        assert self.seen(alice) == (
            200,
            [
                ("a.jpg", "REG", "image"),
                ("b.mp4", "REG", "video"),
                ("c.zip", "REG", "archive"),
                ("d.txt", "REG", "unknown"),
                ("deep", "DIR", "DIR"),
            ],
        )
        assert self.seen(alice, directory="/deep/") == (200, [("e.png", "REG", "image")])
        assert self.seen(alice, search="b")[1] == [("b.mp4", "REG", "video")]

    @pytest.mark.parametrize("directory", ["/..", "/deep/../..", "/out", "/nope", "/a.jpg", "/\0"])
    def test_lets_nobody_out(self, share: Path, alice: User, directory: str) -> None:
        status, told = self.seen(alice, directory=directory)
        assert (status, told) == (400, [f"{directory} is an invalid directory"])

    def test_wants_a_full_user(self, share: Path, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(privilege="worker")
        assert self.seen(alice)[0] == 403

    def test_is_empty_where_there_is_none(self, alice: User) -> None:
        assert self.seen(alice) == (200, [])


class TestSchema:
    @pytest.fixture
    def schema(self, db: None) -> dict[str, Any]:
        answer = Client().get("/api/schema/?scheme=json")
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    def test_lists_every_route_of_the_api(self, schema: dict[str, Any]) -> None:
        listed = {path.replace("{id}", "{pk}").strip("/") for path in schema["paths"]}
        for route in ("api/users/{pk}", "api/auth/login", "api/organizations", "api/server/about"):
            assert route in listed

    def test_gives_each_operation_a_name_of_its_own(self, schema: dict[str, Any]) -> None:
        names = [operation["operationId"] for path in schema["paths"].values() for operation in path.values()]
        assert [name for name, count in Counter(names).items() if count > 1] == []

    def test_tells_the_parameters_of_a_list(self, schema: dict[str, Any]) -> None:
        parameters = {parameter.get("name") for parameter in schema["paths"]["/api/users"]["get"]["parameters"]}
        assert {"page", "page_size", "sort", "search", "filter", "username"} <= parameters

    def test_is_made_without_complaints(self, db: None, capsys: pytest.CaptureFixture[str]) -> None:
        Client().get("/api/schema")
        printed = capsys.readouterr().err
        assert "Error [" not in printed
        assert "Warning [" not in printed


def test_no_two_modules_claim_the_same_route() -> None:
    claims = Counter(
        str(pattern.pattern)
        for name in urls.modules()
        for pattern in getattr(importlib.import_module(name), "urlpatterns", ())
    )
    assert [route for route, count in claims.items() if count > 1] == []


def test_no_route_ends_with_a_slash() -> None:
    assert [pattern for pattern in urls.urlpatterns if str(pattern.pattern).endswith("/")] == []


def test_every_route_of_the_api_is_one_of_our_views() -> None:
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        if str(pattern.pattern).startswith("api/"):
            assert issubclass(getattr(pattern.callback, "view_class"), View), pattern  # noqa: B009


def test_every_path_wants_a_login_but_those_that_say_otherwise(db: None) -> None:
    open_doors = {
        str(pattern.pattern)
        for pattern in urls.urlpatterns
        if isinstance(pattern, URLPattern)
        and getattr(getattr(pattern.callback, "view_class", None), "anonymous", False)
    }
    assert open_doors - {"api/assets/<uuid:pk>", "api/assets/<uuid:uuid>"} == {
        "api/auth/login",
        "api/auth/logout",
        "api/auth/register",
        "api/auth/password/reset",
        "api/auth/password/reset/confirm",
        "api/server/about",
        "api/schema",
        "api/swagger",
        "api/swagger/<str:name>",
        "api/docs",
    }
