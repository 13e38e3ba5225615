"""The address of a PostgreSQL database: understood, given to Django, and never shown with its password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labelkeep import configuration
from labelkeep.configuration import Configuration, masked
from labelkeep.errors import BadInput
from labelkeep.server import database
from labelkeep.server.checks import problems

NOWHERE = Path("/nowhere")


def test_without_an_address_it_is_sqlite_in_the_data_directory() -> None:
    found = database.databases("", NOWHERE)
    assert {alias: it["NAME"] for alias, it in found.items()} == dict.fromkeys(found, NOWHERE / "labelkeep.sqlite3")


def test_an_address_is_taken_apart() -> None:
    assert database.parse("postgresql://ann:p%40ss@db.example:6000/labels?sslmode=require") == {
        "NAME": "labels",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6000",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_unix_socket_is_a_folder_behind_the_question_mark() -> None:
    found = database.parse("postgresql://ann@/labels?host=/run/postgresql")
    assert (found["HOST"], found["USER"], found["OPTIONS"]) == ("/run/postgresql", "ann", {})


@pytest.mark.parametrize("alias", ["default", "capture"])
def test_what_the_address_says_to_the_server_is_kept_beside_our_own(alias: str) -> None:
    found = database.databases("postgresql://db/labels?options=-c%20work_mem%3D1MB", NOWHERE)
    assert found[alias]["OPTIONS"]["options"].endswith("-c work_mem=1MB")
    assert found[alias]["OPTIONS"]["options"].count("-c ") >= 2


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:secret@db/labels",
        "postgresql://ann:secret@db",
        "postgresql://ann:secret@db:port/labels",
        "secret",
        "postgresql://ann:secret@[db/labels",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(BadInput, match="LABELKEEP_DATABASE_URL") as refused:
        database.parse(url)
    assert "secret" not in str(refused.value)
    found = problems(configuration.read({"LABELKEEP_DATABASE_URL": url}))
    assert [sentence for sentence in found if "LABELKEEP_DATABASE_URL" in sentence and "secret" not in sentence]


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"labelkeep\[postgresql\]"):
        database.databases("postgresql://db/labels", NOWHERE)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:secret@db:6000/labels", "postgresql://ann:***@db:6000/labels"),
        ("postgresql://ann:se/cr@et@db/labels", "postgresql://ann:***@db/labels"),
        ("postgresql://ann@/labels?host=/run", "postgresql://ann@/labels?host=/run"),
        ("postgresql://db/labels?password=secret&sslmode=on", "postgresql://db/labels?password=***&sslmode=on"),
        ("secret", "***"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize("more", [{}, {"LABELKEEP_PORT": "many"}])
def test_config_check_prints_no_password(tmp_path: Path, more: dict[str, str]) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LABELKEEP_DATA_DIR": str(tmp_path), **more}
    done = subprocess.run(
        [sys.executable, "-m", "labelkeep", "config", "check", "--json"],
        env={**environment, "LABELKEEP_DATABASE_URL": "postgresql://ann:secret@db/labels"},
        capture_output=True,
        text=True,
    )
    assert "secret" not in done.stdout + done.stderr
    shown = {row["name"]: row["value"] for row in json.loads(done.stdout)["settings"]}
    assert shown[Configuration.variable("database_url")] == "postgresql://ann:***@db/labels"
