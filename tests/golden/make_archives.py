"""Makes the golden archives of the present format: `python -m tests.golden.make_archives FOLDER`.

Run once for each format version, when it is new; the result is kept for ever (invariant 11) and never made again.
Beside each archive lies what the API said of the original.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.api import Client

KINDS = (
    *("project_of_images", "guide_with_assets", "issues_stages_and_people", "attributes_and_groups", "skeletons"),
    *("every_shape", "tracks", "ground_truth", "honeypots", "replicas", "random_order_with_a_range", "video"),
    *("point_clouds", "related_images", "jobs_given_file_by_file", "start_stop_and_step"),
)


def told(client: Client, kind: str, id: int) -> Any:
    """What the API says, with what our own member carries, as plain JSON."""
    from tests.support.backups import archive_order, described, said

    found = described(client, kind, id)
    jobs = said(client, f"/api/jobs?{kind[:-1]}_id={id}&page_size=1000&sort=id")["results"]
    found["jobs"] = [
        [job["stage"], job["state"], (job["assignee"] or {}).get("username"), job["issues"]["count"]]
        for job in sorted(jobs, key=archive_order)
    ]
    return json.loads(json.dumps(found))


def make(folder: Path) -> None:
    """Write an archive of each kind, and what it must come back as."""
    from labelkeep.accounts.models import User
    from labelkeep.projects.models import Project
    from tests.support.api import client_for
    from tests.support.backups import backed_up
    from tests.support.kinds import KINDS as MAKE

    alice, bob = (User.objects.create_user(name, f"{name}@example.com") for name in ("alice", "bob"))
    folder.mkdir(parents=True)
    for name in KINDS:
        made = MAKE[name](alice, bob)
        kind = "projects" if isinstance(made, Project) else "tasks"
        (folder / f"{name}.{kind}.zip").write_bytes(backed_up(client_for(alice), kind, made.pk))
        expected = json.dumps(told(client_for(alice), kind, made.pk), indent=1, ensure_ascii=False)
        (folder / f"{name}.{kind}.expected.json").write_text(f"{expected}\n")


def main() -> None:
    """Make them on a server of their own."""
    with tempfile.TemporaryDirectory() as data_dir:
        os.environ |= {"LABELKEEP_DATA_DIR": data_dir, "DJANGO_SETTINGS_MODULE": "labelkeep.server.settings"}
        import django
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        from labelkeep import clock
        from labelkeep.server.migrate import prepare

        prepare(Path(data_dir), clock.now())
        make(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
