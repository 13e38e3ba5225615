"""What commands are about: a project by its name or number, or a task by its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import typer

from labelkeep.cli.session import Session
from labelkeep.errors import BadInput, Conflict, NotFound, listed

Project: TypeAlias = Annotated[str | None, typer.Argument(help="A project, by its name or number.")]
ProjectOption: TypeAlias = Annotated[str | None, typer.Option(help="A project, by its name or number.")]
Task: TypeAlias = Annotated[int | None, typer.Option(help="A task, by its number.")]


@dataclass(frozen=True)
class Target:
    """A project or task that lives."""

    kind: Literal["project", "task"]
    id: int
    name: str

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/{self.kind}s/{self.id}"

    @property
    def parameter(self) -> dict[str, int]:
        """`{"project_id": 3}`, as bodies and queries of the API name it."""
        return {f"{self.kind}_id": self.id}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def target(session: Session, project: str | None, task: int | None) -> Target:
    """The one of them that is given.

    Raises:
        BadInput: both, or neither. NotFound, Conflict: as `project_named`.
    """
    found = maybe_target(session, project, task)
    if found is None:
        raise BadInput("say which project, or --task and which task")
    return found


def maybe_target(session: Session, project: str | None, task: int | None) -> Target | None:
    """As `target`; None where neither is given."""
    if project is not None and task is not None:
        raise BadInput("say a project or a task, not both")
    if task is not None:
        return Target("task", task, session.get(f"/api/tasks/{task}")["name"])
    return None if project is None else project_named(session, project)


def project_named(session: Session, name: str) -> Target:
    """A project by its number or, exactly, its name.

    Raises:
        NotFound: there is none. Conflict: several have this name.
    """
    if name.isdecimal():
        return Target("project", int(name), session.get(f"/api/projects/{name}")["name"])
    found = list(session.rows("/api/projects", name=name))
    if not found:
        raise NotFound(f"there is no project {name!r}")
    if len(found) > 1:
        numbers = listed([project["id"] for project in found])
        raise Conflict(f"several projects are called {name!r}: say the number, one of {numbers}")
    return Target("project", found[0]["id"], found[0]["name"])
