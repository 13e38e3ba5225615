"""A server whose rows are in PostgreSQL: the life of a project, and connections that the database ends."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cvat_sdk import Client, make_client
from cvat_sdk.core.proxies.tasks import ResourceType

from tests.support import media
from tests.support.postgresql import Postgresql
from tests.support.server import LABELKEEP, Server, environment_for, running_server, until


@pytest.fixture(scope="module")
def address(postgresql: Postgresql) -> str:
    """An empty database."""
    return postgresql.new_database()


@pytest.fixture(scope="module")
def server(address: str) -> Iterator[Server]:
    with running_server(database_url=address) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with make_client(server.url, credentials=(server.user, server.password)) as logged_in:
        logged_in.config.status_check_period = 0.1
        yield logged_in


def labelkeep(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LABELKEEP, *arguments], env=environment_for(data_dir, **settings), capture_output=True, text=True, timeout=60
    )


def health(server: Server) -> dict[str, str]:
    with urllib.request.urlopen(f"{server.url}/health", timeout=10) as answer:
        return json.loads(answer.read())  # type: ignore[no-any-return]


def test_a_project_is_made_backed_up_deleted_and_restored(client: Client, tmp_path: Path) -> None:
    project = client.projects.create({"name": "kept", "labels": [{"name": "car"}]})
    pictures = [tmp_path / f"{number}.png" for number in range(3)]
    for path, data in zip(pictures, media.png_bytes(3), strict=True):
        path.write_bytes(data)
    task = client.tasks.create_from_data(
        {"name": "street", "project_id": project.id}, resource_type=ResourceType.LOCAL, resources=pictures
    )
    (label,) = project.get_labels()
    shape = {"type": "rectangle", "frame": 1, "label_id": label.id, "points": [1.0, 2.0, 3.0, 4.5]}
    task.set_annotations({"shapes": [shape]})
    archive = tmp_path / "project.zip"
    project.download_backup(archive)
    project.remove()
    assert client.projects.list() == []
    restored = client.projects.create_from_backup(archive)
    (again,) = restored.get_tasks()
    assert (restored.name, again.name, again.size) == ("kept", "street", 3)
    assert [(it.frame, it.points) for it in again.get_annotations().shapes] == [(1, [1.0, 2.0, 3.0, 4.5])]


def test_the_data_directory_holds_the_store_and_no_database(server: Server) -> None:
    names = {path.name for path in server.data_dir.iterdir()}
    assert {"store", "secret.key", "data-directory.json"} <= names
    assert not [name for name in names if "sqlite" in name]


def test_it_goes_on_when_the_database_has_ended_all_connections(
    server: Server, client: Client, postgresql: Postgresql, address: str, tmp_path: Path
) -> None:
    name = address.rpartition("/")[2].partition("?")[0]
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    project = client.projects.create({"name": "after", "labels": [{"name": "car"}]})
    postgresql.execute(kill)
    assert client.projects.retrieve(project.id).name == "after"
    assert health(server)["database"] == "ok"
    postgresql.execute(kill)
    project.download_backup(tmp_path / "after.zip")  # the workers too
    until(lambda: health(server)["status"] == "ok", what="being well")


def test_commands_use_the_same_database_from_any_directory(server: Server, address: str, tmp_path: Path) -> None:
    done = labelkeep(tmp_path / "other", "user", "list", database_url=address)
    assert done.returncode == 0, done.stderr
    assert server.user in done.stdout


def test_a_database_that_does_not_answer_is_said_so_without_its_password(tmp_path: Path) -> None:
    address = f"postgresql://ann:secret@/labels?host={tmp_path}"
    for command in (("user", "list"), ("serve", "--port", "0")):
        done = labelkeep(tmp_path / "data", *command, database_url=address)
        assert done.returncode == 6, done.stderr
        assert "LABELKEEP_DATABASE_URL: connection" in done.stderr
        assert "secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
