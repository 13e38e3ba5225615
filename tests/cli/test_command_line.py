"""`labelkeep` as a program: help, exit codes, a fresh data directory, `config check`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.cli import Terminal

PASSWORD = "correct horse battery"


def labelkeep(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LABELKEEP_")}
    return subprocess.run(
        [sys.executable, "-m", "labelkeep", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_help_needs_nothing_heavy() -> None:
    heavy = "{'django', 'numpy', 'PIL', 'av', 'granian', 'obstore', 'rest_framework', 'rich', 'urllib3'}"
    code = f"import sys, labelkeep.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "config" in labelkeep("--help").stdout


def test_no_command_shows_the_help() -> None:
    done = labelkeep()
    assert done.returncode == 2
    assert "Usage: labelkeep" in done.stdout + done.stderr


def test_a_fresh_data_directory_is_made_by_the_first_command(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    added = labelkeep("user", "add", "danny", "--admin", "--data-dir", data, LABELKEEP_PASSWORD=PASSWORD)
    assert (added.returncode, added.stdout) == (0, "Added admin danny\n"), added.stderr
    listed = labelkeep("user", "list", LABELKEEP_DATA_DIR=data)
    assert listed.stdout == "danny  admin\n"
    token = labelkeep("token", "add", "danny", "--data-dir", data).stdout.split()[-1]
    assert len(token) == 41
    assert token.encode() not in (tmp_path / "data" / "labelkeep.sqlite3").read_bytes()


def test_a_known_failure_is_one_sentence_and_its_own_exit_code(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    refused = labelkeep("user", "add", "danny", "--data-dir", data, LABELKEEP_PASSWORD="short")
    assert refused.returncode == 2
    assert refused.stderr.startswith("labelkeep: password: This password is too short.")
    assert "Traceback" not in refused.stderr
    unknown = labelkeep("token", "add", "nobody", "--data-dir", data)
    assert (unknown.returncode, unknown.stdout) == (4, "")


def test_a_terminal_is_asked_twice_and_shows_nothing(tmp_path: Path) -> None:
    terminal = Terminal("user", "add", "danny", "--data-dir", str(tmp_path / "data"))
    terminal.answer(b"Password", PASSWORD.encode())
    terminal.answer(b"The same again", PASSWORD.encode())
    assert terminal.end() == 0, terminal.seen
    assert PASSWORD.encode() not in terminal.seen
    assert b"Added user danny" in terminal.seen


class TestConfigCheck:
    def test_shows_each_setting_and_where_it_comes_from(self, tmp_path: Path) -> None:
        done = labelkeep("config", "check", LABELKEEP_DATA_DIR=str(tmp_path), LABELKEEP_PORT="9000")
        assert done.returncode == 0, done.stderr
        lines = {line.split()[0]: line for line in done.stdout.splitlines()}
        assert lines["LABELKEEP_PORT"].endswith("9000  (environment)")
        assert lines["LABELKEEP_HOST"].endswith("127.0.0.1  (default)")
        assert done.stdout.endswith("All settings can be used.\n")

    def test_says_what_is_wrong_and_exits_with_2(self, tmp_path: Path) -> None:
        done = labelkeep("config", "check", "--data-dir", str(tmp_path), LABELKEEP_BACKUP_ROLES="everybody")
        assert done.returncode == 2
        assert "LABELKEEP_BACKUP_ROLES: 'everybody' is none of" in done.stderr

    def test_names_a_misspelt_variable(self, tmp_path: Path) -> None:
        done = labelkeep("config", "check", "--data-dir", str(tmp_path), LABELKEEP_PROT="9000")
        assert done.returncode == 2
        assert "LABELKEEP_PROT" in done.stderr

    def test_speaks_json(self, tmp_path: Path) -> None:
        done = labelkeep("config", "check", "--json", LABELKEEP_DATA_DIR=str(tmp_path), LABELKEEP_PORT="70000")
        told = json.loads(done.stdout)
        assert done.returncode == 2
        assert {"name": "LABELKEEP_PORT", "value": 70000, "source": "environment"} in told["settings"]
        assert told["problems"] == ["LABELKEEP_PORT: 70000 is not between 0 and 65535"]


def test_serve_refuses_settings_that_cannot_work(tmp_path: Path) -> None:
    done = labelkeep("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), LABELKEEP_LOG_LEVEL="LOUD")
    assert (done.returncode, done.stdout) == (2, "")
    assert "LABELKEEP_LOG_LEVEL: 'LOUD' is none of" in done.stderr
