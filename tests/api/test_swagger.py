"""Swagger UI and Redoc: from here, for everybody, without a script in the page or a third party."""

from __future__ import annotations

import re

import pytest
from django.test import Client

PAGES = ("/api/swagger/", "/api/docs/")
pytestmark = pytest.mark.usefixtures("db")


def sources(page: str) -> list[str]:
    return re.findall(r'(?:src|href|spec-url)="([^"]+)"', page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there_without_login(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_a_page_loads_is_here(path: str) -> None:
    found = sources(Client().get(path).text)
    assert len(found) >= 3
    for source in found:
        assert source.startswith("/api/")
        assert Client().get(source).status_code == 200, source


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_lets_scripts_come_from_here_alone_and_none_stand_in_the_page(path: str) -> None:
    answer = Client().get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert all(not script for script in re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL))
    assert not re.search(r"\son\w+=", answer.text)


def test_files_are_kept_by_browsers_and_their_address_changes_with_the_version() -> None:
    source = next(source for source in sources(Client().get("/api/swagger/").text) if "bundle" in source)
    assert re.search(r"\?[\w.]+-[\w.]+$", source)
    assert Client().get(source)["Cache-Control"] == "public, max-age=31536000, immutable"


def test_large_files_are_sent_small() -> None:
    answer = Client().get("/api/swagger/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert int(answer["Content-Length"]) < 700_000


@pytest.mark.parametrize("name", ["oauth2-redirect.html", "..%2Fsettings.py", "swagger-ui.js", "LICENSE"])
def test_no_other_file_is_given(name: str) -> None:
    assert Client().get(f"/api/swagger/{name}").status_code == 404
