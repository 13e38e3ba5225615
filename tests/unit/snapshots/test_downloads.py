"""Names and ranges of downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory

from labelkeep.api import downloads

DATA = bytes(range(100))


def ask(**headers: str) -> Any:
    def stream(start: int, stop: int) -> Iterator[bytes]:
        yield DATA[start:stop]

    return downloads.answer(
        RequestFactory().get("/", headers=headers),  # type: ignore[arg-type]
        size=len(DATA),
        etag='"tag"',
        stream=stream,
        filename="a.zip",
        media_type="application/zip",
    )


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("10-", 10, 100), ("-5", 95, 100), ("90-1000", 90, 100), ("-1000", 0, 100), ("0-99", 0, 100)],
)
def test_a_range_is_given(asked: str, start: int, stop: int) -> None:
    answer = ask(Range=f"bytes={asked}")
    assert answer.status_code == 206
    assert b"".join(answer.streaming_content) == DATA[start:stop]
    assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/100"


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=x-", "bytes=1-2x", ""])
def test_what_is_no_range_gets_the_whole(asked: str) -> None:
    answer = ask(Range=asked)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == DATA


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(asked: str) -> None:
    answer = ask(Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == "bytes */100"


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("task_zoo_backup_2026_01_01_00_00_00.zip", "task_zoo_backup_2026_01_01_00_00_00.zip"),
        ("task_зоо/..\\«x».zip", "task____________x_.zip"),
        (".hidden", "hidden.zip"),
        ("", "file.zip"),
        ("...", "file.zip"),
        ('a"b\r\nc.zip', "a_b__c.zip"),
        ("x" * 400 + ".zip", "x" * 250 + ".zip"),
    ],
)
def test_the_plain_name_is_one_that_the_stock_client_takes(given: str, plain: str) -> None:
    name = downloads.harmless(given)
    assert re.fullmatch(r"[A-Za-z0-9_\-. ]+", name)
    assert len(name) <= 254
    assert not name.startswith(".")
    if "зоо" not in given:
        assert name == plain
    assert "\r" not in downloads.disposition(given)
