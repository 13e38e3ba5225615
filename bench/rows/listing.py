"""GET /api/projects?page_size=100 of 10,000 projects: the server's own time, without the network."""

from __future__ import annotations

from bench.files import scale
from bench.harness import Row, alternate
from bench.site import NOW, open_site


def main() -> None:
    actor = open_site()
    from django.test import Client

    from labelkeep.accounts.models import AccessToken
    from labelkeep.accounts.tokens import issue
    from labelkeep.projects.models import Project

    Project.objects.bulk_create(
        Project(name=f"project {n}", owner=actor.user, created_date=NOW, updated_date=NOW)
        for n in range(scale(10_000, 300))
    )
    _, secret = issue(actor.user, "bench", kind=AccessToken.Kind.PERSONAL, now=NOW, read_only=False)
    client = Client(headers={"Authorization": f"Token {secret}"})

    def page() -> None:
        answer = client.get("/api/projects?page_size=100")
        assert answer.status_code == 200, answer.content
        assert len(answer.content) > 10_000

    def rows() -> None:
        list(Project.objects.order_by("-id").values("id", "name", "owner__username", "assignee__username")[:100])

    ours, theirs = alternate(page, rows, 20)
    row = Row("GET projects?page_size=100 of 10,000", "≤ 15 ms", ours, theirs, "the bare query")
    row.within = min(ours) <= 0.015
    row.emit()


if __name__ == "__main__":
    main()
