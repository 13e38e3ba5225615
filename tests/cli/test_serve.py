"""`labelkeep serve`: real processes on a free port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.support.server import LABELKEEP, Server, environment_for, running_server, until


def health(server: Server) -> dict[str, Any]:
    answer = urllib3.request("GET", f"{server.url}/health", retries=False, timeout=5.0)
    return {"code": answer.status, **answer.json()}


def is_well(server: Server) -> bool:
    try:
        return bool(health(server)["code"] == 200)
    except urllib3.exceptions.HTTPError:
        return False


def children(pid: int) -> set[int]:
    """Processes below this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found | {below for child in found for below in children(child)}


def serving(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected not to start."""
    return subprocess.run(
        [*LABELKEEP, "serve", *arguments], env=environment, capture_output=True, text=True, timeout=60
    )


def test_it_says_where_it_is_answers_and_stops_cleanly() -> None:
    with running_server(user="") as server:
        until(lambda: is_well(server), what="health")
        assert health(server) == {"code": 200, "status": "ok", "database": "ok", "store": "ok", "workers": "ok"}
        below = children(server.pid)
        assert len(below) == 4  # granian and the application, two workers
        assert server.stop(signal.SIGINT) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in below)
        assert "Traceback" not in server.log.read_text()


def test_the_first_start_says_how_to_make_a_user_and_makes_none(tmp_path: Path) -> None:
    with running_server(data_dir=tmp_path / "data", user="") as server:
        until(lambda: len(server.printed) >= 6)
        told = "".join(server.printed)
    assert f"LABELKEEP_DATA_DIR={tmp_path / 'data'} labelkeep user add NAME --admin" in told
    users = subprocess.run(
        [*LABELKEEP, "user", "list", "--json"], env=environment_for(tmp_path / "data"), capture_output=True, check=True
    )
    assert json.loads(users.stdout) == []


def test_with_users_there_is_nothing_to_explain() -> None:
    with running_server() as server:
        until(lambda: is_well(server))
        assert "user add" not in "".join(server.printed)


def test_a_second_server_on_the_same_data_directory_is_refused() -> None:
    with running_server(user="") as server:
        refused = serving("--port", "0", **environment_for(server.data_dir))
        assert refused.returncode == 5
        assert f"is in use by another Labelkeep server (process {server.pid})" in refused.stderr
        assert health(server)["database"] == "ok"


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serving("--port", str(port), **environment_for(tmp_path / "data"))
    assert refused.returncode == 5
    assert f"cannot listen on 127.0.0.1 port {port}" in refused.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    refused = serving(**environment_for(tmp_path / "data", workers="many"))
    assert refused.returncode == 2
    assert "LABELKEEP_WORKERS='many' cannot be read" in refused.stderr


def test_no_process_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    with running_server(data_dir=tmp_path / "data", user="") as server:
        below = children(server.pid)
        server.stop(signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), what="the end of the others")
    with running_server(data_dir=tmp_path / "data", user="") as server:
        until(lambda: is_well(server), what="health after the next start")


@pytest.mark.parametrize("which", ["web", "operations"])
def test_a_process_that_dies_is_started_again(which: str) -> None:
    def command(pid: int) -> str:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")

    with running_server(user="") as server:
        until(lambda: is_well(server))
        before = children(server.pid)
        victims = [pid for pid in before if f"labelkeep.server.{which}" in command(pid) or which in command(pid)]
        os.kill(max(victims), signal.SIGKILL)
        until(lambda: len(children(server.pid) - before) >= 1 and is_well(server), what="its replacement")
        assert server.process.poll() is None


def test_the_address_to_tell_people_is_told_beside_the_one_listened_on() -> None:
    with running_server(user="", public_url="https://labels.example") as server:
        until(lambda: len(server.printed) >= 2)
        assert server.url.startswith("http://127.0.0.1:")
        assert "https://labels.example" in "".join(server.printed)
