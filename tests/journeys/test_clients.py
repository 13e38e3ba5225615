"""The stock clients 2.80 and 2.15, each as it is installed, against a real server: every call but data sets and clouds.

What they see is the same, so it is stated once; where it differs, both are stated. `clients/topics.py` does it, inside
each environment, and what only the newer one has is asserted there.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support import media
from tests.support.hosts import host, sends
from tests.support.server import Server, running_server

ROOT = Path(__file__).parent.parent.parent
TOPICS = Path(__file__).parent / "clients" / "topics.py"
VERSIONS = ("2.80", "2.15")
QUICK = ("--completion_verification_period", "0.1")

Told = dict[str, dict[str, Any]]
Cli = Callable[..., str]


def program(version: str, name: str) -> Path:
    """A program of a client's environment, which `make setup` makes."""
    return ROOT / ".venv" / "clients" / version / "bin" / name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that shares a folder and may fetch from this machine."""
    share = tmp_path_factory.mktemp("share")
    media.tree(share, {"set/a.png": media.image_bytes(7), "set/b.png": media.image_bytes(8)})
    with running_server(share_dir=share, allow_private_addresses="127.0.0.0/8") as running:
        yield running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a picture can be fetched from."""
    with host({"/far.png": sends(media.image_bytes(9))}) as there:
        yield there.url("/far.png")


def sent_from(folder: Path, address: str) -> Path:
    """What a user has on disk."""
    media.pictures(folder / "pictures", 5)
    media.video(folder / "clip.mp4", frames=20)
    (folder / "set.zip").write_bytes(media.zip_bytes({f"in/{n}.png": media.image_bytes(n) for n in range(3)}))
    (folder / "address").write_text(address)
    return folder


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(version: str, server: Server, address: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What this client saw."""
    folder = sent_from(tmp_path_factory.mktemp("sdk"), address)
    command = [program(version, "python"), TOPICS, server.url, server.user, server.password, server.token, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    seen: Told = json.loads(done.stdout)
    return seen


def ids(printed: str) -> list[int]:
    """The ids that `ls` lists; the older client logs to the same place."""
    return [int(line) for line in printed.splitlines() if line.isdigit()]


def tasks(printed: str) -> list[dict[str, Any]]:
    """What `ls --json` lists."""
    listed: list[dict[str, Any]] = json.loads(printed[printed.index("\n[\n") if "\n[\n" in printed else 0 :])
    return listed


def seen(told: Told, topic: str) -> dict[str, Any]:
    """What was seen of one topic; fails with the client's own traceback."""
    assert "error" not in told[topic], told[topic]["error"]
    return told[topic]


class TestSdk:
    def test_every_way_in_and_out(self, told: Told) -> None:
        assert seen(told, "logins") == {
            "password": "alice",
            "after logout": 401,
            "wrong password": 400,
            "basic": "alice",
            "personal token": "alice",
        }

    def test_what_the_server_is(self, told: Told) -> None:
        assert seen(told, "server") == {
            "version": "2.80.0",
            "name": "Labelkeep",
            "formats": [0, 0],
            "plugins": [False, False],
            "share": [["set", "DIR", "DIR"]],
            "below": ["a.png"],
            "outside": 400,
        }

    def test_who_is_there(self, told: Told) -> None:
        assert seen(told, "users") == {"listed": ["alice"], "groups": ["user"], "staff": False}

    def test_organizations_are_worked_in(self, told: Told) -> None:
        assert seen(told, "organizations") == {
            "name": "The other lab",
            "inside": [True, ["of the lab"], 0],
            "own": [],
            "everywhere": ["of the lab"],
            "unknown": 404,
            "members": [["alice", "owner"]],
            "left": [0, 0],
        }

    def test_projects_are_made_and_changed(self, told: Told) -> None:
        assert seen(told, "projects") == {
            "name": "Roads",
            "owner": "alice",
            "status": "annotation",
            "bug_tracker": "https://bugs.example/1",
            "labels": [["auto", "any", 1], ["person", "rectangle", 0], ["tree", "any", 0]],
            "listed": ["Roads"],
            "preview": 404,
        }

    def test_pictures_become_a_task(self, told: Told) -> None:
        assert seen(told, "pictures_become_a_task") == {
            "task": [5, "annotation", 80],
            "frames": [f"picture_000{number}.png" for number in (2, 0, 1, 3, 4)],
            "meta": [5, 2, 0, 4, []],
            "deleted": [4],
            "jobs": [[0, 2], [2, 4]],
            "tasks of the project": ["pictures"],
            "previews": [[64, 48]] * 3,
            "status": "Finished",
            "name": "renamed",
        }

    def test_other_media_become_tasks(self, told: Told) -> None:
        assert seen(told, "other_media_become_tasks") == {
            "zip": [3, "annotation", ["in/0.png", "in/1.png", "in/2.png"], 1],
            "video": [6, "interpolation", ["clip.mp4"], 1],
            "share": [2, "annotation", ["set/a.png", "set/b.png"], 1],
            "address": [1, "annotation", ["far.png"], 1],
        }

    def test_what_cannot_be_read_is_said(self, told: Told) -> None:
        assert seen(told, "what_cannot_be_read_is_said") == {"named": True, "missing": 404, "removed": ["renamed"]}

    def test_frames_and_chunks_are_what_was_sent(self, told: Told) -> None:
        assert seen(told, "frames_and_chunks") == {
            "original": True,
            "compressed": "JPEG",
            "of a job": True,
            "files": ["frame_000000.png", "frame_000003.png", "job_2.jpg"],
            "chunk": ["000000.png", "000001.png"],
            "beyond": 404,
        }

    def test_annotations_are_set_changed_and_removed(self, told: Told) -> None:
        """Tags, shapes, tracks."""
        assert seen(told, "annotations") == {
            "set": [1, 1, 1],
            "created": [1, 3, 1],
            "updated": [3, 1],
            "removed one": [1, 2, 1],
            "of a job": [1, 0, 0],
            "job emptied": [0, 0, 0],
            "wrong": 400,
        }

    def test_jobs_move_through_their_stages(self, told: Told) -> None:
        assert seen(told, "jobs") == {
            "stage": ["validation", "completed", "alice"],
            "listed": 2,
            "labels": ["auto", "person", "tree"],
            "frames": [3, 3],
            "project": "validation",
            "task": "validation",
        }

    def test_issues_are_raised_and_talked_about(self, told: Told) -> None:
        assert seen(told, "issues") == {
            "of the job": [[2, True]],
            "comments": ["because of that", "why?"],
            "listed": [1, 2],
            "left": [0, 0],
        }

    def test_calls_without_a_proxy_work_too(self, told: Told) -> None:
        assert seen(told, "what_has_no_proxy") == {
            "guide": ["Look twice.", True],
            "label": [["bush", "#00ff00"]],
            "truth": ["ground_truth", 2, 0, 4],
            "jobs": 2,
        }

    def test_backups_are_saved_and_restored(self, told: Told, version: str) -> None:
        """The older client polls the address that it sent the archive to, the newer one asks for the request."""
        said = "task.json: neither task.json nor project.json is in the archive"
        assert seen(told, "backups") == {
            "project": ["Roads", "renamed", 5, True],
            "task": ["renamed", 5, None, True],
            "frame": True,
            "refused": said if version == "2.80" else 400,
            "left": [0, 0],
        }


class TestCommandLine:
    @pytest.fixture(scope="class")
    def cli(self, version: str, server: Server) -> Cli:
        """`cvat-cli` of this version; returns what it printed."""
        where, port = server.url.rsplit(":", 1)
        environment = {**os.environ, "PASS": server.password, "HOME": str(server.data_dir)}

        def run(*arguments: object, options: tuple[str, ...] = (), cwd: Path | None = None) -> str:
            login = ["--server-host", where, "--server-port", port, "--auth", server.user, *options]
            command = [program(version, "cvat-cli"), *login, *map(str, arguments)]
            done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        return run

    def test_a_task_is_made_saved_lost_and_restored(self, cli: Cli, tmp_path: Path) -> None:
        """By the words that both know; the newer one has others for them too."""
        one, other = media.pictures(tmp_path / "pictures", 2)
        made = int(cli("create", "by hand", "local", one, other, "--labels", '[{"name": "x"}]', *QUICK).split()[-1])
        assert ids(cli("ls")) == [made]
        assert [(task["id"], task["name"]) for task in tasks(cli("ls", "--json"))] == [(made, "by hand")]
        cli("frames", made, 1, "--outdir", tmp_path / "frames", "--quality", "original")
        (frame,) = (tmp_path / "frames").iterdir()
        assert frame.name == f"task_{made}_frame_000001.png"
        archive = tmp_path / "task.zip"
        cli("export", made, archive, *QUICK)
        cli("delete", made, 999_999)
        restored = int(cli("import", archive, *QUICK).split()[-1])
        assert ids(cli("ls")) == [restored]
        cli("delete", restored)

    def test_a_task_is_made_from_an_address(self, cli: Cli, address: str) -> None:
        made = cli("create", "far", "remote", address, "--labels", '[{"name": "x"}]', *QUICK).split()[-1]
        assert [task["size"] for task in tasks(cli("ls", "--json"))] == [1]
        cli("delete", made)

    def test_an_organization_is_chosen(self, cli: Cli, crew: str, tmp_path: Path) -> None:
        (picture,) = media.pictures(tmp_path, 1)
        made = int(cli("create", "shared", "local", picture, *QUICK, options=("--org", crew)).split()[-1])
        assert ids(cli("ls", options=("--org", crew))) == [made]
        assert ids(cli("ls", options=("--org", ""))) == []
        cli("delete", made)

    @pytest.fixture
    def crew(self, server: Server) -> Iterator[str]:
        """An organization for the length of a test."""
        headers = {"Authorization": f"Bearer {server.token}"}
        made = urllib3.request("POST", f"{server.url}/api/organizations", json={"slug": "crew"}, headers=headers).json()
        yield "crew"
        urllib3.request("DELETE", f"{server.url}/api/organizations/{made['id']}", headers=headers)

    def test_a_personal_token_is_enough_for_the_newer_one(self, server: Server, version: str) -> None:
        if version != "2.80":
            return
        environment = {**os.environ, "CVAT_ACCESS_TOKEN": server.token, "HOME": str(server.data_dir)}
        command = [program(version, "cvat-cli"), "--server-host", server.url, "project", "ls", "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr
