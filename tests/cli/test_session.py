"""The ways in: a server by its address and a token, a data directory beside a server, one without."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.cli import Terminal, a_data_directory, labelkeep
from tests.support.server import Server, running_server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """On a data directory with an admin alice and her project cats."""
    data_dir = a_data_directory(tmp_path_factory.mktemp("served"))
    with running_server(data_dir=data_dir, user="") as server:
        server.token = labelkeep(data_dir, "token", "add", "alice").stdout.split()[-1]
        yield server


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory without a server, with an admin and a project."""
    return a_data_directory(tmp_path_factory.mktemp("alone"))


class TestToAServer:
    def far(self, server: Server, tmp_path: Path, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
        return labelkeep(tmp_path / "nothing", *arguments, **{"server": server.url, "token": server.token, **more})

    def test_every_step_works_by_address_and_token_alone(self, server: Server, tmp_path: Path) -> None:
        made = self.far(server, tmp_path, "backup", "cats", "--json")
        assert made.returncode == 0, made.stderr
        backup = json.loads(made.stdout)["id"]
        assert backup in self.far(server, tmp_path, "backups", "list").stdout
        assert self.far(server, tmp_path, "backups", "download", backup, str(tmp_path / "cats.zip")).returncode == 0
        assert (tmp_path / "cats.zip").stat().st_size > 0
        assert "Restored project lions" in self.far(server, tmp_path, "restore", backup, "--name", "lions").stdout
        assert self.far(server, tmp_path, "forget", backup, "--yes").returncode == 0
        assert not (tmp_path / "nothing").exists()

    def test_the_token_may_lie_in_a_file(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(server.token + "\n")
        done = labelkeep(tmp_path, "requests", "list", "--server", server.url, "--token-file", str(tmp_path / "token"))
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("arguments", "settings", "code", "said"),
        [
            ([], {"token": "wrong"}, 3, "Invalid token."),
            ([], {"token": ""}, 2, "LABELKEEP_TOKEN"),
            (["--token-file", "/nowhere"], {}, 2, "/nowhere cannot be read"),
            (["--as", "alice"], {}, 2, "--data-dir and --as"),
            (["--server", "http://127.0.0.1:9"], {}, 6, "does not answer"),
            (["--server", "example.org"], {}, 2, "no address of a server"),
            (["--org", "nobody"], {}, 4, "nobody organization does not exist"),
        ],
    )
    def test_says_why_it_cannot(
        self, server: Server, tmp_path: Path, arguments: list[str], settings: dict[str, str], code: int, said: str
    ) -> None:
        refused = self.far(server, tmp_path, "backups", "list", *arguments, **settings)
        assert (refused.returncode, refused.stdout) == (code, "")
        assert refused.stderr.startswith("labelkeep: ")
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


class TestInADataDirectory:
    def test_beside_a_server_its_workers_do_the_work(self, server: Server) -> None:
        done = labelkeep(server.data_dir, "backup", "cats")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert not (server.data_dir / "commands.log").exists()

    def test_without_a_server_a_process_does_it_and_ends(self, alone: Path) -> None:
        done = labelkeep(alone, "backup", "cats")
        assert (done.returncode, done.stderr) == (0, "")
        assert (alone / "commands.log").exists()
        until(lambda: not carriers(alone), what="the end of the process")

    def test_it_is_done_too_when_nobody_waits(self, alone: Path) -> None:
        key = json.loads(labelkeep(alone, "backup", "cats", "--no-wait", "--json").stdout)["rq_id"]

        def finished() -> bool:
            return bool(json.loads(labelkeep(alone, "requests", "show", key, "--json").stdout)["status"] == "finished")

        until(finished, what="the end of the backup")

    def test_nobody_acts_where_there_is_no_admin(self, tmp_path: Path) -> None:
        refused = labelkeep(tmp_path / "data", "backups", "list")
        assert refused.returncode == 4
        assert "labelkeep user add NAME --admin" in refused.stderr
        assert labelkeep(tmp_path / "data", "backups", "list", "--as", "nobody").returncode == 4


class TestCtrlC:
    def test_stops_the_looking_on_and_not_the_work(self, server: Server, tmp_path: Path) -> None:
        environment = {"LABELKEEP_SERVER": server.url, "LABELKEEP_TOKEN": server.token}
        with _held(workers_of(server)):
            terminal = Terminal("backup", "cats", **environment)
            terminal.see(b"waiting, number 1")
            os.kill(terminal.child, signal.SIGINT)
            assert terminal.end() == 130
            told = terminal.seen.decode().split("labelkeep: ")[-1]
            assert told.startswith("stopped looking; the backup of project cats goes on.")
            command = shlex.split(told)[-5:]
            assert command[:4] == ["requests", "show", "--server", server.url]
            assert "queued" in labelkeep(tmp_path, *command, token=server.token).stdout
        waited = labelkeep(tmp_path, "requests", "wait", command[-1], server=server.url, token=server.token)
        assert waited.stdout == "Finished\n", waited.stderr

    def test_leaves_the_process_that_works_where_there_is_no_server(self, alone: Path) -> None:
        until(lambda: not carriers(alone), what="the end of earlier work")
        terminal = Terminal("backup", "cats", LABELKEEP_DATA_DIR=str(alone))
        until(lambda: carriers(alone), what="the process that works")
        working = carriers(alone)
        os.kill(terminal.child, signal.SIGINT)
        assert terminal.end() in (0, 130)  # it may have been done by then
        assert all(os.getsid(pid) == pid for pid in working & carriers(alone))  # none of the terminal's
        until(lambda: not carriers(alone), what="the end of the work")
        shown = labelkeep(alone, "requests", "list", "--json").stdout.splitlines()
        assert {json.loads(line)["status"] for line in shown} == {"finished"}


@contextmanager
def _held(processes: set[int]) -> Iterator[None]:
    """Within the block they stand still."""
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def workers_of(server: Server) -> set[int]:
    """The server's processes that carry operations out."""
    return processes(b"labelkeep.operations", server.data_dir)


def carriers(data_dir: Path) -> set[int]:
    """Processes that carry out what commands on this directory have queued."""
    return processes(b"labelkeep.cli.carrier", data_dir)


def processes(module: bytes, data_dir: Path) -> set[int]:
    """Processes that run this module for this directory."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().split(b"\0")
            if module in command and str(data_dir).encode() in (path / "environ").read_bytes():
                found.add(int(path.name))
        except OSError:
            continue
    return found
