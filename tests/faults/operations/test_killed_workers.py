"""Real worker processes, killed: whatever was queued ends, once in effect, and nothing is left behind (invariant 8)."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import LABELKEEP, environment_for, until

WORKERS = (sys.executable, "-m", "tests.support.workers")
REPOSITORY = Path(__file__).parents[3]


class Place:
    """A prepared data directory, what is queued in it, and the processes that work on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = environment_for(data_dir)

    def run(self, *command: str, patience: float = 120) -> str:
        done = subprocess.run(
            command, env=self.environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=patience
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def queue(self, kind: str, **params: Any) -> str:
        return self.run(*WORKERS, "queue", kind, json.dumps(params)).split()[-1]

    @contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.data_dir / "workers.log").open("a") as log:
            process = subprocess.Popen([*WORKERS, *arguments], env=self.environment, cwd=REPOSITORY, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(30)

    def worker(self, name: str) -> Any:
        return self.process(name, str(os.getpid()))

    def row(self, key: str) -> dict[str, Any]:
        return self._one("SELECT * FROM operations_operation WHERE key = ?", key)

    def effect(self) -> str:
        return str(self._one("SELECT last_name FROM accounts_user WHERE username = 'worker-test'")["last_name"])

    def pid_of(self, key: str) -> int:
        """The process that has started it, once one has."""
        until(lambda: self.row(key)["status"] == "started", what="the start")
        return int(self._one("SELECT pid FROM operations_worker WHERE name = ?", self.row(key)["worker"])["pid"])

    def until(self, key: str, *wanted: str) -> dict[str, Any]:
        until(lambda: self.row(key)["status"] in wanted, what=f"{' or '.join(wanted)}")
        return self.row(key)

    def space(self) -> list[Path]:
        return list((self.data_dir / "tmp" / "operations").glob("*/*"))

    def worker_pids(self) -> set[int]:
        with closing(self._open()) as database:
            return {row["pid"] for row in database.execute("SELECT pid FROM operations_worker")}

    def execute(self, sql: str, *parameters: object) -> None:
        with closing(self._open()) as database, database:
            database.execute(sql, parameters)

    def _one(self, sql: str, *parameters: object) -> dict[str, Any]:
        with closing(self._open()) as database:
            return dict(database.execute(sql, parameters).fetchone())

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.data_dir / "labelkeep.sqlite3", timeout=20)
        database.row_factory = sqlite3.Row
        return database


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "data")
    found.run(*LABELKEEP, "user", "list")  # prepares the directory
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def sweep(place: Place, scenario: str, stride: int) -> int:
    """Returns at how many points it was killed."""
    lines = place.run(sys.executable, "-m", "tests.support.sweep", scenario, str(stride), patience=1800).splitlines()
    points = [json.loads(line) for line in lines if line.startswith('{"k"')]
    assert len(points) >= 6
    assert [point["killed"] for point in points] == [True] * (len(points) - 1) + [False]
    undisturbed = points[-1]["seen"]
    for point in points:
        assert (point["status"], point["seen"]) == ("finished", undisturbed), point
        assert (point["after"], point["left_behind"], point["workers"]) == (0, 0, 0), point
    return len(points) - 1


STRIDES = {"probe": 3, "create": 6, "export": 12, "import": 7}
OF_BACKUPS = {"backup": 11, "restore": 1, "tick": 16, "retention": 14, "prune": 12}


@pytest.mark.parametrize(("scenario", "stride"), {**STRIDES, **OF_BACKUPS}.items())
def test_killed_at_instants_all_along_the_way_nothing_is_lost_or_done_twice(
    place: Place, scenario: str, stride: int
) -> None:
    sweep(place, scenario, stride)


@pytest.mark.long
@pytest.mark.parametrize("scenario", [*STRIDES, *OF_BACKUPS])
def test_killed_at_every_single_instant_nothing_is_lost_or_done_twice(
    place: Place, scenario: str, record_property: Callable[[str, object], None]
) -> None:
    count = sweep(place, scenario, 1)
    record_property("points", f"{scenario} {count} of {count}")  # bench/long.py tells of it


def test_the_work_of_a_killed_worker_is_finished_by_another(place: Place) -> None:
    with place.process("supervise"):
        key = place.queue("export:probe", steps=20, pause=0.1)
        os.kill(place.pid_of(key), signal.SIGKILL)
        row = place.until(key, "finished", "failed")
    assert (row["status"], row["attempts"], place.effect()) == ("finished", 2, "x")
    assert place.space() == []


def test_work_that_kills_its_worker_each_time_is_given_up_with_a_reason(place: Place) -> None:
    with place.process("supervise"):
        key = place.queue("export:deadly")
        row = place.until(key, "failed", "finished")
        assert (
            row["message"] == "Given up: the worker died in each of 3 attempts. The last one was at 30%: about to die"
        )
        other = place.queue("export:probe")  # and it takes nobody else down
        assert place.until(other, "finished", "failed")["status"] == "finished"


def test_when_the_server_is_killed_its_workers_end_and_the_next_one_goes_on(place: Place) -> None:
    with place.process("supervise") as server:
        key = place.queue("export:probe", steps=20, pause=0.1)
        place.pid_of(key)
        until(lambda: len(place.worker_pids()) == 2)
        pids = place.worker_pids()
        server.kill()
        server.wait()
        until(lambda: not any(map(is_alive, pids)), patience=10, what="the end of the workers")
    with place.process("supervise"):
        row = place.until(key, "finished", "failed")
    assert (row["status"], place.effect()) == ("finished", "x")


def test_a_server_told_to_stop_puts_its_work_back_into_the_queue(place: Place) -> None:
    with place.process("supervise") as server:
        key = place.queue("export:probe", steps=200, pause=0.1)
        place.pid_of(key)
        server.terminate()
        assert server.wait(30) == 0
    row = place.row(key)
    assert (row["status"], row["attempts"], row["worker"], row["progress"]) == ("queued", 0, "", 0)
    assert (place.space(), place.worker_pids()) == ([], set())


def test_work_that_does_not_listen_is_put_back_too(place: Place) -> None:
    with place.process("supervise") as server:
        key = place.queue("export:stubborn")
        until(lambda: place.row(key)["message"] == "will not listen")
        server.terminate()
        server.wait(30)
    assert place.row(key)["status"] == "queued"
    assert place.space() == []


def test_cancelling_frees_the_space_of_work_that_does_not_listen(place: Place) -> None:
    with place.process("supervise"):
        key = place.queue("export:stubborn")
        until(lambda: place.row(key)["message"] == "will not listen")
        assert len(place.space()) == 1
        place.execute(
            "UPDATE operations_operation SET status = 'cancelled', generation = generation + 1 WHERE key = ?", key
        )
        until(lambda: not place.space(), patience=10, what="freeing the space")
        other = place.queue("export:probe")  # the worker that ended itself was replaced
        third = place.queue("export:probe")
        assert place.until(other, "finished", "failed")["status"] == "finished"
        assert place.until(third, "finished", "failed")["status"] == "finished"
    assert place.row(key)["status"] == "cancelled"


def test_progress_is_seen_while_the_work_goes_on(place: Place) -> None:
    with place.process("supervise"):
        key = place.queue("export:probe", steps=30, pause=0.1)
        seen: list[float] = []

        def ended() -> bool:
            row = place.row(key)
            seen.append(row["progress"])
            return bool(row["status"] == "finished")

        until(ended)
    assert seen == sorted(seen)
    assert len({value for value in seen if 0 < value < 1}) >= 2


@pytest.mark.long
def test_without_anybody_watching_a_lease_runs_out_and_the_work_goes_on(place: Place) -> None:
    key = place.queue("export:probe", steps=50, pause=0.1)
    with place.worker("first") as first:
        place.pid_of(key)
        first.kill()
        first.wait()
        with place.worker("second"):
            row = place.until(key, "finished", "failed")
    assert (row["status"], row["attempts"], place.effect()) == ("finished", 2, "x")


@pytest.mark.long
def test_a_worker_that_wakes_after_its_lease_publishes_nothing(place: Place) -> None:
    key = place.queue("export:probe", steps=30, pause=0.1)
    with place.worker("sleeper") as sleeper:
        place.pid_of(key)
        sleeper.send_signal(signal.SIGSTOP)
        with place.worker("second"):
            row = place.until(key, "finished", "failed")
        sleeper.send_signal(signal.SIGCONT)
        until(lambda: not place.space(), what="the sleeper's giving up")
    assert (row["status"], place.effect(), place.row(key)["generation"]) == ("finished", "x", row["generation"])
