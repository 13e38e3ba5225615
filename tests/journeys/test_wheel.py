"""The built wheel, installed in an empty environment outside the checkout, does the whole journey."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from cvat_sdk import make_client, models
from cvat_sdk.core.proxies.tasks import ResourceType

from tests.support import media
from tests.support.server import running_server

CHECKOUT = Path(__file__).parents[2]
WHEELS = Path(sys.prefix) / "wheels"  # laid there by `make setup`


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Path of `labelkeep` in an environment that holds the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", CHECKOUT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    pip = [folder / "env/bin/python", "-m", "pip", "install", "--quiet", "--no-index", "--find-links", WHEELS, wheel]
    subprocess.run(pip, check=True, capture_output=True, cwd=folder)
    return folder / "env/bin/labelkeep"


def test_the_wheel_backs_up_and_restores_a_task(installed: Path, tmp_path: Path) -> None:
    with (
        running_server(labelkeep=[str(installed)], cwd=tmp_path) as server,
        make_client(server.url, credentials=(server.user, server.password)) as client,
    ):
        spec = models.TaskWriteRequest(name="from the wheel", labels=[models.PatchedLabelRequest(name="x")])
        pictures = media.pictures(tmp_path / "pictures", 2)
        task = client.tasks.create_from_data(spec, pictures, resource_type=ResourceType.LOCAL, status_check_period=0.1)
        task.download_backup(tmp_path / "task.zip", status_check_period=0.1)
        task.remove()
        restored = client.tasks.create_from_backup(tmp_path / "task.zip", status_check_period=0.1)
        assert restored.get_frame(1, quality="original").read() == pictures[1].read_bytes()
