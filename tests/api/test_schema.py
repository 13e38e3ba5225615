"""The OpenAPI document: that it is one, that it tells of everything, and of how things can fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern
from drf_spectacular.validation import validate_schema
from tests.support.openapi import resolved, template

from labelkeep.accounts.models import User
from labelkeep.api import openapi
from labelkeep.api.openapi import Generator, document
from labelkeep.server import urls

METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}


class Clash(TypedDict):
    one: int


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path][method]
    return found


def parameter(method: str, path: str, name: str) -> dict[str, Any]:
    found = [resolved(it) for it in operation(method, path)["parameters"]]
    return next(it["schema"] for it in found if it["name"] == name)


class TestDocument:
    def test_is_valid_openapi_3_1(self) -> None:
        assert document()["openapi"].startswith("3.1")
        validate_schema(document())

    def test_refers_to_nothing_that_is_not_in_it(self) -> None:
        def references(thing: Any) -> Iterator[str]:
            if isinstance(thing, dict):
                yield from (thing["$ref"],) if isinstance(thing.get("$ref"), str) else ()
                for value in thing.values():
                    yield from references(value)
            elif isinstance(thing, list):
                for value in thing:
                    yield from references(value)

        found = set(references(document()))
        assert "#/components/schemas/ProjectRead" in found
        for reference in found:
            assert resolved({"$ref": reference})

    def test_gives_each_operation_a_name_of_its_own(self) -> None:
        names = Counter(told["operationId"] for _, _, told in operations())
        assert [name for name, count in names.items() if count > 1] == []

    def test_tells_of_every_route_below_api(self) -> None:
        routes = {
            template(str(found.pattern))
            for found in urls.urlpatterns
            if isinstance(found, URLPattern) and str(found.pattern).startswith("api/")
        }
        assert routes == set(document()["paths"])

    def test_gives_no_two_types_one_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Other(TypedDict):
            two: int

        Other.__name__ = "Clash"
        with pytest.raises(ValueError, match="Two types of the API are called Clash"):
            openapi._schemas([Clash, Other])


class TestViews:
    @pytest.mark.parametrize("view", Generator().views(), ids=lambda view: view.__name__)
    def test_every_method_of_every_view_is_told(self, view: Any) -> None:
        there = {name.upper() for name in METHODS - {"options", "head"} if hasattr(view, name)}
        told = set(openapi.told_of(view))
        assert there - told == set(), f"{view.__name__} does not say what they take and give"
        assert told - {"HEAD", "OPTIONS"} - there == set(), f"{view.__name__} tells of what it has not"

    def test_every_change_says_what_it_takes(self) -> None:
        without = {
            (method, path)
            for path, method, told in operations()
            if method in ("put", "patch") and "requestBody" not in told
        }
        assert without == set()

    def test_nothing_but_pictures_pages_and_endings_is_without_a_type(self) -> None:
        for path, method, told in operations():
            for status, answer in told["responses"].items():
                for media_type, content in resolved(answer).get("content", {}).items():
                    assert content["schema"], (method, path, status, media_type)

    def test_the_list_is_of_its_rows(self) -> None:
        content = operation("get", "/api/projects")["responses"]["200"]["content"]
        page = resolved(content["application/vnd.cvat+json"]["schema"])
        assert set(page["required"]) == {"count", "next", "previous", "results"}
        assert page["properties"]["results"]["items"] == {"$ref": "#/components/schemas/ProjectRead"}


class TestParameters:
    def test_have_the_types_of_what_they_filter(self) -> None:
        assert parameter("get", "/api/tasks", "project_id") == {"type": "integer"}
        assert set(parameter("get", "/api/projects", "status")["enum"]) == {"annotation", "validation", "completed"}
        assert parameter("get", "/api/projects", "owner") == {"type": "string"}
        assert parameter("get", "/api/issues", "resolved") == {"type": "boolean"}
        assert parameter("get", "/api/labels", "task_id") == {"type": "integer", "minimum": 0}

    def test_of_the_path_are_typed(self) -> None:
        assert parameter("get", "/api/projects/{id}", "id")["type"] == "integer"
        assert parameter("get", "/api/assets/{uuid}", "uuid")["format"] == "uuid"

    def test_the_answers_media_type_is_picked_with_scheme_and_never_with_format(self) -> None:
        assert parameter("get", "/api/projects", "scheme")["enum"] == ["json", "vnd.cvat+json"]
        names = {resolved(it)["name"] for it in operation("get", "/api/projects")["parameters"]}
        assert "format" not in names

    def test_the_organization_is_named_where_it_means_something(self) -> None:
        def names(method: str, path: str) -> set[str]:
            return {resolved(it)["name"] for it in operation(method, path).get("parameters", [])}

        assert {"X-Organization", "org", "org_id"} <= names("get", "/api/tasks")
        assert not {"X-Organization", "org", "org_id"} & names("post", "/api/auth/login")


class TestFailures:
    def test_are_told_by_status_with_their_bodies(self) -> None:
        told = operation("post", "/api/projects")["responses"]
        assert {"400", "401", "403", "404", "415"} <= set(told)
        detail = resolved(told["401"])["content"]["application/json"]["schema"]
        assert resolved(detail)["properties"] == {"detail": {"type": "string"}}

    def test_are_only_those_that_can_be(self) -> None:
        assert not {"401", "403", "415"} & set(operation("get", "/api/server/about")["responses"])
        assert "415" not in operation("get", "/api/projects")["responses"]
        assert "409" not in operation("get", "/api/projects/{id}")["responses"]

    def test_the_same_operation_twice_answers_with_its_id(self) -> None:
        told = operation("post", "/api/projects/{id}/backup/export")["responses"]["409"]
        assert told["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/RqId"}

    def test_plain_words_stand_beside_json(self) -> None:
        told = operation("get", "/api/requests/{key}")["responses"]["404"]["content"]
        assert set(told) == {"application/vnd.cvat+json", "application/json", "text/plain"}


class TestSecurity:
    def test_all_four_ways_to_say_who_asks_are_told(self) -> None:
        schemes = document()["components"]["securitySchemes"]
        named = {name for way in operation("get", "/api/projects")["security"] for name in way}
        assert named == {"tokenAuth", "accessTokenAuth", "sessionAuth", "csrfHeaderAuth", "basicAuth"}
        assert named == set(schemes)

    def test_strangers_are_told_where_they_may_ask(self) -> None:
        assert {} in operation("get", "/api/server/about")["security"]
        assert {} not in operation("get", "/api/projects")["security"]


class TestServing:
    @pytest.mark.parametrize(
        ("query", "accept", "kind"),
        [
            ("", "*/*", "application/vnd.oai.openapi"),
            ("", "application/yaml", "application/yaml"),
            ("", "application/json", "application/json"),
            ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
            ("?scheme=json", "*/*", "application/vnd.oai.openapi+json"),
            ("?scheme=yaml&lang=de", "application/json", "application/vnd.oai.openapi"),
        ],
    )
    def test_is_yaml_or_json_as_asked(self, db: None, query: str, accept: str, kind: str) -> None:
        answer = Client().get(f"/api/schema/{query}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer["Content-Type"].partition(";")[0] == kind
        told = answer.json() if kind.endswith("json") else yaml.safe_load(answer.content)
        assert told == document()

    def test_another_scheme_is_not_found(self, db: None) -> None:
        assert Client().get("/api/schema/?scheme=xml").status_code == 404

    def test_wrong_credentials_do_not_matter(self, alice: User) -> None:
        assert Client().get("/api/schema/", headers={"Authorization": "Token wrong"}).status_code == 200
