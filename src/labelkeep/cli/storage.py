"""`labelkeep storage`, `prune` and `check`: what lies in the store, whether it is whole, and what nothing needs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from labelkeep.cli.screen import printable, size
from labelkeep.cli.session import Session, Wait, Yes, with_session
from labelkeep.errors import BadInput, Partial

Reclaimable = Annotated[bool, typer.Option("--reclaimable", help="Work out how much nothing needs.")]
Projects = Annotated[bool, typer.Option("--projects", help="Work out whose it is.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")]
Grace = Annotated[float, typer.Option("--grace-hours", help="Less than 24 only where nobody works on the server.")]
Force = Annotated[bool, typer.Option("--force", help="Also where a document is lost, with what it named.")]
One = Annotated[str, typer.Argument(help="The id of a backup; without it the whole store.")]
Read = Annotated[bool, typer.Option("--read-data", help="Read all of it, and not only what is due.")]


@with_session
def storage(session: Session, reclaimable: Reclaimable = False, projects: Projects = False) -> None:
    """What the store holds. For admins."""
    asked = {name: "true" for name, wanted in (("reclaimable", reclaimable), ("projects", projects)) if wanted}
    told = session.get("/api/server/storage", **asked)
    lines = [f"{name}: {_amount(told[name])}" for name in ("store", "blobs", "documents", "condemned", "uploads")]
    lines.append(f"backups: {told['backups']['count']}")
    lines.append(f"disk: {size(told['disk']['free'])} free of {size(told['disk']['total'])}")
    if told["reclaimable"] is not None:
        lines.append(f"nothing needs: {_amount(told['reclaimable'])}")
    for owner in told["projects"] or ():
        of_it = f"{size(owner['unique_bytes'])} of it alone"
        lines.append(f"{owner['kind']} {owner['name']}: {size(owner['bytes'])}, {of_it}")
    session.screen.said(printable("\n".join(lines)), told)


def _amount(value: dict[str, int]) -> str:
    return f"{value['count']}, {size(value['bytes'])}"


@with_session
def prune(
    session: Session,
    dry_run: DryRun = False,
    grace_hours: Grace = 24,
    force: Force = False,
    yes: Yes = False,
    wait: Wait = True,
) -> None:
    """Remove what nothing needs any more, a day after it was found so. For admins."""
    if grace_hours < 24 and not dry_run:
        session.screen.confirm("Prune without waiting a day? Only where nobody works on the server.", yes)
    how = {"dry_run": dry_run, "grace_hours": grace_hours, "force": force}
    result = session.follow(session.start("/api/server/prune", how), "pruning", wait=wait)
    if result is None:
        return
    unneeded = f"{result['unneeded']} contents, {size(result['unneeded_bytes'])}"
    gone = f"removed {result['removed_objects']} objects, {size(result['removed_bytes'])}"
    would = f"{result['due']} of them, {size(result['due_bytes'])}, could go now"
    session.screen.said(f"Nothing needs {unneeded}; {would if dry_run else gone}.", result)
    if result["stopped"]:
        raise Partial(f"nothing was removed: {result['findings'][0]['message']}")


@with_session
def check(session: Session, backup: One = "", read_data: Read = False, wait: Wait = True) -> None:
    """Prove that a backup is whole, or (for admins) the store. Exit code 8 where it is not."""
    if backup and ("/" in backup or len(backup) != 36):
        raise BadInput(f"{backup!r} is not the id of a backup")
    path, body = (f"/api/backups/{backup}/check", {"read": read_data})
    if not backup:
        path, body = "/api/server/check", {"read_all": read_data}
    result = session.follow(session.start(path, body), "the check", wait=wait)
    if result is not None:
        _tell(session, result)


def _tell(session: Session, result: dict[str, Any]) -> None:
    findings = result["findings"]
    said = "\n".join(_sentence(finding) for finding in findings)
    session.screen.said(printable(said) or "Whole.", result)
    if errors := [finding for finding in findings if finding["level"] == "error"]:
        raise Partial(f"{len(errors)} findings: something is lost or damaged")


def _sentence(finding: dict[str, str]) -> str:
    return f"{finding['level']}: {finding['member']}: {finding['message']}"
