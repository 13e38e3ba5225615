"""What people see of sizes, moments, durations and names (cli/screen.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from labelkeep.cli import screen
from labelkeep.cli.screen import Screen
from labelkeep.errors import BadInput


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, ""), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (150 * 1024, "150 KiB"), (5 * 2**30, "5.0 GiB")],
)
def test_sizes_are_short(count: int | None, shown: str) -> None:
    assert screen.size(count) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0 s"), (61.4, "1 min 1 s"), (7325, "2 h 2 min")])
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert screen.duration(seconds) == shown


def test_moments_are_those_of_the_readers_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert screen.moment("2026-07-01T10:30:00.000000Z") == "2026-07-01 12:30"
        assert screen.moment(None) == ""
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (False, ""),
        (True, "yes"),
        (0, "0"),
        (["a", 2], "a, 2"),
        ({"tasks": 2, "note": ""}, "tasks 2"),
        ("a\x1b[31mb\r", "a�[31mb�"),
        ("漢字 ü", "漢字 ü"),
    ],
)
def test_values_are_words_that_only_print(value: object, shown: str) -> None:
    assert screen.text_of(value) == shown


def test_a_column_reaches_into_objects(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"owner": {"username": "[bold]alice"}, "size": 1}, {"owner": None, "size": 2}]
    Screen().rows(rows, {"who": "owner.username", "twice": lambda row: row["size"] * 2})
    heads, *lines = capsys.readouterr().out.splitlines()
    assert heads.split() == ["who", "twice"]
    assert [line.split() for line in lines] == [["[bold]alice", "2"], ["4"]]


def test_an_empty_list_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().rows([], {"id": "id"})
    assert capsys.readouterr().out == ""


def test_json_is_an_object_a_line_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def endless() -> Iterator[dict[str, str]]:
        yield {"name": "ü"}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Screen(as_json=True).rows(endless(), {})
    assert json.loads(capsys.readouterr().out) == {"name": "ü"}


def test_with_json_sentences_stay_unsaid(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=True).said("Done")
    Screen(as_json=True).warn("careful")
    out, complaints = capsys.readouterr()
    assert (out, complaints) == ("", "labelkeep: careful\n")


def test_nobody_to_answer_is_no_yes() -> None:
    Screen().confirm("Really?", True)
    with pytest.raises(BadInput, match="--yes"):
        Screen().confirm("Really?", False)


def test_what_harms_nothing_is_asked_of_people_only() -> None:
    Screen().offer("Make it?", False)
