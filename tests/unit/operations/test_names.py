"""Names of workers say who is certainly dead when one starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelkeep.operations.names import Served, parse, place_of


def test_a_name_is_read_as_it_was_written() -> None:
    assert str(Served("ab12", 2, 7)) == "serve:ab12:2:7"
    assert parse("serve:ab12:2:7") == Served("ab12", 2, 7)


@pytest.mark.parametrize("name", ["manual:host:77", "in-process", ""])
def test_other_workers_follow_nobody(name: str) -> None:
    assert parse(name) is None


def test_slots_and_runs_do_not_begin_like_others() -> None:
    assert not str(Served("ab", 12, 1)).startswith(Served("ab", 1, 1).of_this_slot)
    assert not str(Served("abc", 1, 1)).startswith(Served("ab", 1, 1).of_this_run)


def test_runs_of_one_server_have_its_place_in_common_and_others_have_another() -> None:
    here, there = place_of(Path("/srv/one")), place_of(Path("/srv/two"))
    assert here != there
    assert Served(f"{here}-ab", 1, 1).of_this_place == Served(f"{here}-cd", 2, 3).of_this_place
    assert not str(Served(f"{there}-ab", 1, 1)).startswith(Served(f"{here}-ab", 1, 1).of_this_place)
