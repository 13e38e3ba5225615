"""Reading our pages as somebody does who sees them: the form, its fields with their labels, the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


@dataclass
class Page:
    """What an answer shows."""

    status: int
    headers: dict[str, str]
    title: str = ""
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)  # name → value
    labels: dict[str, str] = field(default_factory=dict)  # name → label
    buttons: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)


def opened(client: Client, path: str) -> Page:
    """A page."""
    return _read(client.get(path))


def sent(client: Client, path: str, button: str = "", **typed: str) -> Page:
    """What comes when the form of a page is filled in and sent."""
    fields = opened(client, path).fields | typed | ({button: ""} if button else {})
    return _read(client.post(path, fields))


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._inside: list[str] = []
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.page.tags.append((tag, found))
        if tag == "input":
            name = found.get("name") or ""
            self.page.fields[name] = found.get("value") or ""
            if "label" in self._inside:
                self.page.labels[name] = self._label.strip()
        elif tag == "button":
            self.page.buttons.append(found.get("name") or "")
        if tag not in ("input", "meta", "link"):
            self._inside.append(tag)
        self._label = "" if tag == "label" else self._label

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            self.page.title += data
        elif "label" in self._inside:
            self._label += data
        self.page.text = f"{self.page.text} {' '.join(data.split())}".strip()


def _read(response: Any) -> Page:
    page = Page(response.status_code, dict(response.items()))
    _Reader(page).feed(response.content.decode())
    return page
