"""The main job with the stock `cvat-cli`: make, back up, lose, restore."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from cvat_sdk import Client

from tests.journeys.conftest import Cli
from tests.support import media

LABELS = [
    {"name": "car", "color": "#ff0000", "attributes": [
        {"name": "parked", "mutable": True, "input_type": "checkbox", "default_value": "false", "values": ["false"]},
    ]},
    {"name": "pedestrian", "color": "#00ff00", "attributes": []},
]  # fmt: skip


def test_a_project_is_made_backed_up_deleted_and_restored(cvat_cli: Cli, client: Client, tmp_path: Path) -> None:
    project_id = int(cvat_cli("project", "create", "Streets", "--labels", json.dumps(LABELS)).split()[-1])
    pictures = media.pictures(tmp_path / "pictures", 5)
    task_id = int(
        cvat_cli(
            "task", "create", "monday", "local", *pictures, "--project_id", project_id, "--segment_size", 2,
            "--completion_verification_period", 0.2,
        ).split()[-1]
    )  # fmt: skip
    assert str(task_id) in cvat_cli("task", "ls").split()
    assert json.loads(cvat_cli("project", "ls", "--json"))[0]["name"] == "Streets"

    archive = tmp_path / "streets.zip"
    cvat_cli("project", "backup", project_id, archive, "--completion_verification_period", 0.2)
    cvat_cli("project", "delete", project_id)
    assert str(project_id) not in cvat_cli("project", "ls").split()

    said = cvat_cli("project", "create-from-backup", archive, "--completion_verification_period", 0.2)
    restored = client.projects.retrieve(int(said.split()[-1]))
    assert restored.name == "Streets"
    (task,) = restored.get_tasks()
    assert task.name == "monday"
    assert sorted((job.start_frame, job.stop_frame) for job in task.get_jobs()) == [(0, 1), (2, 3), (4, 4)]
    for number, picture in enumerate(sorted(pictures)):
        assert task.get_frame(number, quality="original").read() == picture.read_bytes()


def test_a_task_is_backed_up_into_a_folder_and_restored(cvat_cli: Cli, client: Client, tmp_path: Path) -> None:
    (picture,) = media.pictures(tmp_path / "one", 1)
    said = cvat_cli("task", "create", "alone", "local", picture, "--labels", json.dumps(LABELS))
    task_id = int(said.split()[-1])
    folder = tmp_path / "backups"
    folder.mkdir()
    cvat_cli("task", "backup", task_id, cwd=folder)
    (archive,) = folder.iterdir()
    assert archive.name.startswith("task_alone_backup_")
    assert archive.suffix == ".zip"
    assert zipfile.ZipFile(archive).testzip() is None
    cvat_cli("task", "delete", task_id)
    restored = client.tasks.retrieve(int(cvat_cli("task", "create-from-backup", archive).split()[-1]))
    assert restored.size == 1
    assert [label.name for label in restored.get_labels()] == ["car", "pedestrian"]


def test_frames_are_saved_as_files(cvat_cli: Cli, tmp_path: Path) -> None:
    pictures = media.pictures(tmp_path / "pictures", 3)
    task_id = cvat_cli("task", "create", "frames", "local", *pictures, "--labels", json.dumps(LABELS)).split()[-1]
    out = tmp_path / "frames"
    out.mkdir()
    cvat_cli("task", "frames", task_id, 0, 2, "--outdir", out, "--quality", "original")
    assert len(list(out.iterdir())) == 2


def test_a_directory_tree_keeps_its_folders(cvat_cli: Cli, client: Client, tmp_path: Path) -> None:
    """The stock client cannot send a folder; it sends each file under its full path, and the tree below is kept."""
    tree = [picture for day in ("monday", "tuesday") for picture in media.pictures(tmp_path / "week" / day, 2)]
    said = cvat_cli("task", "create", "week", "local", *tree, "--labels", json.dumps(LABELS))
    frames = client.tasks.retrieve(int(said.split()[-1])).get_frames_info()
    assert [frame.name.split("/")[0] for frame in frames] == ["monday", "monday", "tuesday", "tuesday"]
