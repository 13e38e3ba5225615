"""Pages of 100 from 10,000 projects, and of 30,000 jobs, with their counts: the server's own time, without the network.

The people are an admin, and somebody who owns some, maintains one organization and works in another.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from bench.files import scale
from bench.harness import Row, alternate
from bench.site import NOW, open_site

if TYPE_CHECKING:
    from labelkeep.accounts.models import User

BUDGET = 0.015


def main() -> None:
    owner = open_site().user
    from labelkeep.accounts.models import User
    from labelkeep.projects.models import Job, Project

    member, admin = fill(owner), User.objects.create_superuser("admin")

    def projects() -> None:
        list(Project.objects.order_by("-id").values("id", "name", "owner__username", "assignee__username")[:100])

    def jobs() -> None:
        list(Job.objects.order_by("-id").values("id", "task__name", "assignee__username")[:100])

    measure("GET projects?page_size=100 of 10,000", admin, "projects?page_size=100", projects)
    measure("the same for a member of organizations", member, "projects?page_size=100", projects)
    measure("the same, sorted by date", member, "projects?page_size=100&sort=-updated_date", projects)
    measure("GET jobs?page_size=100 of 30,000, admin", admin, "jobs?page_size=100", jobs, budget=None)
    measure("the same jobs for a member of organizations", member, "jobs?page_size=100", jobs, budget=None)


def fill(owner: User) -> User:
    """Projects, each with a task of three jobs, among 30 people and 6 organizations; returns one of the people."""
    from labelkeep.accounts.models import Membership, Organization, User
    from labelkeep.projects.models import Job, Project, Task

    chance, count, dates = random.Random(1), scale(10_000, 300), {"created_date": NOW, "updated_date": NOW}
    people = User.objects.bulk_create(User(username=f"person{n}", email=f"person{n}@example.com") for n in range(30))
    homes = Organization.objects.bulk_create(Organization(slug=f"home{n}", owner=owner, **dates) for n in range(6))
    Membership.objects.create(user=people[0], organization=homes[0], role="maintainer", joined_date=NOW)
    Membership.objects.create(user=people[0], organization=homes[1], role="worker", joined_date=NOW)

    def whose() -> dict[str, Any]:
        home, assignee = chance.choice([None, chance.choice(homes)]), chance.choice([None, chance.choice(people)])
        return {"owner": chance.choice(people), "assignee": assignee, "organization": home, **dates}

    projects = Project.objects.bulk_create((Project(name=f"project {n}", **whose()) for n in range(count)), 1000)
    tasks = Task.objects.bulk_create((Task(name="task", project=it, **whose()) for it in projects), 1000)
    several = (Job(task=it, start_frame=n, stop_frame=n, **dates) for it in tasks for n in range(3))
    Job.objects.bulk_create(several, 1000)
    return people[0]


def measure(name: str, user: User, address: str, rows: Any, budget: float | None = BUDGET) -> None:
    """One row: the page that somebody gets, beside the bare query for as many rows."""
    from django.test import Client

    from labelkeep.accounts.models import AccessToken
    from labelkeep.accounts.tokens import issue

    _, secret = issue(user, "bench", kind=AccessToken.Kind.PERSONAL, now=NOW, read_only=False)
    client = Client(headers={"Authorization": f"Token {secret}"})

    def page() -> None:
        answer = client.get(f"/api/{address}")
        assert answer.status_code == 200, answer.content
        assert len(answer.content) > 10_000

    ours, theirs = alternate(page, rows, 20)
    row = Row(name, "≤ 15 ms" if budget else "", ours, theirs, "the bare query")
    row.within = min(ours) <= budget if budget else None
    row.emit()


if __name__ == "__main__":
    main()
