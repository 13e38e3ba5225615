"""docs/reference/api-coverage.md tells the truth: each route of the client's schema is listed, and is there or not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import cvat_sdk.api_client.api as client_api
import pytest
from django.urls import Resolver404, resolve

PAGE = Path(__file__).parents[2] / "docs/reference/api-coverage.md"
ROW = re.compile(
    r"^\| `(?P<method>[A-Z]+) (?P<path>/\S+)` \| (?P<state>same|partial|absent|own) \| (?P<note>.*) \|$", re.MULTILINE
)
ROWS = [match.groupdict() for match in ROW.finditer(PAGE.read_text())]


def client_routes() -> set[tuple[str, str]]:
    """Every (method, path) that the installed SDK can call."""
    routes: set[tuple[str, str]] = set()
    for file in Path(client_api.__file__).parent.glob("*_api.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Dict):
                pairs = {
                    key.value: value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
                if "endpoint_path" in pairs:
                    routes.add((ast.literal_eval(pairs["http_method"]), ast.literal_eval(pairs["endpoint_path"])))
    return routes


def is_there(method: str, path: str) -> bool:
    """Whether a view answers this method on this path."""
    concrete = re.sub(r"\{\w+\}", "1", path).rstrip("/")
    for candidate in (concrete, re.sub(r"/1(?=/|$)", "/00000000-0000-0000-0000-000000000000", concrete)):
        try:
            view = resolve(candidate).func
        except Resolver404:
            continue
        return hasattr(getattr(view, "view_class", None) or view.cls, method.lower())
    return False


def test_every_route_of_the_client_is_listed() -> None:
    listed = {(row["method"], row["path"]) for row in ROWS}
    assert client_routes() - listed == set()


def test_no_route_is_listed_twice() -> None:
    keys = [(row["method"], row["path"]) for row in ROWS]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['method']} {row['path']}")
def test_what_is_called_absent_is_absent_and_the_rest_is_there(row: dict[str, str]) -> None:
    assert is_there(row["method"], row["path"]) == (row["state"] != "absent")


@pytest.mark.parametrize("row", [row for row in ROWS if row["state"] == "partial"], ids=lambda row: row["path"])
def test_what_is_partial_says_what_is_missing(row: dict[str, str]) -> None:
    assert row["note"].strip()
