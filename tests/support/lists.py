"""Rows for the lists of the API, written straight into the tables: what is asked about is how lists find them.

site = Site(alice, bob)
site.add(30)        # thirty of everything that is listed; Alice owns all, Bob is concerned by some
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, Invitation, Membership, Organization, Role, User
from labelkeep.operations.models import Operation, Status
from labelkeep.projects.models import Comment, Issue, Job, Label, Project, Task
from tests.support.api import organization_of
from tests.support.projects import NOW

NAMES = ("cats", "äpfel und birnen", "ёлка", "cats and dogs", "100%", "under_score")
STATUSES = ("annotation", "validation", "completed")


class Site:
    """An organization of Alice's, in which Bob is a worker, and what `add` has put there and into her sandbox."""

    def __init__(self, alice: User, bob: User) -> None:
        self.alice, self.bob, self.size = alice, bob, 0
        self.acme = organization_of(alice, worker=bob)

    def add(self, count: int) -> None:
        """That many more of everything, each a little different."""
        for number in range(self.size, self.size + count):
            task = self._project_and_task(number)
            job = self._jobs(number, task)
            self._labels(number, task)
            self._issue(number, job)
            self._people(number)
            self._request_and_token(number, task)
        self.size += count

    def _project_and_task(self, n: int) -> Task:
        shared: dict[str, Any] = {
            "owner": self.alice,
            "assignee": self.bob if n % 3 == 0 else None,
            "organization": self.acme if n % 2 else None,
            "status": STATUSES[n % 3],
            "created_date": NOW,
            "updated_date": NOW + timedelta(minutes=n // 2),
        }
        project = Project.objects.create(name=NAMES[n % 6], **shared)
        return Task.objects.create(
            project=project if n % 4 else None,
            name=NAMES[(n + 1) % 6],
            bug_tracker="" if n % 3 else f"https://bugs.example/{n % 2}",
            subset=("", "train", "val")[n % 3],
            mode=("annotation", "interpolation")[n % 2],
            dimension="3d" if n % 5 == 4 else "2d",
            media_type=("image", "video", "image", "video", "point_cloud")[n % 5],
            has_data=True,
            size=10,
            chunk_size=5,
            validation_layout={"mode": "gt_pool"} if n % 4 == 1 else None,
            **shared,
        )

    def _jobs(self, n: int, task: Task) -> Job:
        dates = {"created_date": NOW, "updated_date": NOW + timedelta(minutes=n % 4), "start_frame": 0, "stop_frame": 9}
        job = Job.objects.create(
            task=task,
            assignee=self.bob if n % 2 else None,
            stage=("annotation", "validation", "acceptance")[n % 3],
            state=("new", "in progress", "completed", "rejected")[n % 4],
            **dates,
        )
        if n % 3 == 1:
            Job.objects.create(task=task, type=Job.Type.GROUND_TRUTH, **dates)
        if n % 3 == 2:
            Job.objects.create(task=task, type=Job.Type.REPLICA, parent=job, **dates)
        return job

    def _labels(self, n: int, task: Task) -> None:
        home = {"project": task.project} if task.project else {"task": task}
        skeleton = Label.objects.create(name=NAMES[n % 6], color="#ff0000", type="skeleton", **home)
        Label.objects.create(name=f"point {n % 2}", color="#00ff00", type="points", parent=skeleton, **home)
        Label.objects.create(name=f"label {n % 4}", color=f"#00000{n % 3}", type=("any", "tag")[n % 2], **home)

    def _issue(self, n: int, job: Job) -> None:
        issue = Issue.objects.create(
            job=job,
            frame=n % 4,
            position=[1, 2],
            owner=(self.alice, self.bob, None)[n % 3],
            assignee=self.bob if n % 2 else None,
            resolved=n % 2 == 0,
            created_date=NOW,
            updated_date=NOW + timedelta(minutes=n),
        )
        Comment.objects.create(
            issue=issue, owner=(self.bob, self.alice)[n % 2], message="Look.", created_date=NOW, updated_date=NOW
        )

    def _people(self, n: int) -> None:
        user = User.objects.create(
            username=f"person{n}", email=f"person{n}@example.com", first_name=NAMES[n % 6], last_name=f"last{n % 3}",
            is_active=n % 4 != 3,
        )  # fmt: skip
        role = list(Role)[n % 3]
        membership = Membership.objects.create(user=user, organization=self.acme, role=role, joined_date=NOW)
        Invitation.objects.create(
            key=f"{n:03}" + "k" * 61, membership=membership, owner=(self.alice, self.bob, None)[n % 3],
            created_date=NOW + timedelta(minutes=n), accepted=n % 2 == 0,
        )  # fmt: skip
        other = Organization.objects.create(
            slug=f"other{n}", name=NAMES[n % 6], owner=user if n % 2 else self.alice, created_date=NOW, updated_date=NOW
        )
        Membership.objects.create(user=self.alice, organization=other, role=Role.MAINTAINER, joined_date=NOW)
        Membership.objects.create(user=self.bob, organization=other, role=Role.WORKER, joined_date=NOW)

    def _request_and_token(self, n: int, task: Task) -> None:
        now = clock.now() - timedelta(hours=1)
        for owner in (self.alice, self.bob):
            export = n % 2 == 0
            Operation.objects.create(
                key=f"action={'export' if export else 'create'}&target=task&target_id={task.pk}&user_id={owner.pk}",
                kind="export:dataset" if export else "create:task",
                action="export" if export else "create",
                target="task",
                subresource="dataset" if export else "",
                status=list(Status)[n % 5],
                params={"format": ("COCO 1.0", "YOLO 1.1")[n // 2 % 2]} if export else {},
                owner=owner,
                task_id=task.pk,
                project_id=task.project_id,
                organization_id=task.organization_id,
                created_date=now + timedelta(seconds=n),
            )
            if n < 40:  # a person may have fifty
                tokens.issue(
                    owner, NAMES[n % 6], AccessToken.Kind.PERSONAL, now + timedelta(seconds=n),
                    read_only=n % 2 == 0, expiry=clock.now() + timedelta(days=n) if n % 3 == 2 else None,
                )  # fmt: skip
